"""How often the console looks at the engine: ten times a second while something happens, and less in the quiet.

While events keep coming in, a look every time that the tail is drawn is enough, unless a person just did something.
In the quiet all is looked at when the clock shows another second, so that what changed is drawn with it; half a second
later only whether there are events.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from textual.app import App

from ng_tui.terminal.textual_internals import fail

TICK = 0.1
"""Seconds between two looks."""

RUN = 0.3
"""Seconds between two looks while every one of them finds something: nobody reads faster, and every one costs."""

REST = 0.5
"""Seconds between two looks in the quiet."""

LATE = 0.005
"""Seconds that a look in the quiet comes after the clock, so that it never comes before it."""

PATIENCE = 10
"""Looks that found nothing, after which it is quiet; and for how many after a key there are as many as can be."""

STREAK = 4
"""Looks that found something, one after the other, after which it runs."""


class Pulse:
    """Calls `turn`, which says whether something happened, until it is stopped. Runs in the loop that it is made in."""

    def __init__(self, app: App[Any], turn: Callable[[], bool], glance: Callable[[], bool]) -> None:
        """`glance` says whether something happened that `turn` is to look at."""
        self._app = app
        self._turn, self._glance = turn, glance
        self._idle = 0
        self._streak = 0
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.call_later(TICK, self._beat)

    def wake(self) -> None:
        """Something happened that may lead to more."""
        if self.pause > TICK:
            self._next.cancel()
            self._next = self._loop.call_later(TICK, self._beat)
        self._idle, self._streak = 0, -PATIENCE

    def stop(self) -> None:
        """Looks no more."""
        self._next.cancel()

    @property
    def pause(self) -> float:
        """Seconds between the last look and the next."""
        if self._idle >= PATIENCE:
            return REST - time.time() % REST + LATE
        return RUN if self._streak >= STREAK else TICK

    def _beat(self) -> None:
        try:
            found = self._look()
        except Exception as error:
            fail(self._app, error)
            return
        self._idle = 0 if found else self._idle + 1
        # What is still owed to a key is paid by any look.
        self._streak = self._streak + 1 if found or self._streak < 0 else 0
        self._next.cancel()  # of a key that came meanwhile
        self._next = self._loop.call_later(self.pause, self._beat)

    def _look(self) -> bool:
        if self._idle < PATIENCE or time.time() % 1.0 < REST:
            return self._turn()
        if found := self._glance():
            self._turn()
        return found
