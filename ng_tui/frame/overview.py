"""The first line of every screen: where the console is connected, and the numbers that matter."""

from __future__ import annotations

from collections.abc import Mapping
from operator import is_

from rich.style import Style

from ng_tui.alert_rules import firing
from ng_tui.client.interface import Link, LinkState
from ng_tui.client.wire import Role
from ng_tui.connection import Meter, RemoteEngine
from ng_tui.i18n import ntr, tr
from ng_tui.incidents import going_on, is_grave, word_text, worst_of
from ng_tui.kit.lines import Line, Lines, cut, line_width, spread
from ng_tui.kit.palette import Palette
from ng_tui.state import SlowLine, State
from ng_tui.text import ABSENT, fmt_bytes, fmt_clock, fmt_rate, fmt_short, fmt_us, safe

WIDTHS = (7, 8, 8, 4, 3)
"""Cells of the numbers, in their order: as many as each can need."""

INCIDENTS = 18
"""Cells of the incidents: `9 incidents silent`."""

Item = tuple[int, Line]
"""A number with its label; of those that do not fit, the highest rank goes first."""


class Overview(Lines):
    """Drops the least important number first when the line is short. What was not measured is `—`."""

    DEFAULT_CSS = "Overview { height: 1; background: $panel; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(id="overview")
        self._shown: object = None
        self._seen: object = None
        self._of: tuple[object, ...] = (None,) * 5
        self._clock = ""
        self._head: Line = []
        self._items: list[Item] = []
        self._colour = ""
        self._meter = Meter()

    def present(
        self,
        state: State,
        now_ns: int,
        now: float = 0.0,
        *,
        label: str = "",
        engine: RemoteEngine | None = None,
        links: Mapping[str, Link] | None = None,
    ) -> None:
        """Shows the state; redraws only when a text changes.

        `now` is of `time.monotonic`. `label` names the connection. `engine` is one outside this process,
        `links` are those of all engines where there are several.
        """
        links = links or {}
        each = [link.state for link in links.values()]
        link = (state.link.state, state.link.role, state.link.rights, state.link.host, state.link.rtt_s)
        seconds = (now_ns // 1_000_000_000, int(now) if engine is not None else 0)
        seen = (seconds, label, engine, each, link)
        of = (state, state.metrics, state.alerts, state.incidents, state.lost_at)
        if seen == self._seen and all(map(is_, of, self._of)):
            return  # Everything else changes with these, and bytes a second are told once a second.
        self._seen, self._of = seen, of
        colour = engine.colour if engine is not None else ""
        if colour != self._colour:
            self._colour = colour
            self.refresh_styles()
        clock = fmt_clock(now_ns)
        if state.slow_line is not None and clock == self._clock:
            return  # once a second is enough for such a line
        head = [(safe(label), "")] if engine is None else connection(state, label, engine, list(links))
        items = numbers(state)
        if engine is not None and not engine.local:
            items += self._link_numbers(state.link, now)
        if state.slow_line is not None:
            items.append((8, _line_numbers(state.slow_line)))
        if lost := sum(link.state is not LinkState.LIVE for link in links.values()):
            live = tr("{n} of {count} live", n=len(links) - lost, count=len(links))
            items.append((3, [(live, "warn")]))
        if (shown := (clock, head, items)) != self._shown:
            self._shown = shown
            self._clock, self._head, self._items = clock, head, items
            self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """The connection, as many numbers as fit, and the clock."""
        del height
        name: Line = [("neurograph ", "title")]
        head, clock, items = self._head, self._clock, list(self._items)

        def room() -> int:
            return width - sum(line_width(item) + 2 for _, item in items) - line_width(name + head) - len(clock) - 1

        if room() < 0:
            name = []
            head = [(text, tag or "title") for text, tag in head]
        if room() < 0:
            clock = clock[:5]
        while items and room() < 0:
            items.remove(max(items, key=lambda item: item[0]))
        if room() >= len(self._clock) - len(clock):
            clock = self._clock
        head = cut(name + head, max(0, width - len(clock) - 1))
        left = head + [span for _, item in items for span in (("  ", ""), *item)]
        return [spread(left, [(clock, "strong")], width)]

    def style_of(self, tag: str) -> Style:
        """The style of a tag; `engine` is the colour of the engine's profile."""
        if tag != "engine":
            return super().style_of(tag)
        palette = Palette(self.app.theme_variables, {tag: self._colour})
        return self.rich_style + (palette.host(tag) if self._colour else palette.style("primary", bold=True))

    def _link_numbers(self, link: Link, now: float) -> list[Item]:
        rate = self._meter.rate(link.received_bytes, now)
        if link.state is not LinkState.LIVE:
            return []
        rtt = ABSENT if link.rtt_s is None else fmt_us(link.rtt_s * 1e6)
        bytes_a_second = "" if rate is None else f" {fmt_bytes(rate)}/s"
        return [(6, [(tr("rtt") + " ", "dim"), (rtt + bytes_a_second, "")])]


def connection(state: State, label: str, engine: RemoteEngine, names: list[str]) -> Line:
    """Where the console is connected to, as what, and how it stands."""
    link = state.link
    kind = tr("attached") if engine.local else tr("remote")
    name = safe(engine.profile or link.host or label)
    line: Line = [(kind + " ", "dim"), (name, "engine")]
    if len(names) > 1 and label in names:
        line.append((f" {names.index(label) + 1}/{len(names)}", "dim"))
    if link.state is LinkState.LIVE:
        if link.role is not None and (not engine.local or link.role is not Role.ADMIN):
            line.append((f" {link.role.value}", "" if "steer" in link.rights else "warn"))
    elif link.state is LinkState.ENDED:
        line.append((" " + tr("ended"), "bad"))
    elif state.lost_at is None:
        line.append((" " + tr("connecting"), "warn"))
    else:
        line.append((" " + tr("reconnecting"), "bad"))
    return line


def numbers(state: State) -> list[Item]:
    """The numbers of the engine; dim while the connection is lost, for they are no longer of now."""
    metrics = state.metrics
    fire = len(firing(state.alerts, state.incidents)) if metrics else None
    new = tr("{n}/min", n=fmt_short(metrics.novel_per_min)) if metrics else ABSENT
    if state.is_learning:
        new = tr("learning")
    rejected = tr("{n}/min", n=fmt_short(metrics.rejected_per_min)) if metrics else ABSENT
    refused = metrics is not None and metrics.rejected_per_min > 0
    lost = metrics is not None and metrics.dropped > 0
    items: list[tuple[int, str, str, str]] = [
        (2, tr("events"), fmt_rate(state.mean("events")), "strong"),
        (4, tr("new"), new, "novel" if metrics and metrics.novel_per_min and not state.is_learning else ""),
        (5 if refused else 7, tr("reject"), rejected, "reject" if refused else ""),
        (3 if lost else 8, tr("dropped"), fmt_short(metrics.dropped) if metrics else ABSENT, "bad" if lost else ""),
        (3 if fire else 5, tr("alerts"), ABSENT if fire is None else str(fire), "bad" if fire else ""),
    ]
    old = state.lost_at is not None
    # A number keeps its room, so that none beside it moves or goes because it has a digit more.
    shown: list[Item] = [
        (rank, [(name + " ", "dim"), (f"{value:<{WIDTHS[place]}}", "dim" if old else tag)])
        for place, (rank, name, value, tag) in enumerate(items)
    ]
    return [*shown[:-1], (1, _incidents(state)), shown[-1]]


def _incidents(state: State) -> Line:
    """How many incidents go on, and the word of the worst."""
    ongoing = going_on(state.incidents)
    count = ABSENT if state.incidents is None else str(len(ongoing))
    word = worst_of(ongoing)
    tag = "dim" if state.lost_at is not None else "bad" if is_grave(word) else "warn" if word else ""
    name = ntr("incident", "incidents", len(ongoing))
    room = INCIDENTS - len(count) - len(name) - 2
    return [(count, tag), (f" {name} ", "dim"), (f"{word_text(word):<{room}}", tag)]


def _line_numbers(line: SlowLine) -> Line:
    """The line to the terminal."""
    frames = tr("{n} fps", n=f"{line.frames_per_s:.1f}")
    numbers = f"{fmt_us(line.rtt_s * 1e6)} {frames} {fmt_bytes(line.bytes_per_s)}/s"
    return [(tr("line") + " ", "dim"), (numbers, "warn")]
