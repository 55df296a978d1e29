"""A widget whose rows are kept as they were drawn until it is refreshed.

When anything is drawn, Textual asks every widget that touches the region for all of its rows, also those that did not
change, and finds out their styles anew.
"""

from __future__ import annotations

from typing import Self

from textual.geometry import NULL_REGION, Region
from textual.strip import Strip
from textual.widget import Widget


class Kept(Widget):
    """Draws by `draw_lines`."""

    _kept: tuple[Region, list[Strip]] = (NULL_REGION, [])

    def draw_lines(self, crop: Region) -> list[Strip]:
        """The rows inside a region of the widget."""
        return super().render_lines(crop)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows for the compositor."""
        if crop != self._kept[0]:
            self._kept = (crop, self.draw_lines(crop))
        return self._kept[1]

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Has the rows drawn anew with the next frame."""
        self._kept = (NULL_REGION, [])
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
