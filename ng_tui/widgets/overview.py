"""The first line of every screen: where the console is connected, and the numbers that matter."""

from __future__ import annotations

import time

from ng_tui.client.wire import AlertState
from ng_tui.i18n import tr
from ng_tui.state import State
from ng_tui.text import ABSENT, fmt_rate, fmt_short, safe
from ng_tui.widgets.lines import Line, Lines, cut, line_width, spread


class Overview(Lines):
    """Drops the least important number first when the line is short. What was not measured is `—`."""

    DEFAULT_CSS = "Overview { height: 1; background: $panel; padding: 0 1; }"

    def __init__(self, label: str) -> None:
        super().__init__(id="overview")
        self._label = safe(label)
        self._shown: tuple[object, ...] = ()
        self._clock = ""
        self._items: list[tuple[int, Line]] = []

    def present(self, state: State, now_ns: int) -> None:
        """Shows the state; redraws only when a text changes."""
        metrics = state.metrics
        clock = time.strftime("%H:%M:%S", time.localtime(now_ns // 1_000_000_000))
        firing = sum(alert.state is AlertState.FIRING for alert in state.alerts) if metrics else None
        values = (
            clock,
            fmt_rate(metrics.events_per_s) if metrics else ABSENT,
            tr("{n}/min", n=fmt_short(metrics.novel_per_min)) if metrics else ABSENT,
            tr("{n}/min", n=fmt_short(metrics.rejected_per_min)) if metrics else ABSENT,
            fmt_short(metrics.dropped) if metrics else ABSENT,
            ABSENT if firing is None else str(firing),
        )
        if values == self._shown:
            return
        self._shown, self._clock = values, clock
        dropped = metrics is not None and metrics.dropped > 0
        rejected = metrics is not None and metrics.rejected_per_min > 0
        self._items = [
            (1, [(tr("events") + " ", "dim"), (values[1], "strong")]),
            (3, [(tr("novel") + " ", "dim"), (values[2], "novel" if metrics and metrics.novel_per_min else "")]),
            (3, [(tr("reject") + " ", "dim"), (values[3], "reject" if rejected else "")]),
            (2, [(tr("dropped") + " ", "dim"), (values[4], "bad" if dropped else "")]),
            (2, [(tr("alerts") + " ", "dim"), (values[5], "bad" if firing else "")]),
        ]
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """The label, as many numbers as fit, and the clock."""
        del height
        name: Line = [("neurograph ", "title")]
        head: Line = [(self._label, "")]
        clock: Line = [(self._clock, "strong")]
        items = list(self._items)

        def room() -> int:
            return width - sum(line_width(item) + 2 for _, item in items) - line_width(name + head + clock) - 1

        if room() < 0:
            name, head = [], [(self._label, "title")]
        if room() < 0:
            clock = [(self._clock[:5], "strong")]
        while items and room() < 0:
            items.remove(max(items, key=lambda item: item[0]))
        head = cut(name + head, max(0, width - line_width(clock) - 1))
        left = head + [span for _, item in items for span in (("  ", ""), *item)]
        return [spread(left, clock, width)]
