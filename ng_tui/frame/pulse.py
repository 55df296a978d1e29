"""How often the console looks at the engine: ten times a second while something happens, and less in the quiet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App

TICK = 0.1
"""Seconds between two looks."""

REST = 0.5
"""Seconds between two looks in the quiet."""

PATIENCE = 10
"""Looks that found nothing, after which it is quiet."""


class Pulse:
    """Calls `turn`, which says whether something happened."""

    def __init__(self, app: App[Any], turn: Callable[[], bool]) -> None:
        self._turn = turn
        self._idle = 0
        self._fast = app.set_interval(TICK, self._beat)
        app.set_interval(REST, self._look)

    def wake(self) -> None:
        """Something happened that may lead to more."""
        self._idle = 0
        self._fast.resume()

    def _beat(self) -> None:
        self._idle = 0 if self._turn() else self._idle + 1
        if self._idle >= PATIENCE:
            self._fast.pause()

    def _look(self) -> None:
        if self._idle >= PATIENCE and self._turn():
            self.wake()
