"""A chart of values over time: axes with round ticks, one series filled or several as thin lines with a legend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ng_tui.i18n import tr
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line, Lines, cut, line_width
from ng_tui.kit.raster import (
    Values,
    bars,
    buckets,
    columns_of,
    greatest,
    mark_of,
    nice_top,
    pace,
    traces,
)
from ng_tui.text import fmt_tick


@dataclass(frozen=True)
class Series:
    """One curve. `name` is shown in the legend and must be safe; `tag` gives the colour."""

    name: str
    values: Values
    tag: str = "chart-1"


def chart(
    series: Sequence[Series],
    width: int,
    height: int,
    *,
    seconds: int,
    end: int,
    unit: Callable[[float], str] = fmt_tick,
    top: float | None = None,
    binary: bool = False,
    sweep: bool = False,
    margin: int = 0,
) -> list[Line]:
    """At most `height` lines of at most `width` cells.

    `end` is the second that the last values belong to, `unit` writes a tick, `top` fixes the upper end of the axis
    (None: a round number above what is shown), `binary` makes it a power of two, `margin` is the least
    room for ticks, so that charts stand in line. A time axis needs four rows, a legend six.
    """
    if width < 8 or height < 1:
        return []
    if greatest([one.values for one in series]) is None:
        return _nothing(width, height)
    legend = len(series) > 1 and height >= 6
    axis = height >= 4
    rows = height - axis - legend
    ceiling = top
    if ceiling is None:
        seen = [list(one.values)[-seconds:] for one in series]
        ceiling = nice_top(greatest(seen) or 0.0, binary=binary)
    ticks = _ticks(rows, ceiling, unit)
    margin = max(margin, *(line_width([(text, "")]) for text in ticks.values()))
    plot = width - margin - 1
    columns = [buckets(one.values, columns_of(plot), seconds=seconds, end=end, sweep=sweep) for one in series]
    result: list[Line] = [_legend(series, width)] if legend else []
    body = _filled(series[0], columns[0], rows, ceiling) if len(series) == 1 else _thin(series, columns, rows, ceiling)
    for row, line in enumerate(body):
        wall = glyphs().corner if row in ticks else glyphs().wall
        result.append([(f"{ticks.get(row, ''):>{margin}}", "dim"), (wall, "dim"), *line])
    if axis:
        result.append([(" " * (margin + 1) + _time_axis(plot, seconds, sweep=sweep), "dim")])
    return result


class Chart(Lines):
    """A chart as large as its room."""

    def __init__(
        self,
        *,
        seconds: int = 300,
        unit: Callable[[float], str] = fmt_tick,
        top: float | None = None,
        binary: bool = False,
        sweep: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.seconds, self.sweep = seconds, sweep
        self._unit, self._top, self._binary = unit, top, binary
        self._series: Sequence[Series] = ()
        self._end = 0

    def show(self, series: Sequence[Series], end: int) -> None:
        """Shows the series; `end` is the second that their last values belong to."""
        self._series, self._end = series, end
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """The rows."""
        return chart(
            self._series,
            width,
            height,
            seconds=self.seconds,
            end=self._end,
            unit=self._unit,
            top=self._top,
            binary=self._binary,
            sweep=self.sweep,
        )


def _nothing(width: int, height: int) -> list[Line]:
    text = tr("not measured yet")
    pad = max(0, (width - line_width([(text, "")])) // 2)
    return [[]] * ((height - 1) // 2) + [cut([(" " * pad + text, "dim")], width)]


def _ticks(rows: int, ceiling: float, unit: Callable[[float], str]) -> dict[int, str]:
    """Labels by row: the top, zero, and the middle where there is room."""
    ticks = {0: unit(ceiling)}
    if rows >= 5:
        ticks[rows // 2] = unit(ceiling / 2)
    if rows >= 2:
        ticks[rows - 1] = unit(0)
    return ticks


def _filled(one: Series, columns: Values, rows: int, ceiling: float) -> list[Line]:
    return [[(text, one.tag)] for text in bars(columns, rows, ceiling)]


def _thin(series: Sequence[Series], columns: Sequence[Values], rows: int, ceiling: float) -> list[Line]:
    result: list[Line] = []
    for row in traces(columns, rows, ceiling):
        line: Line = []
        for who, cells in groupby(row, key=lambda cell: cell[1]):
            line.append(("".join(glyph for glyph, _ in cells), series[who].tag if who >= 0 else ""))
        result.append(line)
    return result


def _legend(series: Sequence[Series], width: int) -> Line:
    line: Line = []
    for index, one in enumerate(series):
        line += [(f"{mark_of(index)} ", one.tag), (f"{one.name}  ", "dim")]
    return cut(line, width)


def _time_axis(width: int, seconds: int, *, sweep: bool) -> str:
    """`5m … now` under the plot. In sweep mode a place has no fixed age, so only the span is named."""
    if sweep:
        return _span(seconds).rjust(width)
    step, count = pace(columns_of(width), seconds)
    per_cell = step * count / width
    row = list(" " * width)
    now = tr("now")
    parts = 4 if width >= 48 else 2
    marks = [(width - len(now), now)]
    for part in range(1, parts + 1):
        ago = seconds * part // parts
        label = _span(ago)
        marks.append((max(0, round(width - ago / per_cell) - len(label) // 2), label))
    end = width + 1
    for start, label in marks:
        if start + len(label) < end:
            row[start : start + len(label)] = label
            end = start
    return "".join(row[:width])


def _span(seconds: int) -> str:
    if seconds % 60 == 0:
        return f"{seconds // 60}m"
    return f"{seconds}s" if seconds < 60 else f"{seconds // 60}m{seconds % 60:02d}"
