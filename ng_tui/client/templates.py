"""What is known of the patterns of an engine elsewhere, fetched when it is first asked for."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable

from ng_tui.client.ring import EngineRing
from ng_tui.client.wire import PatternView, RecordDetail

MOST = 4096
"""Templates that are remembered."""
AGAIN_S = 30.0
"""Time after which a template that could not be had is asked for again, seconds."""
FRESH_S = 2.0
"""Age up to which the numbers of a pattern are not asked for again, seconds."""


class Templates:
    """What is known of an engine's patterns. Numbers of patterns mean something within one run of the engine only."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, int], PatternView] = OrderedDict()
        self._asked: dict[int, float] = {}
        self._begins: list[int] = []
        self._run: str | None = None
        self._lock = threading.Lock()
        self.fetch: Callable[[int], None] = lambda _: None
        """Called, without waiting, for a pattern that is wanted; `learn` is called later, or not."""

    def begin(self, run: str, seq: int) -> None:
        """Records of the ring from `seq` on belong to this run."""
        with self._lock:
            if run != self._run:
                self._run = run
                self._begins.append(seq)
                self._asked.clear()

    @property
    def run_began(self) -> int:
        """The `seq` at which the present run began here; 0 before the first."""
        return self._begins[-1] if self._begins else 0

    def find(self, pattern: int, seq: int) -> str | None:
        """The template of a record's pattern; None when it is not known, perhaps only not yet."""
        found = self.view(pattern, seq, AGAIN_S)
        return None if found is None else found.template

    def view(self, pattern: int, seq: int, fresh_s: float = FRESH_S) -> PatternView | None:
        """What is known of a record's pattern, and asks anew when that is older than `fresh_s`."""
        with self._lock:
            run, now = bisect_right(self._begins, seq), time.monotonic()
            known = self._known.get((run, pattern))
            if known is not None:
                self._known.move_to_end((run, pattern))
            is_now = run == len(self._begins)
            wait_s = AGAIN_S if known is None else fresh_s
            if not is_now or now - self._asked.get(pattern, -AGAIN_S) < wait_s:
                return known
            if len(self._asked) >= MOST:
                self._asked.clear()
            self._asked[pattern] = now
        self.fetch(pattern)
        return known

    def learn(self, run: str, found: PatternView) -> None:
        """A pattern has come, from this run."""
        with self._lock:
            if run == self._run:
                self._known[len(self._begins), found.pattern] = found
                if len(self._known) > MOST:
                    self._known.popitem(last=False)


class RemoteRing(EngineRing):
    """A ring whose patterns are known elsewhere; see `interface.Ring`."""

    templates_of: Callable[[str], Templates | None]
    """The templates of the engine that a source belongs to."""
    of_one: Templates | None = None
    """Those of the only engine; None where several share the ring, and the number of a pattern may come again."""

    @property
    def run_began(self) -> int:
        """The `seq` from which on numbers of patterns are those of the present run."""
        return self.of_one.run_began if self.of_one is not None else 0

    def detail(self, seq: int, neighbours: int) -> RecordDetail | None:
        """Everything about one record. Its template is absent until it has been fetched; ask again later."""
        detail = super().detail(seq, neighbours)
        if detail is None or detail.template is not None or detail.record.detection.pattern is None:
            return detail
        detail.template = self.template(detail.record.source, detail.record.detection.pattern, seq)
        return detail

    def template(self, source: str, pattern: int, seq: int) -> str | None:
        """The text of a pattern; ask again later."""
        templates = self.templates_of(source)
        return None if templates is None else templates.find(pattern, seq)

    def pattern(self, source: str, pattern: int, seq: int) -> PatternView | None:
        """What the engine knows of a pattern, at most two seconds old; ask again later."""
        templates = self.templates_of(source)
        return None if templates is None else templates.view(pattern, seq)
