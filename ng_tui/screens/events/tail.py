"""The tail: a window on a view of the ring that follows the newest record or stays with the record being read.

Rows come from the ring for what is visible and a margin. A reader is pinned to a `seq`: records that leave the ring,
or older ones that a fresh view still finds, move row numbers and never the text under the eye.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollTo
from textual.strip import Strip

from ng_tui.client.interface import Ring, View
from ng_tui.client.wire import Row, ViewState
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.kept import Kept
from ng_tui.kit.worn import Worn
from ng_tui.screens.events.look import Look
from ng_tui.screens.events.marks import Marks
from ng_tui.screens.events.past_window import PastWindow
from ng_tui.screens.events.row_painter import RowPainter
from ng_tui.screens.events.scrolling import moved, show_thumb, thumb
from ng_tui.screens.events.window import NOTICE, Window
from ng_tui.screens.events.windows import Windows
from ng_tui.text import TimeStyle

MARGIN = 16
"""Rows fetched above and below what is visible."""


class Tail(Kept, ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a view. Whoever owns the widget advances the view and calls `update`."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Tail {
        background: $background; color: $foreground; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; width: 1fr; height: 1fr;
        &.-following { scrollbar-background: $background; }
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
        self.following = True
        self.windows = Windows(ring, view)
        """What the reader goes through."""
        self.cursor: int | None = None
        """The `seq` that the reader is at; None in an empty view. Kept even while a filter hides it."""
        self.marks = Marks()
        self.rows_moved: Callable[[Region, int], object] = lambda region, lines: None
        """Told when rows of the screen now stand so many lines further up, below zero further down."""
        self._now_ns = now_ns
        self._anchor = (0, 0)  # a seq and the screen row it is held at, while not following
        self._rows: list[Row] = []
        self._rows_from = 0
        self._syncing = False
        self._height = 0  # for which the rows were placed
        self._thumb = (-1, -1)  # length and place of the scroll bar's, as it is shown
        self._painter = RowPainter(ring, time_style, hosts or {})

    @property
    def window(self) -> Window | PastWindow:
        """What the reader goes through now."""
        return self.windows.shown

    @property
    def count(self) -> int:
        """Events that the reader can go through."""
        return self.window.events

    @property
    def look(self) -> Look:
        """How rows are drawn."""
        return self._painter.look

    @property
    def place(self) -> int:
        """The number of the record under the cursor, from 1; 0 in an empty view."""
        return min(max(1, self._cursor_index() - self.window.lead + 1), self.count) if self.count else 0

    def show(self, view: View, state: ViewState, filter: str) -> None:
        """Shows another view, that of `filter`.

        The record under the cursor stays at its screen row; whoever follows keeps following.
        """
        if not self.following and self.cursor is not None:
            self._anchor = (self.cursor, self._cursor_row())
        self.windows.show(view, state, filter, self._anchor[0])
        self.update(state)

    def update(self, state: ViewState) -> None:
        """Brings the widget up to date with its view. Call it when the view's state changed."""
        self.windows.update(state, lambda: [row.seq for row in self._visible() if row.type != NOTICE])
        self._place(repaint=False)

    def freeze(self) -> None:
        """Shows nothing that comes later until `live` is called; what is on the screen stays."""
        self.hold()
        self.windows.freeze()
        self._place()

    def live(self) -> None:
        """Goes to the newest record and follows."""
        self.windows.follow()
        self.following = True
        self._place()
        self.post_message(self.Moved())

    def go_to(self, seq: int, *, centre: bool = True) -> None:
        """Puts the cursor on a record, in the middle of the screen or where it is when visible.

        A record that came in after the view was frozen ends the freeze.
        """
        if self.windows.find(seq, partial(self._settle, seq, centre=centre)):
            self.hold()

    def _settle(self, seq: int, *, centre: bool) -> None:
        """Puts the cursor on a record that is here, else on the one behind its place."""
        self.following = False
        self.windows.settle(seq)
        self.windows.hold()
        top = self._top()
        index = self.window.index_of(seq)
        visible = top <= index < top + self.size.height
        self.cursor = seq
        self._anchor = (seq, self.size.height // 2 if centre or not visible else index - top)
        self._place()
        self.post_message(self.Moved())

    def hold(self) -> None:
        """Stops following; further records arrive below what is visible."""
        if self.following:
            self.following = False
            self._anchor = (self.window.seq_at(self._top()) or 0, 0)
            self.windows.hold()
            self.post_message(self.Moved())

    def move(self, rows: int) -> None:
        """Moves the cursor; down from the newest record it follows."""
        index = self._cursor_index()
        if rows > 0 and index >= self.window.count - 1:
            if self.windows.frozen_at is None and not self.following:
                self._go_on()
            return
        if index + rows < self.window.lead and self._go_back(partial(self.move, rows)):
            return
        self._set_cursor(index + rows)

    def page(self, part: float) -> None:
        """Moves cursor and window by a part of the height."""
        rows = int(part * max(1, self.size.height - 1))
        if rows > 0 and self._top() + self.size.height >= self.window.count:
            self.move(max(1, self.window.count - 1 - self._cursor_index()))
            return
        index, top = self._cursor_index(), self._top()
        if top + rows < 0 and self._go_back(partial(self.page, part)):
            return
        self._set_cursor(index + rows, top=top + rows)

    def top(self) -> None:
        """Goes to the oldest record of all."""
        if self.windows.go_to_oldest(partial(self._set_cursor, 1, top=0)):
            self.hold()
        else:
            self._set_cursor(0)

    def sideways(self, cells: int) -> None:
        """Scrolls the text column."""
        self.change(x=max(0, min(8192, self.look.x + cells)))

    def search(self, filter: str) -> None:
        """Makes the words of a filter stand out; the empty filter none."""
        self._painter.search(filter)
        self.refresh()

    def row(self) -> Row | None:
        """The row under the cursor; None in an empty view."""
        found = self.window.rows(self._cursor_index(), 1)
        return found[0] if found and found[0].type != NOTICE else None

    def tick(self) -> None:
        """Draws ages anew when the second changed; nothing in other forms of time. Examines more of what is held."""
        if self.windows.tick():
            self._place()
        if self.look.time_style == "relative":
            second = self._now_ns() // 1_000_000_000
            if second != self.look.now_s:
                self.change(now_s=second)

    def render_line(self, y: int) -> Strip:
        """One row for the compositor."""
        self._painter.wear(Worn(self.rich_style))
        return self._strip(y, self.scrollable_content_region.width, self._top())

    def _strip(self, y: int, width: int, top: int) -> Strip:
        if self.look.width != width:
            self._painter.change(width=width)
        index = y + top
        place = index - self._rows_from
        if not 0 <= place < len(self._rows) or index >= self.window.count:
            return self._painter.blank(width)
        row, before = self._rows[place], self._rows[place - 1] if place else None
        return self._painter.strip(row, before, row.seq == self.cursor, row.seq in self.marks, runs=self.following)

    def draw_lines(self, crop: Region) -> list[Strip]:
        """The rows as they are kept: of a strip that is the same as before nothing has to be found out again."""
        width = self.outer_size.width
        if self.opacity != 1.0 or crop.column_span != (0, width):
            return super().draw_lines(crop)
        inner, top = self.scrollable_content_region.width, self._top()
        self._painter.wear(Worn(self.rich_style, self.get_line_filters(), self.background_colors[1]))
        return [self._strip(y, inner, top) for y in crop.line_range]

    def notify_style_update(self) -> None:
        """Forgets drawn rows when the theme changed."""
        super().notify_style_update()
        self._painter.use_theme(self.app.theme_variables)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """A wheel or a drag of the scroll bar pins the reader to the new top row."""
        if self._syncing or self.size.height != self._height:  # Laid out anew, and placed with its resize.
            return
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) == round(new_value):
            return
        top = round(new_value)
        if self.windows.frozen_at is None and top + self.size.height >= self.window.count:
            self._go_on()
            return
        self._set_cursor(min(max(self._cursor_index(), top), top + self.size.height - 1), top=top)

    def on_mount(self) -> None:
        """Draws with the glyphs of the terminal."""
        super().on_mount()  # type: ignore[no-untyped-call]
        self._painter.change(glyphs=glyphs().name)

    def on_resize(self, event: events.Resize) -> None:
        """Keeps the pinned record where it was and the cursor in sight, or follows."""
        del event
        if self.following or self.cursor is None or not self.count:
            self._place()
        else:
            self._set_cursor(self._cursor_index(), keep=True)

    def on_scroll_to(self, message: ScrollTo) -> None:
        """Where the bar stands for all of the stream, to drag it goes to a place in that."""
        past = self.windows.past.window
        if past is not None and message.y is not None:
            message.stop()
            message.prevent_default()
            self.go_to(past.oldest_seq + round(message.y))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor."""
        index = self._top() + event.y
        if index < self.window.count:
            self._set_cursor(index)
            self.post_message(self.Chosen())

    def _top(self) -> int:
        return round(self.scroll_offset.y)

    def _cursor_index(self) -> int:
        last = max(0, self.window.count - 1)
        return last if self.following or self.cursor is None else min(self.window.index_of(self.cursor), last)

    def _cursor_row(self) -> int:
        """The screen row of the cursor."""
        return min(max(0, self._cursor_index() - self._top()), max(0, self.size.height - 1))

    def _set_cursor(self, index: int, *, top: int | None = None, keep: bool = False) -> None:
        """Puts the cursor on a row, scrolls no more than needed, and pins the top row.

        With `keep` the record that the cursor stands for stays, also one that a filter hides.
        """
        window = self.window
        if not window.events:
            return
        self.following = False
        height = self.size.height
        index = min(max(0, index), window.count - 1)
        top = self._top() if top is None else top
        top = min(max(top, index - height + 1), index)
        top = min(max(0, top), max(0, window.count - height))
        if not keep:
            self.cursor = window.seq_at(index)
        self._anchor = (window.seq_at(top) or 0, 0)
        self.windows.come_back(self._anchor[0])
        self.windows.hold()
        self._place()
        self.post_message(self.Moved())

    def _go_back(self, then: Callable[[], object]) -> bool:
        """Goes on above the first row in memory, where there is more; of an empty view, to the newest of that."""
        goes = self.windows.go_back(then if self.count else lambda: self._set_cursor(self.window.events))
        if goes:
            self.hold()
        return goes

    def _go_on(self) -> None:
        """Goes on behind the last row: with what has left the ring, or the oldest in it, else with the newest."""
        if not self.windows.go_on(self._continue):
            self.live()

    def _continue(self, seq: int) -> None:
        """Puts the cursor on what follows the rows that were gone through."""
        index = max(self.window.lead, self.window.index_of(seq))
        is_past = self.window is self.windows.past.window
        self._set_cursor(index, top=index - (self.size.height - 1 if is_past else self.window.lead))

    def _place(self, *, repaint: bool = True) -> None:
        """Scrolls to where the reader is pinned, or to the end, and fetches the rows around it.

        Without `repaint` nothing is drawn when the same rows stand in the same place.
        """
        height = self._height = self.size.height
        if not height:
            # What is shown later is not to be taken for scrolled by hand, because there was less then.
            self._reach(Size(self.virtual_size.width, self.window.count))
            return
        window = self.window
        last = max(0, window.count - height)
        if self.following:
            top = last
            newest = window.seq_at(window.count - 1)
            self.cursor = newest if newest is not None else self.cursor
        else:
            top = min(max(0, window.index_of(self._anchor[0]) - self._anchor[1]), last)
        if self.windows.past.window is not None:
            self.windows.past.window.near(top, height)
        before = [row.seq for row in self._visible()]
        self._rows_from = max(0, top - MARGIN)
        wanted = min(window.count, top + height + MARGIN) - self._rows_from
        self._rows = window.rows(self._rows_from, wanted) if wanted > 0 else []
        self._syncing = True
        self._reach(Size(self.scrollable_content_region.width, window.count))
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
        self._syncing = False
        self._show_place(top)
        now = [row.seq for row in self._visible()]
        if repaint or now != before:
            if lines := moved(before, now):
                self.rows_moved(self.content_region, lines)
            self.refresh(self.scrollable_content_region.reset_offset)  # The scroll bar draws itself.

    def _reach(self, size: Size) -> None:
        """Says how far can be scrolled. The screen is not laid out anew for it, since nothing has another size."""
        if size.width != self.virtual_size.width:
            self.virtual_size = size
        else:
            self.set_reactive(Tail.virtual_size, size)

    def _show_place(self, top: int) -> None:
        """Moves the scroll bar. A tail that runs is at the end, and has none, so that its rows scroll as they are."""
        height, count = self.size.height, self.size.height if self.following else self.window.count
        if (past := self.windows.past.window) is not None:  # The bar stands for all of the stream.
            top, count = self._anchor[0] - past.oldest_seq, self.windows.live.state.next_seq - past.oldest_seq
        if (seen := thumb(height, count, top)) != self._thumb:
            self._thumb = seen
            self.set_class(self.following, "-following")
            show_thumb(self.vertical_scrollbar, height, count, top, runs=self.following)

    def _visible(self) -> list[Row]:
        """The rows on the screen."""
        first = self._top() - self._rows_from
        return self._rows[max(0, first) : first + self.size.height]

    def change(self, **values: Any) -> None:
        """Draws with other fields of `look` from now on."""
        self._painter.change(**values)
        self.refresh()
