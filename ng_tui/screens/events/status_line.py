"""The status line under the tail: live or paused, what came in meanwhile, the filter, the search, the place."""

from __future__ import annotations

from dataclasses import dataclass

from ng_tui.client.wire import Row, Totals
from ng_tui.i18n import ntr, tr
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line, Lines, cut, line_width, spread
from ng_tui.text import ABSENT, fmt_count, fmt_time, safe


@dataclass(frozen=True)
class TailStatus:
    """What the line says."""

    following: bool = True
    paused: bool = False
    cut_off: bool = False
    """Nothing comes in: there is no connection."""
    since: Totals | None = None
    """Counters of what came in since the reader stopped following; None while following."""
    filter: str = ""
    filter_off: str = ""
    """A filter that `F` has switched off."""
    search: str = ""
    busy: str = ""
    """What a search or an export is doing."""
    history: str = ""
    """The time of the event under the cursor, where it is read from history; empty where it is in memory."""
    place: int = 0
    """Number of the record under the cursor, from 1; 0 in an empty view."""
    count: int = 0
    marks: int = 0
    scanned: float = 1.0
    """Part of the ring that the filter has examined."""


class StatusLine(Lines):
    """Redrawn only when it says something else."""

    DEFAULT_CSS = "StatusLine { height: 1; background: $surface; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(id="status-line")
        self.status = TailStatus()

    def update(self, status: TailStatus) -> None:
        """Shows another status."""
        if status != self.status:
            self.status = status
            self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """State and news at the left, filter and place at the right."""
        del height
        status = self.status
        ascii_only = glyphs().name == "ascii"
        left: Line
        if status.paused:
            left = [(("|| " if ascii_only else "‖ ") + tr("PAUSED"), "warn")]
        elif status.following and status.cut_off:
            left = [(f"{glyphs().off} {tr('not connected')}", "warn")]
        elif status.following:
            left = [(("* " if ascii_only else "● ") + tr("live"), "good")]
        else:
            what = tr("history") if status.history else tr("reading")
            left = [(("^ " if ascii_only else "↑ ") + what, "accent")]
        if status.since is not None:
            left += news(status.since)
        if status.busy:
            left += [("  " + safe(status.busy), "accent")]
        place = f"{fmt_count(status.place)}/{fmt_count(status.count)}" if status.count else tr("no events")
        right: Line = [(status.history, "strong")] if status.history else [(place, "dim")]
        if status.scanned < 1.0:
            right = [(tr("scanned {part}%", part=int(status.scanned * 100)) + "  ", "accent"), *right]
        if status.marks:
            right = [(ntr("{n} mark", "{n} marks", status.marks, n=status.marks) + "  ", "dim"), *right]
        room = width - line_width(left) - line_width(right) - 4
        if room > 10:
            right = cut(_filters(status), room) + [("  ", "")] + right
        return [spread(left, right, width)]


def moment(row: Row | None) -> str:
    """When an event was, in the local zone: `2026-07-28 12:34:56`; of what is missing nobody knows."""
    if row is None or row.gap is not None:
        return ABSENT
    return fmt_time(row.time_ns, "iso", now_ns=0)[:19].replace("T", " ")


def news(since: Totals) -> Line:
    """`+1 284 new · 2 errors · 1 veto`; only kinds that occurred, and the number of records always."""
    line: Line = [(f"  +{fmt_count(since.records)} {tr('new')}", "strong")]
    vetoes = since.flagged + since.rejected
    for count, text, tag in (
        (since.errors, ntr("{n} error", "{n} errors", since.errors, n=fmt_count(since.errors)), "bad"),
        (vetoes, ntr("{n} veto", "{n} vetoes", vetoes, n=fmt_count(vetoes)), "reject"),
        (since.alerts, ntr("{n} anomaly", "{n} anomalies", since.alerts, n=fmt_count(since.alerts)), "novel"),
    ):
        if count:
            line += [(" · ", "dim"), (text, tag)]
    return line


def _filters(status: TailStatus) -> Line:
    line: Line = []
    if status.search:
        line += [("/", "dim"), (safe(status.search), "accent"), ("  ", "")]
    if status.filter:
        line += [(tr("filter") + " ", "dim"), (safe(status.filter), "title")]
    elif status.filter_off:
        line += [(tr("filter off") + " ", "dim"), (safe(status.filter_off), "dim")]
    return line
