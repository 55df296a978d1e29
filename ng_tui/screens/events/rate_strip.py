"""The line above the tail: what one should know first, else events per second over the last minutes."""

from __future__ import annotations

import math

from ng_tui.i18n import tr
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line, Lines, cut, line_width, spread
from ng_tui.lints import Lint, lints
from ng_tui.state import State
from ng_tui.text import ABSENT, fmt_rate

_BRAILLE = "⠀⢀⢠⢰⢸⡀⣀⣠⣰⣸⡄⣄⣤⣴⣼⡆⣆⣦⣶⣾⡇⣇⣧⣷⣿"
"""Two columns of four dots in a cell: index = 5 * left + right."""


class RateStrip(Lines):
    """One second is half a cell in braille, a cell otherwise. Seconds without a measurement stay empty."""

    DEFAULT_CSS = "RateStrip { height: 1; background: $surface; padding: 0 1; }"

    def __init__(self, ignored: tuple[str, ...] = ()) -> None:
        """`ignored` are the ids of lints that are not shown."""
        super().__init__(id="rate-strip")
        self._ignored = ignored
        self._lints: list[Lint] = []
        self._values: list[float | None] = []
        self._mean: float | None = None

    def present(self, state: State) -> None:
        """Shows the gravest lint, or the newest values of the series `events`."""
        found = lints(state, self._ignored)
        values, mean = state.history("events", 2 * max(1, self.size.width)), state.mean("events")
        if (values, mean, found) != (self._values, self._mean, self._lints):
            self._values, self._mean, self._lints = values, mean, found
            self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """The mean rate of the last seconds, the curve, and the highest rate that it reaches."""
        del height
        if self._lints:
            return [lint_line(self._lints, width)]
        measured = [value for value in self._values if value is not None]
        now = fmt_rate(self._mean)
        top = max(measured, default=0.0)
        head: Line = [(tr("rate") + " ", "dim"), (f"{now:>7} ", "strong")]
        tail: Line = [(f" {tr('peak')} ", "dim"), (f"{fmt_rate(top) if measured else ABSENT:>7}", "")]
        room = width - line_width(head) - line_width(tail)
        return [[*head, (curve(self._values, top, room), "chart-1"), *tail]] if room > 0 else [head]


def lint_line(found: list[Lint], width: int) -> Line:
    """The first of them, and how many there are besides."""
    more = tr("{n} more", n=len(found) - 1) + "  " if len(found) > 1 else ""
    tail: Line = [(more, "dim"), (tr("! explains"), "dim")]
    return spread(
        cut([(f"{glyphs().error} ", "warn"), (found[0].text, "warn")], width - line_width(tail) - 2), tail, width
    )


def curve(values: list[float | None], top: float, width: int) -> str:
    """Bars of `width` cells, newest at the right; a value above zero is never drawn as nothing."""
    braille = glyphs().name == "braille"
    steps = 4 if braille else len(glyphs().heights) - 1
    count = width * (2 if braille else 1)
    shown = values[-count:]
    heights = [0 if not value or top <= 0 else max(1, math.ceil(value / top * steps)) for value in shown]
    heights = [0] * (count - len(heights)) + heights
    if not braille:
        return "".join(glyphs().heights[height] for height in heights)
    return "".join(_BRAILLE[5 * heights[place] + heights[place + 1]] for place in range(0, count, 2))
