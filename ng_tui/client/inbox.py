"""Frames on their way from the thread of a connection to whoever shows them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from ng_tui.client.wire import Frame, Level, Notice
from ng_tui.i18n import ntr

VIEWS = ("modules", "guardian", "constitution", "feedback", "metrics", "alerts", "incidents")
"""Fields of Frame of which only the latest counts."""
MOST_NOTICES = 4096
"""Notices that wait; of more, the oldest are dropped and counted."""


def view_of(frame: Frame) -> str | None:
    """Which view a frame holds; None for another frame."""
    return next((name for name in VIEWS if getattr(frame, name) is not None), None)


class Inbox:
    """Of every view the latest, every answer, and the latest notices."""

    def __init__(self) -> None:
        self._views: dict[str, Frame] = {}
        self._answers: list[Frame] = []
        self._notices: deque[Frame] = deque(maxlen=MOST_NOTICES)
        self._dropped = 0
        self._changed = threading.Condition()

    def put(self, frame: Frame) -> None:
        """A frame has come."""
        with self._changed:
            view = view_of(frame)
            if view is not None:
                self._views[view] = frame
            elif frame.notice is not None:
                self._dropped += len(self._notices) == MOST_NOTICES
                self._notices.append(frame)
            else:
                self._answers.append(frame)
            self._changed.notify_all()

    def wake(self) -> None:
        """Something else has changed that `wait_for` asks about."""
        with self._changed:
            self._changed.notify_all()

    def take(self, timeout_ms: int = 0) -> list[Frame]:
        """Everything that has come; waits at most `timeout_ms` for the first."""
        with self._changed:
            if timeout_ms:
                self._changed.wait_for(self._holds_something, timeout_ms / 1000)
            frames = [*self._views.values(), *self._notices, *self._answers]
            if self._dropped:
                text = ntr("{count} notice was dropped", "{count} notices were dropped", self._dropped)
                frames.append(Frame(notice=Notice(time.time_ns(), Level.WARN, "stream", text)))
            self._views, self._answers, self._dropped = {}, [], 0
            self._notices.clear()
        return frames

    def wait_for(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Waits until something holds; asks again after each change."""
        with self._changed:
            return self._changed.wait_for(holds, timeout_s)

    def _holds_something(self) -> bool:
        return bool(self._views or self._answers or self._notices)
