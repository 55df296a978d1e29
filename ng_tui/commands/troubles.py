"""Lines on standard error: what an engine in this process does not read, its end, and what is odd in a filter."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from ng_tui.client.wire import Frame
from ng_tui.i18n import tr
from ng_tui.text import odd_in_filter, safe

ENGINE = "engine"
"""Where the notice comes from that the engine itself has failed."""


class Troubles:
    """Tells each trouble once; one that is over and comes again is told again."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, frames: Iterable[Frame]) -> None:
        """Prints what the frames say that was not told yet."""
        for frame in frames:
            if frame.notice is not None and frame.notice.origin == ENGINE:
                _say(frame.notice.text)
            if frame.metrics is not None:
                troubles = (source.trouble for source in frame.metrics.sources)
                now = dict.fromkeys(trouble.reason for trouble in troubles if trouble is not None)
                for reason in now:
                    if reason not in self._told:
                        _say(reason)
                self._told = set(now)


def tell_odd(filter_text: str) -> None:
    """Prints what may be meant otherwise in a filter."""
    if odd := odd_in_filter(filter_text):
        _say(tr("filter: {odd}", odd=odd))


def _say(text: str) -> None:
    print(safe(text), file=sys.stderr, flush=True)
