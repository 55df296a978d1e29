"""Texts of the patterns of an engine elsewhere, fetched when they are first asked for."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable

from ng_tui.client.ring import EngineRing
from ng_tui.client.wire import RecordDetail

MOST = 4096
"""Templates that are remembered."""
AGAIN_S = 30.0
"""Time after which a template that could not be had is asked for again, seconds."""


class Templates:
    """What is known of an engine's patterns. Numbers of patterns mean something within one run of the engine only."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, int], str] = OrderedDict()
        self._asked: dict[int, float] = {}
        self._begins: list[int] = []
        self._run: str | None = None
        self._lock = threading.Lock()
        self.fetch: Callable[[int], None] = lambda _: None
        """Called, without waiting, for a pattern that is wanted; `learn` is called later."""

    def begin(self, run: str, seq: int) -> None:
        """Records of the ring from `seq` on belong to this run."""
        with self._lock:
            if run != self._run:
                self._run = run
                self._begins.append(seq)
                self._asked.clear()

    def find(self, pattern: int, seq: int) -> str | None:
        """The template of a record's pattern; None when it is not known, perhaps only not yet."""
        with self._lock:
            run, now = bisect_right(self._begins, seq), time.monotonic()
            text = self._known.get((run, pattern))
            if text is not None:
                self._known.move_to_end((run, pattern))
                return text
            if run != len(self._begins) or now - self._asked.get(pattern, -AGAIN_S) < AGAIN_S:
                return None
            if len(self._asked) >= MOST:
                self._asked.clear()
            self._asked[pattern] = now
        self.fetch(pattern)
        return None

    def learn(self, run: str, pattern: int, template: str) -> None:
        """A template has come, from this run."""
        with self._lock:
            if run == self._run:
                self._known[len(self._begins), pattern] = template
                if len(self._known) > MOST:
                    self._known.popitem(last=False)


class RemoteRing(EngineRing):
    """A ring whose patterns are known elsewhere; see `protocol.Ring`."""

    templates_of: Callable[[str], Templates | None]
    """The templates of the engine that a source belongs to."""

    def detail(self, seq: int, neighbours: int) -> RecordDetail | None:
        """Everything about one record. Its template is absent until it has been fetched; ask again later."""
        detail = super().detail(seq, neighbours)
        if detail is None or detail.template is not None or detail.record.detection.pattern is None:
            return detail
        templates = self.templates_of(detail.record.source)
        if templates is not None:
            detail.template = templates.find(detail.record.detection.pattern, seq)
        return detail
