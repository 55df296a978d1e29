"""From values a second to rows of characters: buckets of time, filled columns, and thin lines.

A column is the smallest step sideways: half a cell in braille, a whole cell in block and ascii. Buckets are aligned to
the clock, not to the first value, so a value never changes its bucket while the picture moves on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ng_tui.kit.glyphs import glyphs

Values = Sequence[float | None]
"""One value a second, newest last; None where nothing was measured."""

_LEFT = (0x40, 0x04, 0x02, 0x01)
_RIGHT = (0x80, 0x20, 0x10, 0x08)
_BRAILLE = [
    [chr(0x2800 + sum(_LEFT[:left]) + sum(_RIGHT[:right])) if left or right else " " for right in range(5)]
    for left in range(5)
]
"""A cell of two columns, by how many dots of each are filled from below."""

_ASCII_MARKS = "*o+x%#"
_BLOCK_MARKS = "•◦▪▫◆◇"


def columns_of(width: int) -> int:
    """Columns in `width` cells."""
    return width * 2 if glyphs().name == "braille" else width


def pace(columns: int, seconds: int) -> tuple[int, int]:
    """`(seconds in a bucket, number of buckets)` so that at most `columns` buckets show at least `seconds`."""
    step = max(1, math.ceil(seconds / max(1, columns)))
    return step, max(1, math.ceil(seconds / step))


def buckets(values: Values, columns: int, *, seconds: int, end: int, sweep: bool = False) -> list[float | None]:
    """The greatest value of each column, None where nothing was measured.

    `end` is the second (of any fixed clock) that the last value belongs to. With `sweep` a value stays where it was
    drawn and the pen moves, so that a repaint changes two cells; else the newest is at the right.
    """
    step, count = pace(columns, seconds)
    newest = end // step
    found: dict[int, float] = {}
    for age, value in enumerate(reversed(values)):
        bucket = (end - age) // step
        if newest - bucket >= count:
            break
        if value is not None and math.isfinite(value) and value > found.get(bucket, -math.inf):
            found[bucket] = value
    if sweep:
        pen = newest % count
        ids = [newest - pen + place if place <= pen else newest - pen + place - count for place in range(count)]
        if count > 2:
            found.pop(newest - count + 1, None)
    else:
        ids = list(range(newest - count + 1, newest + 1))
    return [found.get(ids[column * count // columns]) for column in range(columns)]


def bars(columns: Values, height: int, top: float) -> list[str]:
    """Columns filled from below, first row uppermost. A measured zero is the lowest dot; None is a hole."""
    steps = 4 if glyphs().name == "braille" else 8
    levels = [_level(value, top, height * steps) for value in columns]
    if steps == 4 and len(levels) % 2:
        levels.append(0)
    rows = []
    for row in range(height):
        base = (height - 1 - row) * steps
        part = [min(steps, max(0, level - base)) for level in range(height * steps + 1)]  # of each level, in this row
        if steps == 4:
            pairs = zip(levels[::2], levels[1::2], strict=True)
            rows.append("".join([_BRAILLE[part[left]][part[right]] for left, right in pairs]))
        else:
            cells = [glyphs().heights[filled] for filled in part]
            rows.append("".join([cells[level] for level in levels]))
    return rows


def traces(series: Sequence[Values], height: int, top: float) -> list[list[tuple[str, int]]]:
    """Thin lines of several series in one picture: rows of `(character, index of the series)`, -1 where nothing is.

    A cell that two lines cross belongs to the later one.
    """
    braille = glyphs().name == "braille"
    per_cell = 4 if braille else 1
    width = max((len(values) for values in series), default=0)
    cells = (width + 1) // 2 if braille else width
    dots = [[0] * cells for _ in range(height)]
    owner = [[-1] * cells for _ in range(height)]
    for index, values in enumerate(series):
        before: int | None = None
        for x, value in enumerate(values):
            level = _level(value, top, height * per_cell) - 1
            if level < 0:
                before = None
                continue
            start = level if before is None else before + (level > before) - (level < before)
            for y in range(min(start, level), max(start, level) + 1):
                row, column = height - 1 - y // per_cell, x // 2 if braille else x
                bit = (_RIGHT if x % 2 else _LEFT)[y % 4] if braille else 1
                dots[row][column] = dots[row][column] | bit if braille else bit
                owner[row][column] = index
            before = level
    return [
        [(_trace_glyph(dot, who), who) for dot, who in zip(row, owners, strict=True)]
        for row, owners in zip(dots, owner, strict=True)
    ]


def mark_of(index: int) -> str:
    """The sign of a series in a legend."""
    return "•" if glyphs().name == "braille" else _trace_glyph(1, index)


def nice_top(greatest: float, *, binary: bool = False) -> float:
    """The smallest round number at or above `greatest`: such as 1.5 or 4 times a power of ten, or a power of two."""
    if not math.isfinite(greatest) or greatest <= 0:
        return 1.0
    if binary:
        return 2.0 ** math.ceil(math.log2(max(1.0, greatest)))
    power = 10.0 ** math.floor(math.log10(greatest))
    for factor in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8):
        if greatest <= factor * power * (1 + 1e-9):
            return factor * power
    return 10 * power


def greatest(series: Sequence[Values]) -> float | None:
    """The greatest measured value; None when nothing was measured."""
    return max((v for values in series for v in values if v is not None and math.isfinite(v)), default=None)


def _level(value: float | None, top: float, steps: int) -> int:
    if value is None or not math.isfinite(value):
        return 0
    return max(1, min(steps, round(value / top * steps))) if top > 0 else 1


def _trace_glyph(dots: int, who: int) -> str:
    if not dots:
        return " "
    match glyphs().name:
        case "braille":
            return chr(0x2800 + dots)
        case "block":
            return _BLOCK_MARKS[who % len(_BLOCK_MARKS)]
        case _:
            return _ASCII_MARKS[who % len(_ASCII_MARKS)]
