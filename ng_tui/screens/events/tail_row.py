"""One row of the tail as a strip: its columns, or across all of them what is missing here."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from ng_tui.client.wire import Row
from ng_tui.connection import split_source
from ng_tui.i18n import ntr
from ng_tui.kit.palette import Palette
from ng_tui.kit.worn import Worn
from ng_tui.screens.events.columns import Cell, cut, layout
from ng_tui.screens.events.look import SIGNS, Look
from ng_tui.screens.events.window import NOTICE
from ng_tui.text import fmt_count


def draw(
    row: Row, previous_ns: int | None, look: Look, palette: Palette, hits: Sequence[tuple[int, int]], worn: Worn
) -> Strip:
    """The row on one line of `look.width` cells, without cursor and mark: the gutter is blank."""
    segments = _gap(row, look, palette) if row.gap is not None else _row(row, previous_ns, look, palette, hits)
    segments = [Segment(text, worn[style]) for text, style, _ in segments]
    room = look.width - sum(cell_len(text) for text, _, _ in segments)
    if room < 0:
        return Strip(segments).crop(0, look.width)
    return Strip([*segments, Segment(" " * room, worn[None])] if room else segments, look.width)


def _row(
    row: Row, previous_ns: int | None, look: Look, palette: Palette, hits: Sequence[tuple[int, int]]
) -> list[Segment]:
    cell = Cell(row, previous_ns, hits, look, palette, SIGNS[look.glyphs])
    segments = [Segment(" ")]
    for column, width in layout(look):
        segments += column.draw(cell, width)
    return segments


def gutter(*, cursor: bool, marked: bool, look: Look, palette: Palette) -> Segment:
    """The first cell of a row."""
    signs = SIGNS[look.glyphs]
    if marked:
        return Segment(signs.mark, palette.style("mark", bold=True))
    return Segment(signs.cursor, palette.style("primary")) if cursor else Segment(" ")


def _gap(row: Row, look: Look, palette: Palette) -> list[Segment]:
    """A full-width row that says what is missing here."""
    signs = SIGNS[look.glyphs]
    # A gap may stand for a cut line, where no whole record is missing.
    count = ntr("{n} record missing", "{n} records missing", row.gap, n=fmt_count(row.gap)) if row.gap else ""
    host, _ = split_source(row.source, look.hosts)
    reason = row.text.rpartition(" missing: ")[2]  # some of them say the count too
    label = row.text if row.type == NOTICE else ": ".join(part for part in (host, count, reason) if part)
    label = f" {label} "
    label = cut(label, max(1, min(cell_len(label), look.width - 6)), signs)
    left = 3
    right = max(0, look.width - 1 - left - cell_len(label))
    return [Segment(" "), Segment(signs.gap * left + label + signs.gap * right, palette.style("gap", bold=True))]
