"""Which events a reader goes through: those in memory as they come, those that were held, or those of history.

What a reader looks at is held, so that it stays when it leaves the ring: while paused nothing else is shown; else from
when the top row of the screen is gone until the reader moves on behind what is held. Above what is in memory there is
history.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.notifications import SeverityLevel

from ng_tui.client.interface import Ring, View
from ng_tui.client.wire import RecordDetail, ViewState
from ng_tui.errors import ConsoleError
from ng_tui.i18n import tr
from ng_tui.screens.events.past_reader import PastReader
from ng_tui.screens.events.past_window import PastWindow
from ng_tui.screens.events.window import Window


class Windows:
    """Holds the windows. Knows nothing of widgets."""

    def __init__(self, ring: Ring, view: View) -> None:
        self.past = PastReader(ring)
        """Where the reader is in history, if there."""
        self.live = Window(view, view.advance(0), self.past.is_before)
        """What is in memory."""
        self.frozen_at: int | None = None
        """While set, records from this `seq` on are not shown."""
        self.tell: Callable[[str, SeverityLevel], object] = lambda text, severity: None
        """Handed what a person is to know of a look into history."""
        self._ring = ring
        self.filter = ""
        """As typed; what is in the windows passes it."""
        self._held: Window | None = None
        self._is_behind = False  # what is being read has left the ring, and is shown as it was held

    @property
    def shown(self) -> Window | PastWindow:
        """What the reader goes through."""
        return self.past.window or self.memory

    @property
    def memory(self) -> Window:
        """What of memory the reader goes through, or would."""
        away = self.frozen_at is not None or self._is_behind
        return self._held if self._held is not None and away else self.live

    def has(self, seq: int) -> bool:
        """The record is in the view, or is held, or is here of history."""
        return any(window is not None and window.has(seq) for window in (self.past.window, self.live, self._held))

    def detail(self, seq: int, neighbours: int) -> RecordDetail | None:
        """Everything about a record that is here; None where it is not."""
        if self.past.window is not None and self.past.window.has(seq):
            return self.past.window.detail(seq)
        return self._ring.detail(seq, neighbours)

    def may_find(self, seq: int) -> bool:
        """The record may be in history."""
        first = self.memory.state.first_seq
        return seq < first and self.past.is_before(first)

    def show(self, view: View, state: ViewState, filter: str, at: int) -> None:
        """Goes through another view, that of `filter`; in history around the place `at`."""
        self.live, self.filter = Window(view, state, self.past.is_before), filter
        if self._held is not None:
            self._held = self._held.hold(filter)
        self.past.filter(filter, self.frozen_at, at)

    def update(self, state: ViewState, seen: Callable[[], list[int]]) -> None:
        """The view was advanced. `seen` says which events are on the screen."""
        self.live.update(state)
        if self._held is not None and self.frozen_at is None and self.past.window is None:
            self._is_behind = self._is_behind or self._held.outlives(seen(), self.live)
            if self._is_behind:
                self._held.lose(self.live)

    def freeze(self) -> None:
        """Shows nothing that comes later, until `follow`."""
        if self.memory is self.live:
            self._held = self.live.hold()
        self.frozen_at = self.memory.state.next_seq

    def follow(self) -> None:
        """Goes through what is in memory as it comes."""
        self.frozen_at, self._held, self._is_behind = None, None, False
        self.past.leave()
        self._ring.release()

    def hold(self) -> None:
        """Whatever the reader looks at stays from now on."""
        if self.shown is self.live:
            self._held = self.live.hold()

    def settle(self, seq: int) -> None:
        """The reader goes to a place. One that came after the view was frozen ends the freeze."""
        if self.past.window is not None and not (self.past.window.has(seq) or self.may_find(seq)):
            self.past.leave()
        if self.frozen_at is not None and seq >= self.frozen_at:
            self.frozen_at = None
        if self.frozen_at is None and self._held is not None:
            self._is_behind = self._held.covers(seq) and (self._is_behind or not self.live.covers(seq))

    def go_on(self, arrived: Callable[[int], object]) -> bool:
        """Goes on behind what is held, in history where there is some; False where nothing follows but what is new.

        `arrived` is told the place.
        """
        if self.past.window is not None:
            return not self.past.window.is_newest
        if not self._is_behind or self._held is None:
            return False
        behind = self._held.state.next_seq
        if self.past.is_looking:
            return True
        if self.past.is_before(self.live.state.first_seq):
            return self._look(behind, lambda: arrived(behind))
        self._is_behind = False
        arrived(behind)
        return True

    def find(self, seq: int, arrived: Callable[[], object]) -> bool:
        """Calls `arrived` when a record is there, at once where it is not looked for in history; True when it is."""
        is_elsewhere = not self.has(seq) and self.may_find(seq)
        if is_elsewhere:
            self._look(seq, arrived)
        else:
            arrived()
        return is_elsewhere

    def go_back(self, arrived: Callable[[], object]) -> bool:
        """Goes on above the first row in memory; False when there is nothing, or the reader is there already."""
        if self.past.window is not None or self.past.is_looking:
            return self.past.is_looking
        memory = self.memory
        first = (memory.seq_at(memory.lead) if memory.events else None) or memory.state.first_seq
        return self.past.is_before(memory.state.first_seq) and self._look(first, arrived)

    def go_to_oldest(self, arrived: Callable[[], object]) -> bool:
        """Goes to the beginning of history; False when there is none, or the reader is there already."""
        is_there = self.past.window is not None and self.past.window.is_oldest
        return not is_there and self.past.is_before(self.memory.state.first_seq) and self._look(None, arrived)

    def _look(self, seq: int | None, arrived: Callable[[], object]) -> bool:
        """Looks in history for what is around a place, None for the oldest; what is shown stays until it is there."""

        def enter(found: bool) -> None:
            if not found:
                self.tell(tr("Nothing was found in history."), "information")
                return
            if self.frozen_at is None:
                self._held, self._is_behind = None, False
            arrived()

        self.past.look(self.filter, self.frozen_at, seq, enter)
        return True

    def tick(self) -> bool:
        """Takes in more of what is held, and what has come of history; True when there may be other rows."""
        examined = self._held is not None and self._held.examine()
        try:
            return self.past.tick() or examined
        except ConsoleError as error:
            self.tell(str(error), "error")
            return True

    def come_back(self, top: int) -> None:
        """Leaves history where memory has everything from the top row of the screen on."""
        if self.past.window is not None and self.memory.knows(top):
            self.past.leave()
