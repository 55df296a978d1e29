"""Which characters charts and marks are drawn with: braille, block, or ascii for terminals without either.

One choice for the whole console, set once by whoever knows the terminal. Widgets look glyphs up when they draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GlyphName = Literal["braille", "block", "ascii"]


@dataclass(frozen=True)
class Glyphs:
    """One set. Every mark is one cell wide."""

    name: GlyphName
    active: str = "●"
    off: str = "○"
    error: str = "!"
    pending: str = "◌"
    observe: str = "◐"
    enforce: str = "●"
    firing: str = "▲"
    resolved: str = "✓"
    waiting: str = "◔"
    cursor: str = "▌"
    changed: str = "◆"
    rule: str = "─"
    wall: str = "│"
    corner: str = "┤"
    axis: str = "┴"
    full: str = "█"
    empty: str = "░"
    thumb: str = "┃"
    up: str = "▲"
    down: str = "▼"
    parts: str = "▏▎▍▌▋▊▉"
    """Cells filled from the left in eighths; empty where the set has only whole cells."""

    heights: str = " ▁▂▃▄▅▆▇█"
    """Cells filled from below, from empty to full."""

    plain: dict[int, str] | None = None
    """What else must be replaced in texts of our own for this set."""


_SETS: dict[str, Glyphs] = {
    "braille": Glyphs("braille"),
    "block": Glyphs("block"),
    "ascii": Glyphs(
        "ascii",
        active="*",
        off="o",
        pending="~",
        observe="o",
        enforce="*",
        firing="^",
        resolved="+",
        waiting=".",
        cursor=">",
        changed="*",
        rule="-",
        wall="|",
        corner="+",
        axis="+",
        full="#",
        empty=".",
        thumb="|",
        up="^",
        down="v",
        parts="",
        heights=" .:-=+*#@",
        plain=str.maketrans({"—": "-", "µ": "u", "…": "~", "·": "-", "→": ">", "≤": "<", "×": "x", "–": "-"}),
    ),
}
_chosen = _SETS["braille"]


def use_glyphs(name: GlyphName) -> None:
    """Chooses the set for everything drawn from here on; widgets on screen need a refresh."""
    global _chosen
    _chosen = _SETS[name]


def glyphs() -> Glyphs:
    """The chosen set."""
    return _chosen
