"""What the console asks of an engine, whether it runs in this process, elsewhere, or is a recording."""

from __future__ import annotations

from typing import Protocol

from ng_tui.client.wire import Command, Frame, RecordDetail, Row, ViewState


class View(Protocol):
    """The records of the ring that a filter lets through, oldest first.

    Indices are valid until the next `advance`: records that leave the ring at its old end, and older records that a
    fresh view finds later, shift them. A reader therefore remembers a `seq` and asks `index_of`.
    """

    def advance(self, budget: int) -> ViewState:
        """Examines at most `budget` more records, newest first, and returns the state of the view."""
        ...

    def rows(self, start: int, count: int) -> list[Row]:
        """Up to `count` rows from index `start` on; fewer at the end."""
        ...

    def seq_at(self, index: int) -> int | None:
        """The `seq` at an index; None past the end."""
        ...

    def index_of(self, seq: int) -> int:
        """The index of the first record of the view at or after `seq`; the length of the view when there is none."""
        ...

    def next_match(self, seq: int, forward: bool, filter: str, budget: int) -> tuple[str, int]:
        """The next record of the view, strictly after (or before) `seq`, that also passes `filter`.

        Returns `("found", seq)`, `("nothing", 0)`, or `("more", seq)` when the budget was spent: ask again from there.
        Raises FilterError.
        """
        ...


class Ring(Protocol):
    """The ring of recent records; lives in Rust."""

    def view(self, filter: str) -> View:
        """A view of the records that pass `filter`; the empty filter is everything. Raises FilterError."""
        ...

    def detail(self, seq: int, neighbours: int) -> RecordDetail | None:
        """Everything about one record with its nearest neighbours; None when it has left the ring."""
        ...

    def export(self, seq: int) -> bytes | None:
        """One record as JSON with its raw bytes untouched; None when it has left the ring."""
        ...

    def highlights(self, filter: str, text: str) -> list[tuple[int, int]]:
        """Character ranges of `text` that the words of `filter` hit. Raises FilterError."""
        ...


class EngineClient(Protocol):
    """One engine as the console sees it."""

    @property
    def label(self) -> str:
        """How the overview strip names the connection: `embedded`, or `replay NAME`."""
        ...

    @property
    def ring(self) -> Ring:
        """The ring of this engine's records."""
        ...

    def start(self) -> None:
        """Starts the engine or opens the recording. Raises ConsoleError."""
        ...

    def frames(self) -> list[Frame]:
        """Frames that arrived since the last call; never waits."""
        ...

    def send(self, command: Command) -> int:
        """Sends a command and returns its number; the answer is a later frame `result` or `error` with that number."""
        ...

    def close(self) -> None:
        """Stops the engine and its sensors; may be called twice."""
        ...
