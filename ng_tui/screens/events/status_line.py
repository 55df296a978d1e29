"""The status line under the tail: live or paused, what came in meanwhile, the filter, the search, the place."""

from __future__ import annotations

from dataclasses import dataclass

from ng_tui.client.wire import Totals
from ng_tui.i18n import ntr, tr
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line, Lines, cut, line_width, spread
from ng_tui.text import fmt_count, safe


@dataclass(frozen=True)
class Standing:
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
    place: int = 0
    """Number of the record under the cursor, from 1; 0 in an empty view."""
    count: int = 0
    marks: int = 0
    scanned: float = 1.0
    """Part of the ring that the filter has examined."""


class Ledger(Lines):
    """Redrawn only when it says something else."""

    DEFAULT_CSS = "Ledger { height: 1; background: $surface; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(id="ledger")
        self.standing = Standing()

    def say(self, standing: Standing) -> None:
        """Shows another standing."""
        if standing != self.standing:
            self.standing = standing
            self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """State and news at the left, filter and place at the right."""
        del height
        say = self.standing
        ascii_only = glyphs().name == "ascii"
        left: Line
        if say.paused:
            left = [(("|| " if ascii_only else "‖ ") + tr("PAUSED"), "warn")]
        elif say.following and say.cut_off:
            left = [(f"{glyphs().off} {tr('not connected')}", "warn")]
        elif say.following:
            left = [(("* " if ascii_only else "● ") + tr("live"), "good")]
        else:
            left = [(("^ " if ascii_only else "↑ ") + tr("reading"), "accent")]
        if say.since is not None:
            left += news(say.since)
        if say.busy:
            left += [("  " + safe(say.busy), "accent")]
        place = f"{fmt_count(say.place)}/{fmt_count(say.count)}" if say.count else tr("no events")
        right: Line = [(place, "dim")]
        if say.scanned < 1.0:
            right = [(tr("scanned {part}%", part=int(say.scanned * 100)) + "  ", "accent"), *right]
        if say.marks:
            right = [(ntr("{n} mark", "{n} marks", say.marks, n=say.marks) + "  ", "dim"), *right]
        room = width - line_width(left) - line_width(right) - 4
        if room > 10:
            right = cut(_filters(say), room) + [("  ", "")] + right
        return [spread(left, right, width)]


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


def _filters(say: Standing) -> Line:
    line: Line = []
    if say.search:
        line += [("/", "dim"), (safe(say.search), "accent"), ("  ", "")]
    if say.filter:
        line += [(tr("filter") + " ", "dim"), (safe(say.filter), "title")]
    elif say.filter_off:
        line += [(tr("filter off") + " ", "dim"), (safe(say.filter_off), "dim")]
    return line
