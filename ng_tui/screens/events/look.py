"""What decides how rows of the tail are drawn: columns, form of time, signs, width."""

from __future__ import annotations

from dataclasses import dataclass

from ng_tui.kit.glyphs import GlyphName
from ng_tui.text import TimeStyle

COLUMN_SETS = ("standard", "type", "text")
"""What `x` goes through: without and with the type, and only time, level and text."""

TIME_STYLES: tuple[TimeStyle, ...] = ("clock", "iso", "relative", "delta")
"""What `T` goes through."""


@dataclass(frozen=True)
class Signs:
    """The signs of one glyph set; every one is one cell wide."""

    cursor: str = "▌"
    mark: str = "◆"
    reject: str = "✗"
    flag: str = "⚑"
    alert: str = "▲"
    novel: str = "+"
    gap: str = "┄"
    cut: str = "…"
    lines: str = "⏎"
    steps: str = "▏▎▍▌▋▊▉█"
    """A cell of the novelty bar, from the least to full."""


SIGNS: dict[GlyphName, Signs] = {
    "braille": Signs(steps="⡀⡄⡆⡇⣇⣧⣷⣿"),
    "block": Signs(reject="x", flag="!"),
    "ascii": Signs(cursor=">", mark="*", reject="x", flag="!", alert="^", gap="-", cut="~", lines="/", steps="-="),
}


@dataclass(frozen=True)
class Look:
    """What decides how a row is drawn besides the row itself; strips are kept under it."""

    width: int
    columns: int = 0
    """Index into COLUMN_SETS."""
    time_style: TimeStyle = "clock"
    x: int = 0
    """Cells that the text is scrolled to the right."""
    glyphs: GlyphName = "braille"
    now_s: int = 0
    """The second that ages are counted to; 0 unless times are relative."""
    hosts: tuple[str, ...] = ()
    """The engines that the records come from, where there are several."""

    @property
    def next_columns(self) -> int:
        """The set of columns that follows."""
        return (self.columns + 1) % len(COLUMN_SETS)

    @property
    def next_time_style(self) -> TimeStyle:
        """The form of time that follows."""
        return TIME_STYLES[(TIME_STYLES.index(self.time_style) + 1) % len(TIME_STYLES)]
