"""Lines on standard error about what an engine in this process does not read, and about its end."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from ng_tui.client.wire import Frame
from ng_tui.text import safe

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


def _say(text: str) -> None:
    print(safe(text), file=sys.stderr, flush=True)
