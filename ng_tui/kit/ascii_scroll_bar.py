"""A scroll bar for terminals without block characters: whole cells only."""

from __future__ import annotations

from typing import ClassVar

from textual.scrollbar import ScrollBarRender


class AsciiScrollBar(ScrollBarRender):
    """The ends of the thumb are drawn as full cells instead of eighths."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8
