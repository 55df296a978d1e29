"""Looking for the next record that passes a filter, in slices, around the end of the stream once."""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from ng_tui.client.interface import Page, PageQuery, Past, View
from ng_tui.filter_text import both
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
    """One search under way. `first` and `end` bound the records of the view: `first <= seq < end`."""

    view: View
    filter: str
    what: str
    """How the search is named to the person."""
    forward: bool
    start: int
    """Where it began; not examined itself until the search has wrapped."""
    first: int
    end: int
    past: Past | None = None
    """Where the records before the view are; None where there are none."""
    shown: str = ""
    """The filter of the view, by which those of the past are chosen too."""
    wrapped: bool = False
    examined: int = 0
    """Turns times budget so far; a measure of progress, not a count of records."""
    pace: TimeBudget = field(default_factory=TimeBudget)
    _at: int | None = None
    _page: Future[Page] | None = None
    _from: int | None = None

    def __post_init__(self) -> None:
        """A filter in JSON cannot be put together with another: then only the view is searched."""
        if self.past is not None and both(self.shown, self.filter) is None:
            self.past = None

    def step(self) -> Literal["found", "nothing", "more"]:
        """Searches for one slice of time. After `found`, `seq` is the hit. Raises ConsoleError."""
        begin = time.perf_counter()
        while time.perf_counter() - begin < SLICE_SECONDS:
            if self.past is not None and self._is_before_view():
                if self._page is not None and not self._page.done():
                    return "more"
                answer, seq = self._look_in(self.past)
            else:
                answer, seq = self._look_in_view()
            if answer == "nothing":
                if self.wrapped:
                    return "nothing"
                self.wrapped = True
                self._at = self._beginning() if self.forward else self.end
            elif answer == "found":
                if self.wrapped and (seq > self.start if self.forward else seq < self.start):
                    return "nothing"
                self._at = seq
                return "found"
            else:
                self._at = seq
        return "more"

    def give_up(self) -> None:
        """Nothing of what was asked for is wanted any more."""
        if self._page is not None:
            self._page.cancel()

    @property
    def seq(self) -> int:
        """The record found, or where the search stands."""
        return self.start if self._at is None else self._at

    def _beginning(self) -> int:
        return -1 if self.past is not None else max(self.first - 1, 0)

    def _is_before_view(self) -> bool:
        return self.seq + 1 < self.first if self.forward else self.seq <= self.first

    def _look_in_view(self) -> tuple[str, int]:
        at, budget = self.seq, self.pace.budget
        answer, seq = self.pace.timed(partial(self.view.next_match, at, self.forward, self.filter))
        self.examined += budget
        if answer == "nothing" or (seq >= self.end if self.forward else seq < self.first):
            return ("nothing" if self.forward or self.past is None else "more"), self.first
        return answer, seq

    def _look_in(self, past: Past) -> tuple[str, int]:
        """Takes in what came of the past, or asks for it."""
        if self._page is None:
            at = self.seq + 1 if self.forward else self.seq - 1
            if at < 0:
                return "nothing", 0
            wanted, asked = both(self.shown, self.filter) or "", self._from if self._from is not None else at
            self._page = past.page(PageQuery(wanted, asked, newest_first=not self.forward, limit=1))
            return "more", self.seq
        page, self._page, self._from = self._page.result(), None, None
        self.examined += page.end - page.begin
        found = page.view.seq_at(0)
        if found is not None and found < self.first:
            return "found", found
        if self.forward:
            if found is None and page.end < self.first and not page.is_newest:
                self._from = page.end
                return "more", self.seq
            return "more", self.first - 1
        if not page.is_oldest:
            self._from = page.begin - 1
            return "more", self.seq
        return "nothing", 0
