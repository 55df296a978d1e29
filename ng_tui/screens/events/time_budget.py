"""How much work fits in one turn of the timer, so that the console never blocks: learned from how long work took."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

SLICE_SECONDS = 0.02
"""The longest that one turn may work."""


class TimeBudget:
    """A budget that is halved after a turn that took too long and doubled after a quick one."""

    def __init__(self, budget: int = 4096, *, least: int = 256, most: int = 1 << 20) -> None:
        self.budget = budget
        self._least = least
        self._most = most

    def learn(self, seconds: float) -> None:
        """Takes in how long the last turn took with the whole budget."""
        if seconds > SLICE_SECONDS:
            self.budget = max(self._least, self.budget // 2)
        elif seconds < SLICE_SECONDS / 4:
            self.budget = min(self._most, self.budget * 2)

    def timed(self, work: Callable[[int], Result]) -> Result:
        """Does the work with the budget of this turn and learns from it."""
        begin = time.perf_counter()
        result = work(self.budget)
        self.learn(time.perf_counter() - begin)
        return result
