"""The dashboard: throughput, latency, queues, sources and the host, over a span of time that can be zoomed."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from ng_tui.i18n import tr
from ng_tui.keymap import bindings
from ng_tui.kit.panel import Panel
from ng_tui.screens.base import Pane
from ng_tui.screens.metrics.flow import LATENCY_HEAD, SOURCE_HEAD, latency, queues, sources, throughput
from ng_tui.screens.metrics.host import host
from ng_tui.state import State
from ng_tui.text import fmt_count, fmt_duration, fmt_short

SPANS = (60, 300, 900, 3600)
"""Seconds that the charts may show."""

NARROW = 70
"""Cells below which panels do not stand side by side."""


class MetricsPane(Pane):
    """Five panels; below NARROW the throughput and the panel that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("metrics"))
    DEFAULT_CSS = """
    MetricsPane Horizontal { height: auto; }
    MetricsPane Panel { width: 1fr; height: 1fr; }
    MetricsPane .right { margin-left: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state = State()
        self._span = 300
        self._chosen = 0
        self._maximised = False
        self._throughput = Panel(
            self._throughput_title, lambda width, height: throughput(self._state, width, height, self._span)
        )
        self._latency = Panel(
            lambda _: (tr("Latency"), LATENCY_HEAD),
            lambda width, _: latency(self._state, width, self._span),
            classes="right",
        )
        self._host = Panel(
            lambda _: (tr("Host"), _span_name(self._span)),
            lambda width, height: host(self._state, width, height, self._span),
        )
        self._queues = Panel(
            lambda _: (tr("Queues"), tr("held/room")),
            lambda width, _: queues(self._state.metrics, width),
            classes="right",
        )
        self._sources = Panel(lambda _: (tr("Sources"), SOURCE_HEAD), lambda width, _: sources(self._state, width))
        self._top_row = Horizontal(self._throughput, self._latency)
        self._middle_row = Horizontal(self._host, self._queues)

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The panels in reading order."""
        return (self._throughput, self._latency, self._host, self._queues, self._sources)

    def compose(self) -> ComposeResult:
        """The rows of panels."""
        yield self._top_row
        yield self._middle_row
        yield self._sources

    def on_enter(self) -> None:
        """Gives the keys to the panel chosen last."""
        self.panels[self._chosen].focus()

    def present(self, state: State) -> None:
        """Shows the state."""
        self._state = state
        self._arrange()
        for panel in self.panels:
            if panel.display:
                panel.redraw()

    def on_resize(self) -> None:
        """Shares the room out anew."""
        self._arrange()

    def on_descendant_focus(self) -> None:
        """Remembers the panel that the keys go to, however it got them."""
        # Of several moves in one turn only the last counts, and the event of an earlier one comes after it.
        if isinstance(panel := self.screen.focused, Panel):
            self._chosen = self.panels.index(panel)
            self._arrange()

    def action_zoom(self, by: int) -> None:
        """Shortens or lengthens the span of the charts."""
        self._span = SPANS[max(0, min(len(SPANS) - 1, SPANS.index(self._span) + by))]
        self.present(self._state)

    def action_maximise(self) -> None:
        """Gives the whole screen to the chosen panel, or takes it back."""
        self._maximised = not self._maximised
        self._arrange()

    def action_restore(self) -> None:
        """Shows all panels."""
        self._maximised = False
        self._arrange()

    def action_go(self, by: int) -> None:
        """Goes to another panel: by one in reading order, by two for the one below or above."""
        index = self._chosen + by
        if abs(by) == 1:
            index %= len(self.panels)
        self._chosen = max(0, min(len(self.panels) - 1, index))
        self._arrange()
        self.panels[self._chosen].focus()

    def _arrange(self) -> None:
        width, height = self.size
        if not height:
            return
        chosen = self.panels[self._chosen]
        narrow = width < NARROW
        companion = chosen if self._chosen else self._latency
        for panel in self.panels:
            panel.display = panel is chosen if self._maximised else not narrow or panel in (self._throughput, companion)
            panel.set_class(not narrow and not self._maximised and panel in (self._latency, self._queues), "right")
        self._top_row.display = self._throughput.display or self._latency.display
        self._middle_row.display = self._host.display or self._queues.display
        rows = (self._top_row, self._middle_row, self._sources)
        for row, share in zip(rows, self._shares(height, narrow=narrow), strict=True):
            row.styles.height = share
        self._top_row.styles.layout = self._middle_row.styles.layout = "vertical" if narrow else "horizontal"

    def _shares(self, height: int, *, narrow: bool) -> tuple[int, int, int]:
        if self._maximised:
            return height, height, height
        if narrow:
            upper = height if self._latency.display else height // 2
            return upper, height - upper, height - upper
        metrics = self._state.metrics
        count = len(sources(self._state, self.size.width)) if metrics else 0
        troubled = metrics is not None and any(one.trouble is not None for one in metrics.sources)
        lower = max(3, min(count + 1, height // 3 if troubled else height // 4))
        middle = max(3, (height - lower) * 2 // 5)
        return height - lower - middle, middle, lower

    def _throughput_title(self, width: int) -> tuple[str, str]:
        metrics = self._state.metrics
        note = _span_name(self._span)
        if metrics is not None and width >= 36:
            lost = tr("{count} lost", count=fmt_count(metrics.dropped)) + " · " if metrics.dropped else ""
            up = tr("up {time}", time=fmt_duration(metrics.uptime_s)) + " · " if width >= 50 else ""
            note = f"{lost}{up}{note}"
        return f"{tr('Events/s')} {fmt_short(self._state.mean('events'))}", note


def _span_name(seconds: int) -> str:
    return f"{seconds // 60}m"
