"""Watches the line to the terminal, and says when it is a slow one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ng_tui.i18n import tr
from ng_tui.state import SlowLine
from ng_tui.terminal.pacing import LinkMeter
from ng_tui.text import fmt_us

SLOW_S, FINE_S = 0.15, 0.08
"""Seconds to the terminal and back from which a line is slow, and below which it is not any more."""
EVERY_S = 1.0
"""Seconds between two looks, so that the numbers do not become a load themselves."""


class LineWatch:
    """Looks at the meter of the line. The first time that it is slow, `tell` is told a better way."""

    def __init__(self, tell: Callable[[str], object], environment: Mapping[str, str]) -> None:
        self._tell = tell
        self._host = (environment.get("SSH_CONNECTION", "").split() + [""] * 3)[2]
        self._looked_at = 0.0
        self._found: SlowLine | None = None
        self._has_told = False

    def look(self, meter: LinkMeter | None, now: float) -> SlowLine | None:
        """The line, while it is slow. `now` is of `time.monotonic`."""
        if meter is None or now - self._looked_at < EVERY_S:
            return self._found
        self._looked_at = now
        limit = SLOW_S if self._found is None else FINE_S
        if meter.rtt_s is None or meter.rtt_s < limit:
            self._found = None
        else:
            self._found = SlowLine(meter.rtt_s, meter.frames_per_s(now), meter.bytes_per_s(now))
            self._advise(meter.rtt_s)
        return self._found

    def _advise(self, rtt_s: float) -> None:
        """Over ssh the console can run at the other end of the line: events need less of it than a screen."""
        if self._has_told or not self._host:
            return
        self._has_told = True
        host = f"[{self._host}]" if ":" in self._host else self._host
        rtt = fmt_us(rtt_s * 1e6)
        text = tr("This terminal answers after {rtt}.", rtt=rtt) + "\n"
        text += tr("Run me at home: neurograph-tui connect ssh://{host}", host=host) + "\n"
        self._tell(text + tr("(an engine must serve here: neurograph-tui serve)"))
