"""The tail: a window on a view of the ring that follows the newest record or stays with the record being read.

Rows come from the ring for what is visible and a margin. A reader is pinned to a `seq`: records that leave the ring,
or older ones that a fresh view still finds, move row numbers and never the text under the eye.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ng_tui.client.interface import Ring, View
from ng_tui.client.wire import Row, ViewState
from ng_tui.errors import FilterError
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.kept import Kept
from ng_tui.kit.palette import Palette
from ng_tui.screens.events.scrolling import moved, thumb
from ng_tui.screens.events.tail_row import COLUMN_SETS, Look, draw, gutter
from ng_tui.text import TimeStyle

MARGIN = 16
"""Rows fetched above and below what is visible."""

STRIPS = 2048
"""Drawn rows kept."""

TIME_STYLES: tuple[TimeStyle, ...] = ("clock", "iso", "relative", "delta")


class Tail(Kept, ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a view. Whoever owns the widget advances the view and calls `update`."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Tail {
        background: $background; color: $foreground; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; width: 1fr; height: 1fr;
    }
    """

    class Moved(Message):
        """The cursor is on another record, or following began or ended."""

        def can_replace(self, message: Message) -> bool:
            """Several moves before the next turn are one."""
            return isinstance(message, Tail.Moved)

    class Chosen(Message):
        """A row was clicked."""

    def __init__(
        self,
        ring: Ring,
        view: View,
        now_ns: Callable[[], int],
        *,
        time_style: TimeStyle = "clock",
        hosts: Mapping[str, str] | None = None,
    ) -> None:
        """`hosts`: where the records of several engines come together, their names with the colour of each."""
        super().__init__(id="tail")
        self.ring = ring
        self.view = view
        self.following = True
        self.frozen_at: int | None = None
        """While set, records from this `seq` on are not shown."""
        self.cursor: int | None = None
        """The `seq` that the reader is at; None in an empty view. Kept even while a filter hides it."""
        self.marks: set[int] = set()
        self.rows_moved: Callable[[Region, int], object] = lambda region, lines: None
        """Told when rows of the screen now stand so many lines further up, below zero further down."""
        self._now_ns = now_ns
        self._anchor = (0, 0)  # a seq and the screen row it is held at, while not following
        self._matched = 0
        self._count = 0
        self._rows: list[Row] = []
        self._rows_from = 0
        self._search = ""
        self._syncing = False
        self._thumb = (0, 0)  # length and place of the scroll bar's, as it is shown
        self._hosts = hosts or {}
        self._look = Look(0, time_style=time_style, hosts=tuple(self._hosts))
        self._palette = Palette({})
        self._strips: LRUCache[tuple[int, int | None, int | None], Strip] = LRUCache(STRIPS)

    @property
    def count(self) -> int:
        """Rows that the reader can go through."""
        return self._count

    @property
    def look(self) -> Look:
        """How rows are drawn."""
        return self._look

    @property
    def place(self) -> int:
        """The number of the record under the cursor, from 1; 0 in an empty view."""
        return self._cursor_index() + 1 if self._count else 0

    def show(self, view: View, state: ViewState) -> None:
        """Shows another view. The record under the cursor stays at its screen row; whoever follows keeps following."""
        if not self.following and self.cursor is not None:
            self._anchor = (self.cursor, self._cursor_row())
        self.view = view
        self.update(state)

    def update(self, state: ViewState) -> None:
        """Brings the widget up to date with its view. Call it when the view's state changed."""
        self._matched = state.matched
        self._count = state.matched if self.frozen_at is None else self.view.index_of(self.frozen_at)
        self._place(repaint=False)

    def freeze(self, seq: int) -> None:
        """Shows nothing from `seq` on until `live` is called; what is on the screen stays."""
        self.hold()
        self.frozen_at = seq
        self._count = self.view.index_of(seq)
        self._place()

    def live(self) -> None:
        """Goes to the newest record and follows."""
        self.frozen_at = None
        self.following = True
        self._count = self._matched
        self._place()
        self.post_message(self.Moved())

    def go_to(self, seq: int, *, centre: bool = True) -> None:
        """Puts the cursor on a record, in the middle of the screen or where it is when visible.

        A record that came in after the view was frozen ends the freeze.
        """
        self.following = False
        if self.frozen_at is not None and seq >= self.frozen_at:
            self.frozen_at = None
            self._count = self._matched
        top = self._top()
        index = self.view.index_of(seq)
        visible = top <= index < top + self.size.height
        self.cursor = seq
        self._anchor = (seq, self.size.height // 2 if centre or not visible else index - top)
        self._place()
        self.post_message(self.Moved())

    def hold(self) -> None:
        """Stops following; further records arrive below what is visible."""
        if self.following:
            self.following = False
            self._anchor = (self.view.seq_at(self._top()) or 0, 0)
            self.post_message(self.Moved())

    def move(self, rows: int) -> None:
        """Moves the cursor; down from the newest record it follows."""
        index = self._cursor_index()
        if rows > 0 and index >= self._count - 1:
            if self.frozen_at is None and not self.following:
                self.live()
            return
        self._set_cursor(index + rows)

    def page(self, part: float) -> None:
        """Moves cursor and window by a part of the height."""
        rows = int(part * max(1, self.size.height - 1))
        if rows > 0 and self._top() + self.size.height >= self._count:
            self.move(max(1, self._count - 1 - self._cursor_index()))
            return
        index, top = self._cursor_index(), self._top()
        self._set_cursor(index + rows, top=top + rows)

    def top(self) -> None:
        """Goes to the oldest record."""
        self._set_cursor(0)

    def sideways(self, cells: int) -> None:
        """Scrolls the text column."""
        self._change(replace(self._look, x=max(0, min(8192, self._look.x + cells))))

    def next_columns(self) -> str:
        """Shows the next set of columns and returns its name."""
        number = (self._look.columns + 1) % len(COLUMN_SETS)
        self._change(replace(self._look, columns=number))
        return COLUMN_SETS[number]

    def next_time_style(self) -> TimeStyle:
        """Shows times in the next form and returns its name."""
        style = TIME_STYLES[(TIME_STYLES.index(self._look.time_style) + 1) % len(TIME_STYLES)]
        self._change(replace(self._look, time_style=style))
        return style

    def search(self, filter: str) -> None:
        """Makes the words of a filter stand out; the empty filter none."""
        self._search = filter
        self._change(replace(self._look, revision=self._look.revision + 1))

    def row(self) -> Row | None:
        """The row under the cursor; None in an empty view."""
        index = self._cursor_index()
        found = self.view.rows(index, 1) if index < self._count else []
        return found[0] if found else None

    def tick(self) -> None:
        """Draws ages anew when the second changed; nothing in other forms of time."""
        if self._look.time_style == "relative":
            second = self._now_ns() // 1_000_000_000
            if second != self._look.now_s:
                self._change(replace(self._look, now_s=second))

    def render_line(self, y: int) -> Strip:
        """One row for the compositor."""
        return self._strip(y, self.scrollable_content_region.width, self._top(), self.rich_style)

    def _strip(self, y: int, width: int, top: int, base: Style) -> Strip:
        """One row, drawn once for each record and look."""
        if self._look.width != width:
            self._set_look(replace(self._look, width=width))
        index = y + top
        place = index - self._rows_from
        if not 0 <= place < len(self._rows) or index >= self._count:
            return Strip.blank(width, base)
        row = self._rows[place]
        previous = self._rows[place - 1].time_ns if place and self._look.time_style == "delta" else None
        key = (row.seq, row.gap, previous)
        strip = self._strips.get(key)
        if strip is None:
            strip = draw(row, previous, self._look, self._palette, self._hits(row), base)
            self._strips[key] = strip
        at_cursor, marked = row.seq == self.cursor, row.seq in self.marks
        if not at_cursor and not marked:
            return strip
        first = gutter(cursor=at_cursor, marked=marked, look=self._look, palette=self._palette)
        base = base + self._palette.on("panel") if at_cursor else base
        segments = [Segment(first.text, base + first.style if first.style else base), *strip.crop(1)]
        if at_cursor:
            over = self._palette.on("panel")
            segments = [Segment(text, style + over if style else over) for text, style, _ in segments]
        return Strip(segments, width)

    def draw_lines(self, crop: Region) -> list[Strip]:
        """The rows as they are kept: of a strip that is the same as before nothing has to be found out again."""
        width = self.outer_size.width
        if self.opacity != 1.0 or crop.column_span != (0, width):
            return super().draw_lines(crop)
        inner, top, base = self.scrollable_content_region.width, self._top(), self.rich_style
        # What the scroll bar covers is left out.
        strips = [self._strip(y, inner, top, base) for y in crop.line_range]
        _, background = self.background_colors
        for each in self.get_line_filters():
            strips = [strip.apply_filter(each, background) for strip in strips]
        return strips

    def notify_style_update(self) -> None:
        """Forgets drawn rows when the theme changed."""
        super().notify_style_update()
        self._palette = Palette(self.app.theme_variables, self._hosts)
        self._strips.clear()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """A wheel or a drag of the scroll bar pins the reader to the new top row."""
        if self._syncing:
            return
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) == round(new_value):
            return
        top = round(new_value)
        if self.frozen_at is None and top + self.size.height >= self._count:
            self.live()
            return
        self._set_cursor(min(max(self._cursor_index(), top), top + self.size.height - 1), top=top)

    def on_mount(self) -> None:
        """Draws with the glyphs of the terminal."""
        super().on_mount()  # type: ignore[no-untyped-call]
        self._set_look(replace(self._look, glyphs=glyphs().name))

    def on_resize(self, event: events.Resize) -> None:
        """Keeps the pinned record where it was and the cursor in sight, or follows."""
        del event
        if self.following or self.cursor is None or not self._count:
            self._place()
        else:
            self._set_cursor(self._cursor_index(), keep=True)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor."""
        index = self._top() + event.y
        if index < self._count:
            self._set_cursor(index)
            self.post_message(self.Chosen())

    def _top(self) -> int:
        return round(self.scroll_offset.y)

    def _cursor_index(self) -> int:
        if self.following or self.cursor is None:
            return max(0, self._count - 1)
        return min(self.view.index_of(self.cursor), max(0, self._count - 1))

    def _cursor_row(self) -> int:
        """The screen row of the cursor."""
        return min(max(0, self._cursor_index() - self._top()), max(0, self.size.height - 1))

    def _set_cursor(self, index: int, *, top: int | None = None, keep: bool = False) -> None:
        """Puts the cursor on a row, scrolls no more than needed, and pins the top row.

        With `keep` the record that the cursor stands for stays, also one that a filter hides.
        """
        if not self._count:
            return
        self.following = False
        height = self.size.height
        index = min(max(0, index), self._count - 1)
        top = self._top() if top is None else top
        top = min(max(top, index - height + 1), index)
        top = min(max(0, top), max(0, self._count - height))
        if not keep:
            self.cursor = self.view.seq_at(index)
        self._anchor = (self.view.seq_at(top) or 0, 0)
        self._place()
        self.post_message(self.Moved())

    def _place(self, *, repaint: bool = True) -> None:
        """Scrolls to where the reader is pinned, or to the end, and fetches the rows around it.

        Without `repaint` nothing is drawn when the same rows stand in the same place.
        """
        height = self.size.height
        if not height:
            # What is shown later is not to be taken for scrolled by hand, because there was less then.
            self._reach(Size(self.virtual_size.width, self._count))
            return
        last = max(0, self._count - height)
        if self.following:
            top = last
            newest = self.view.seq_at(self._count - 1) if self._count else None
            self.cursor = newest if newest is not None else self.cursor
        else:
            top = min(max(0, self.view.index_of(self._anchor[0]) - self._anchor[1]), last)
        before = self._visible()
        self._rows_from = max(0, top - MARGIN)
        wanted = min(self._count, top + height + MARGIN) - self._rows_from
        self._rows = self.view.rows(self._rows_from, wanted) if wanted > 0 else []
        self._syncing = True
        self._reach(Size(self.scrollable_content_region.width, self._count))
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
        self._syncing = False
        self._show_place(top)
        after = self._visible()
        if repaint or after != before:
            if lines := moved(before, after):
                self.rows_moved(self.content_region, lines)
            self.refresh()

    def _reach(self, size: Size) -> None:
        """Says how far can be scrolled. The screen is not laid out anew for it, since nothing has another size."""
        if size.width != self.virtual_size.width:
            self.virtual_size = size
        else:
            self.set_reactive(Tail.virtual_size, size)

    def _show_place(self, top: int) -> None:
        """Moves the scroll bar when that is to be seen; under a tail that runs, when it is a whole cell."""
        height = self.size.height
        if (seen := thumb(height, self._count, top, fine=not self.following)) != self._thumb:
            self._thumb = seen
            bar = self.vertical_scrollbar
            bar.window_virtual_size, bar.window_size, bar.position = self._count, height, top

    def _visible(self) -> list[int]:
        """The `seq` of each row on the screen."""
        first = self._top() - self._rows_from
        return [row.seq for row in self._rows[max(0, first) : first + self.size.height]]

    def _change(self, look: Look) -> None:
        self._set_look(look)
        self.refresh()

    def _set_look(self, look: Look) -> None:
        self._look = look
        self._strips.clear()

    def _hits(self, row: Row) -> list[tuple[int, int]]:
        if not self._search:
            return []
        try:
            return self.ring.highlights(self._search, row.text)
        except FilterError:
            return []
