"""Reading behind what is in memory: where the reader is there, and where they will be when the first of it has come."""

from __future__ import annotations

from collections.abc import Callable

from ng_tui.client.interface import Ring
from ng_tui.errors import ConsoleError
from ng_tui.filter_text import both
from ng_tui.i18n import tr
from ng_tui.screens.events.past_window import PastWindow


class PastReader:
    """Holds the window behind memory. Knows nothing of widgets."""

    def __init__(self, ring: Ring) -> None:
        self.window: PastWindow | None = None
        """What the reader goes through; None while that is in memory."""
        self._ring = ring
        self._coming: PastWindow | None = None
        self._arrived: Callable[[bool], object] = lambda found: None

    @property
    def is_looking(self) -> bool:
        """Something is looked for, and what was shown before is shown."""
        return self._coming is not None

    @property
    def status(self) -> str:
        """What is looked for; empty when nothing is."""
        if self._coming is None:
            return ""
        return tr("looking in history, {part}%: esc ends", part=int(self._coming.examined * 100))

    def is_before(self, first_seq: int) -> bool:
        """There may be events before this place in the stream, the first in memory."""
        past = self._ring.past
        return past is not None and (past.oldest_seq is None or past.oldest_seq < first_seq)

    def look(self, filter: str, until: int | None, seq: int | None, arrived: Callable[[bool], object]) -> None:
        """Looks for what is around a place in the stream, None for the oldest, and before `until`.

        Calls `arrived` when it is there, or with False when there is nothing.
        """
        self.give_up()
        if (past := self._ring.past) is not None:
            self._coming, self._arrived = PastWindow(past, self._bounded(filter, until), seq), arrived
            self._coming.ask()

    def filter(self, filter: str, until: int | None, seq: int) -> None:
        """Goes through the events of another filter from now on."""
        self.give_up()
        if (past := self._ring.past) is not None and self.window is not None:
            self.window.give_up()
            self.window = PastWindow(past, self._bounded(filter, until), seq)

    def tick(self) -> bool:
        """Takes in what has come; True when there is something else to show. Raises ConsoleError."""
        coming = self._coming
        try:
            if coming is not None:
                coming.tick()
                if coming.is_there:
                    self._coming = None
                    if coming.events:
                        self.leave()
                        self.window = coming
                    self._arrived(coming.events > 0)
                    return True
            if self.window is None:
                return False
            came = self.window.tick()
            if self.window.is_there and not self.window.events:
                self.leave()
                self._arrived(False)
            return came
        except ConsoleError:
            self.give_up()
            if self.window is not None and not self.window.events:
                self.leave()
            raise

    def give_up(self) -> bool:
        """Looks for nothing any more; True when something was looked for."""
        was_looking = self._coming is not None
        if self._coming is not None:
            self._coming.give_up()
            self._coming = None
        return was_looking

    def leave(self) -> None:
        """The reader is in memory again."""
        self.give_up()
        if self.window is not None:
            self.window.give_up()
            self.window = None

    @staticmethod
    def _bounded(filter: str, until: int | None) -> str:
        return filter if until is None else both(filter, f"seq<{until}") or filter
