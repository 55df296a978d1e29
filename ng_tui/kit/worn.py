"""How styles look on a widget: over its own, and through the filters of the app, each worked out once."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.color import BLACK, Color
from textual.filter import LineFilter


class Worn(dict[Style | None, Style]):
    """By the style of a text, the one that it is drawn in."""

    def __init__(self, base: Style, filters: Sequence[LineFilter] = (), background: Color = BLACK) -> None:
        """`base` is the style of the widget; `background` is what filters take for that of a text without one."""
        super().__init__()
        self.of = (base, filters, background)

    def __missing__(self, style: Style | None) -> Style:
        """Works one out."""
        base = self.of[0]
        self[style] = found = self.filtered(base + style if style is not None else base)
        return found

    def filtered(self, style: Style) -> Style:
        """The style of the widget and a text, through the filters."""
        _, filters, background = self.of
        segments = [Segment(" ", style)]
        for each in filters:
            segments = each.apply(segments, background)
        return segments[0].style or Style.null()
