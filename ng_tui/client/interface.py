"""What the console asks of an engine, whether it runs in this process, elsewhere, or is a recording."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from ng_tui.client.wire import Command, Frame, PatternView, RecordDetail, Role, Row, TallyView, ViewState

if TYPE_CHECKING:
    from concurrent.futures import Future


class LinkState(StrEnum):
    """How the connection to an engine stands."""

    LIVE = "live"
    """Frames come as they are made."""
    CONNECTING = "connecting"
    """The first attempt is under way."""
    WAITING = "waiting"
    """The connection was lost or refused; the next attempt comes at `retry_at`."""
    ENDED = "ended"
    """The client was closed, or a recording has come to its end."""


@dataclass(frozen=True)
class Link:
    """The connection to an engine, as the screens show it. Times are those of `time.monotonic`."""

    state: LinkState
    since: float = 0.0
    """When it came into this state."""
    retry_at: float | None = None
    """When the next attempt comes; only while waiting."""
    tries: int = 0
    """Attempts since the connection was last live."""
    why: str = ""
    """Why it is not live; not sanitised."""
    host: str = ""
    """Name of the engine's host; empty before the first greeting. Not sanitised."""
    user: str = ""
    """Who the engine takes us for; empty for nobody."""
    role: Role | None = None
    """What the engine lets us do; None where nobody is asked: embedded, or a recording."""
    rights: frozenset[str] = frozenset()
    """The rights behind the role, such as `steer`."""
    rtt_s: float | None = None
    """The latest round trip, seconds; None before the first."""
    received_bytes: int = 0
    """Bytes that came over all connections since the start."""

    def refusal(self, right: str) -> str:
        """Why an action that needs this right cannot be done now, as a stable word: `offline`, `forbidden` or empty."""
        if self.state is not LinkState.LIVE:
            return "offline"
        return "forbidden" if self.role is not None and right not in self.rights else ""


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

    def count_from(self, seq: int) -> int:
        """How many records of the ring are at or after `seq`, whatever the filter lets through."""
        ...

    def hold(self, filter: str | None = None) -> View:
        """What the view shows now, through another filter or its own, for good. Raises FilterError.

        No record is added. Those that leave the ring stay, with their details until the next `hold` or `Ring.release`.
        """
        ...

    def next_match(self, seq: int, forward: bool, filter: str, budget: int) -> tuple[str, int]:
        """The next record of the view, strictly after (or before) `seq`, that also passes `filter`.

        Returns `("found", seq)`, `("nothing", 0)`, or `("more", seq)` when the budget was spent: ask again from there.
        Raises FilterError.
        """
        ...


class Tally(Protocol):
    """How often each pattern of text and JSON occurred from a place in the stream on."""

    def advance(self, budget: int) -> bool:
        """Counts at most `budget` more records; False when there are more."""
        ...

    def view(self, most: int, at_ns: int | None = None) -> TallyView:
        """The counts as of the latest advance, at most `most` rows. The recent past ends at `at_ns`, else now."""
        ...


@dataclass(frozen=True)
class PageQuery:
    """Which events of the stream a page is to hold."""

    filter: str = ""
    from_seq: int | None = None
    """Where to begin, itself included; None is the newest event, or the oldest where that comes first."""
    newest_first: bool = False
    """Towards what is older; else towards what is newer."""
    limit: int = 200
    """Most events."""


@dataclass(frozen=True)
class Page:
    """A part of the stream: the events of it that passed the filter, oldest first."""

    ring: Ring
    """Has these events and no other."""
    view: View
    """All of them."""
    count: int
    size: int
    """Bytes that they came in."""
    begin: int
    """Of the part that was looked at, the first place in the stream; what was asked for before it was not looked at."""
    end: int
    """The first place behind it."""
    is_oldest: bool
    """There is nothing before `begin`."""
    is_newest: bool
    """There was nothing at `end` and behind it."""


class Past(Protocol):
    """All events that an engine holds, in memory and on disk, a page at a time."""

    @property
    def oldest_seq(self) -> int | None:
        """The oldest place in the stream that is held, as far as is known; None before that was ever asked."""
        ...

    def page(self, query: PageQuery) -> Future[Page]:
        """Asks for a page; the future raises ConsoleError. A long search ends early, with few events or none."""
        ...


class Ring(Protocol):
    """The ring of recent records; lives in Rust."""

    @property
    def past(self) -> Past | None:
        """Where events are that have left the ring, or were never in it; None where there are no others."""
        ...

    def view(self, filter: str) -> View:
        """A view of the records that pass `filter`; the empty filter is everything. Raises FilterError."""
        ...

    def detail(self, seq: int, neighbours: int) -> RecordDetail | None:
        """Everything about one record with its nearest neighbours; None when it has left the ring."""
        ...

    def release(self) -> None:
        """Lets go of what the latest `View.hold` keeps."""
        ...

    @property
    def run_began(self) -> int:
        """The `seq` from which on numbers of patterns are those of the present run of the engine."""
        ...

    def tally(self, from_seq: int) -> Tally:
        """Counts of the patterns of the records from `from_seq` on."""
        ...

    def template(self, source: str, pattern: int, seq: int) -> str | None:
        """The text of the pattern that a record of this source has; None when it is not known, perhaps only not yet.

        Not sanitised.
        """
        ...

    def pattern(self, source: str, pattern: int, seq: int) -> PatternView | None:
        """What the engine knows of the pattern of a record; None when nothing is known, perhaps only not yet."""
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
    def link(self) -> Link:
        """How the connection stands now."""
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
