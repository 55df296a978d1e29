"""One line under the overview while the connection to an engine is not live."""

from __future__ import annotations

import math

from ng_tui.client.interface import Link, LinkState
from ng_tui.client.wire import Level
from ng_tui.i18n import tr
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line, Lines, line_width, spread
from ng_tui.text import fmt_duration, safe


class Banner(Lines):
    """Says what is being done about it, why it is so, and how old the data is that is still shown."""

    DEFAULT_CSS = """
    Banner { height: 1; display: none; background: $panel; padding: 0 1; }
    Banner.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(id="banner")
        self._said: tuple[str, str, str] = ("", "", "")

    def present(self, link: Link, lost_at: float | None, now: float) -> None:
        """Shows the state of a connection to an engine elsewhere. Times are those of `time.monotonic`."""
        said = ("", "", "")
        if link.state is not LinkState.LIVE:
            age = "" if lost_at is None else tr("data from {age} ago", age=_seconds(now - lost_at))
            said = (_doing(link, lost_at, now), safe(link.why), age)
        if said != self._said:
            self._said = said
            self.set_class(bool(said[0]), "-shown")
            self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """What is done and why at the left, the age of the data at the right."""
        del height
        doing, why, age = self._said
        left: Line = [(f"{glyphs().error} {doing}", "bad")]
        if why:
            left += [(": ", "dim"), (why, "")]
        right: Line = [(age, "warn")] if age else []
        if line_width(left[:1]) + line_width(right) + 1 > width:
            right = []
        return [spread(left, right, width)]


def connection_change(link: Link, *, lost: bool) -> tuple[str, Level]:
    """What is kept of a connection that was lost, or is there again."""
    if not lost:
        return tr("connected again"), Level.INFO
    return tr("the connection was lost: {why}", why=safe(link.why)) if link.why else tr(
        "the connection was lost"
    ), Level.WARN


def _doing(link: Link, lost_at: float | None, now: float) -> str:
    if link.state is LinkState.ENDED:
        return tr("the connection has ended")
    if link.state is LinkState.WAITING and link.retry_at is not None and link.retry_at > now:
        wait = _seconds(math.ceil(link.retry_at - now))
        if lost_at is None:
            return tr("connecting in {time} (try {n})", time=wait, n=link.tries + 1)
        return tr("reconnecting in {time} (try {n})", time=wait, n=link.tries + 1)
    if link.tries:
        return tr("connecting (try {n})", n=link.tries + (link.state is LinkState.WAITING))
    return tr("connecting")


def _seconds(seconds: float) -> str:
    """Whole seconds, such as `12 s` or `1m 05s`, so that the line changes once a second at most."""
    whole = max(0, int(seconds))
    return fmt_duration(whole) if whole >= 60 else tr("{n} s", n=whole)
