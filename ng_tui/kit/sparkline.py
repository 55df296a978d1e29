"""A small chart without axes, one style for the whole row."""

from __future__ import annotations

from typing import Any

from ng_tui.kit.lines import Line, Lines
from ng_tui.kit.raster import Values, bars, buckets, columns_of, greatest


def sparkline(
    values: Values,
    width: int,
    *,
    seconds: int = 60,
    end: int = 0,
    height: int = 1,
    top: float | None = None,
    sweep: bool = False,
) -> list[str]:
    """Rows of exactly `width` cells. `top` is the value of a full column; None takes the greatest one shown."""
    columns = buckets(values, columns_of(width), seconds=seconds, end=end, sweep=sweep)
    return bars(columns, height, top if top is not None else greatest([columns]) or 1.0)


class Sparkline(Lines):
    """A sparkline as large as its room."""

    DEFAULT_CSS = "Sparkline { height: 1; }"

    def __init__(
        self, *, seconds: int = 60, top: float | None = None, tag: str = "chart-1", sweep: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self._seconds, self._top, self._tag, self._sweep = seconds, top, tag, sweep
        self._values: Values = ()
        self._end = 0

    def show(self, values: Values, end: int) -> None:
        """Shows the values; `end` is the second that the last one belongs to."""
        self._values, self._end = values, end
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """The rows."""
        rows = sparkline(
            self._values,
            width,
            seconds=self._seconds,
            end=self._end,
            height=height,
            top=self._top,
            sweep=self._sweep,
        )
        return [[(row, self._tag)] for row in rows]
