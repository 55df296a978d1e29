"""Looking for the next record that passes a filter, in slices, around the end of the view once."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from ng_tui.client.interface import View
from ng_tui.screens.events.time_budget import SLICE_SECONDS, TimeBudget

JUMPS = {
    "error": "level>=error",
    "warning": "level:warn",
    "veto": "verdict:reject,flag",
    "anomaly": "is:alert",
}
"""What the jump keys look for."""


@dataclass
class Search:
    """One search under way. `first` and `end` bound the records that the reader can see: `first <= seq < end`."""

    view: View
    filter: str
    what: str
    """How the search is named to the person."""
    forward: bool
    start: int
    """Where it began; not examined itself until the search has wrapped."""
    first: int
    end: int
    wrapped: bool = False
    examined: int = 0
    """Turns times budget so far; a measure of progress, not a count of records."""
    pace: TimeBudget = field(default_factory=TimeBudget)
    _at: int | None = None

    def step(self) -> Literal["found", "nothing", "more"]:
        """Searches for one slice of time. After `found`, `seq` is the hit. Raises FilterError."""
        begin = time.perf_counter()
        while time.perf_counter() - begin < SLICE_SECONDS:
            at = self.start if self._at is None else self._at
            budget = self.pace.budget
            answer, seq = self.pace.timed(partial(self.view.next_match, at, self.forward, self.filter))
            self.examined += budget
            beyond = answer != "nothing" and (seq >= self.end if self.forward else seq < self.first)
            if answer == "nothing" or beyond:
                if self.wrapped:
                    return "nothing"
                self.wrapped = True
                self._at = max(self.first - 1, 0) if self.forward else self.end
            elif answer == "found":
                if self.wrapped and (seq > self.start if self.forward else seq < self.start):
                    return "nothing"
                self._at = seq
                return "found"
            else:
                self._at = seq
        return "more"

    @property
    def seq(self) -> int:
        """The record found, or where the search stands."""
        return self.start if self._at is None else self._at
