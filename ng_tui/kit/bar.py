"""A horizontal gauge."""

from __future__ import annotations

import math

from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line
from ng_tui.text import ABSENT, fit

WARN = 0.75
BAD = 0.9


def bar(share: float | None, width: int, *, calm: bool = False) -> Line:
    """A bar of exactly `width` cells, filled to `share` of 0 to 1; nothing is drawn when it was not measured.

    Above WARN and BAD the tag changes, unless a full bar is nothing to worry about (`calm`).
    """
    mark = glyphs()
    if share is None or not math.isfinite(share):
        return [(fit(ABSENT, width), "dim")]
    share = min(1.0, max(0.0, share))
    eighths = round(share * width * 8)
    whole, rest = divmod(eighths, 8)
    part = mark.parts[rest - 1] if rest and mark.parts else ""
    tag = "good" if calm or share < WARN else "warn" if share < BAD else "bad"
    return [(mark.full * whole + part, tag), (mark.empty * (width - whole - len(part)), "dim")]


def gauge(
    name: str, share: float | None, value: str, width: int, *, name_width: int = 10, value_width: int = 9
) -> Line:
    """A name, a bar, and the value in words, in exactly `width` cells."""
    room = width - name_width - value_width - 2
    if room < 3:
        return [(fit(name, max(1, width - value_width - 1)), "dim"), (" " + fit(value, value_width, "right"), "")]
    return [
        (fit(name, name_width) + " ", "dim"),
        *bar(share, room),
        (" " + fit(value, value_width, "right"), ""),
    ]
