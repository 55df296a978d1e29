"""Which records the reader looks at: the filter in use, one being tried out, and how far the ring was examined."""

from __future__ import annotations

import math
import time

from ng_tui.client.interface import Ring, View
from ng_tui.client.wire import Totals, ViewState
from ng_tui.screens.events.time_budget import TimeBudget

REST = 0.28
"""Seconds at least between two drawings of a list that runs: nobody reads faster, and every one costs."""


class ViewController:
    """Holds the views. Knows nothing of widgets."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.filter = ""
        """As typed and accepted; empty shows everything."""
        self.filter_off = ""
        """The filter that was switched off."""
        self.accepted: View = ring.view("")
        self.preview: View | None = None
        """The view of a filter that is being typed."""
        self.last: ViewState = self.accepted.advance(0)
        """The latest state of `shown`."""
        self._typed = ""
        self._pace = TimeBudget(65_536)
        self._since: Totals | None = None
        self._is_fresh = False  # since it was drawn last
        self._drawn_at = -math.inf

    @property
    def shown(self) -> View:
        """The view on the screen."""
        return self.preview or self.accepted

    @property
    def typed(self) -> str:
        """The filter of `shown`."""
        return self._typed if self.preview is not None else self.filter

    @property
    def scanned(self) -> float:
        """The part of the ring that `shown` has examined."""
        state = self.last
        size = state.next_seq - state.first_seq
        return (
            1.0
            if size <= 0
            else max(0.0, min(1.0, (state.scanned_to - max(state.scanned_from, state.first_seq)) / size))
        )

    def advance(self) -> bool:
        """Examines as much as fits in one turn; True when `shown` holds other records than before."""
        if self.preview is not None:
            self.accepted.advance(self._pace.budget)
        state = self._pace.timed(self.shown.advance)
        before, self.last = self.last, state
        changed = (state.matched, state.pruned, state.totals) != (before.matched, before.pruned, before.totals)
        self._is_fresh = changed or self._is_fresh
        return changed

    def is_due(self, *, runs: bool) -> bool:
        """Whether what changed is to be drawn in this turn. A list that `runs` rests in between."""
        now = time.monotonic()
        if not self._is_fresh or (runs and now - self._drawn_at < REST):
            return False
        self._is_fresh, self._drawn_at = False, now
        return True

    def use(self, typed: str) -> None:
        """Uses a filter. Raises FilterError, and everything stays as it is."""
        self.accepted = self.ring.view(typed)
        self.filter, self.filter_off = typed, ""
        self.preview = None
        self._fresh()

    def toggle(self) -> None:
        """Switches the filter off, or on again. Raises FilterError."""
        off = self.filter
        self.use(self.filter_off)
        self.filter_off = off

    def try_out(self, typed: str) -> None:
        """Shows a filter that is being typed. Raises FilterError, and what was shown stays."""
        self.preview = self.ring.view(typed)
        self._typed = typed
        self._fresh()

    def give_up(self) -> bool:
        """Shows the accepted filter again; True when something else was shown."""
        other = self.preview is not None
        self.preview = None
        if other:
            self._fresh()
        return other

    def news(self, following: bool) -> Totals | None:
        """What came in since the reader stopped following; None while following.

        While a fresh view still examines older records, nothing counts as new.
        """
        now = self.last.totals
        if following:
            self._since = None
            return None
        if self._since is None or self.scanned < 1.0:
            self._since = now
        before = self._since
        return Totals(
            records=now.records - before.records,
            warnings=now.warnings - before.warnings,
            errors=now.errors - before.errors,
            novel=now.novel - before.novel,
            alerts=now.alerts - before.alerts,
            flagged=now.flagged - before.flagged,
            rejected=now.rejected - before.rejected,
        )

    def _fresh(self) -> None:
        self._since = None
        self.last = self._pace.timed(self.shown.advance)
