"""Draws rows, each once for as long as it looks the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip

from ng_tui.client.interface import Ring
from ng_tui.client.wire import Row
from ng_tui.errors import FilterError
from ng_tui.kit.palette import Palette
from ng_tui.kit.worn import Worn
from ng_tui.screens.events.look import Look
from ng_tui.screens.events.tail_row import draw, gutter
from ng_tui.text import TimeStyle

STRIPS = 512
"""Drawn rows kept."""


class RowPainter:
    """Makes strips of rows. `look` says how; what stands out is what `search` names."""

    def __init__(self, ring: Ring, time_style: TimeStyle, hosts: Mapping[str, str]) -> None:
        """`hosts`: names of the engines whose records come together, with the colour of each."""
        self.look = Look(0, time_style=time_style, hosts=tuple(hosts))
        self._ring = ring
        self._hosts = hosts
        self._search = ""
        self._palette = Palette({})
        self._strips: LRUCache[tuple[int, int | None, int | None], Strip] = LRUCache(STRIPS)
        self._worn = Worn(Style.null())

    def change(self, **values: Any) -> None:
        """Draws with other fields of `look` from now on."""
        self.look = replace(self.look, **values)
        self._strips.clear()

    def search(self, filter: str) -> None:
        """Makes the words of a filter stand out; the empty filter none."""
        self._search = filter
        self._strips.clear()

    def use_theme(self, variables: Mapping[str, str]) -> None:
        """Draws in the colours of a theme."""
        self._palette = Palette(variables, self._hosts)
        self._strips.clear()

    def wear(self, worn: Worn) -> None:
        """Draws over a style, and through filters, of others than before."""
        if worn.of != self._worn.of:
            self._worn = worn
            self._strips.clear()

    def strip(self, row: Row, before: Row | None, at_cursor: bool, marked: bool, *, runs: bool = False) -> Strip:
        """A row on one line. `before` is the row above it.

        Under a tail that runs the cursor is a mark and no more, for the next row has it soon.
        """
        previous = before.time_ns if before is not None and self.look.time_style == "delta" else None
        key = (row.seq, row.gap, previous)
        strip = self._strips.get(key)
        if strip is None:
            strip = draw(row, previous, self.look, self._palette, self._hits(row), self._worn)
            self._strips[key] = strip
        if not at_cursor and not marked:
            return strip
        first = gutter(cursor=at_cursor, marked=marked, look=self.look, palette=self._palette)
        over = self._palette.on("panel") if at_cursor and not runs else Style.null()
        base = self._worn.of[0] + over
        segments = [Segment(first.text, base + first.style if first.style else base), *strip.crop(1)]
        if at_cursor and not runs:
            segments = [Segment(text, style + over if style else over) for text, style, _ in segments]
        return Strip([Segment(text, self._worn.filtered(style)) for text, style, _ in segments], self.look.width)

    def blank(self, width: int) -> Strip:
        """A row where nothing is."""
        return Strip.blank(width, self._worn[None])

    def _hits(self, row: Row) -> list[tuple[int, int]]:
        if not self._search:
            return []
        try:
            return self._ring.highlights(self._search, row.text)
        except FilterError:
            return []
