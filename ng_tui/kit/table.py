"""A table for the keyboard: columns that give way when it is narrow, a cursor that follows its item, sorting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

from textual import events
from textual.binding import BindingType
from textual.message import Message

from ng_tui.keymap import bindings
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line, Lines, spread, wrap
from ng_tui.text import fit


class Column(NamedTuple):
    """One column. `grow` columns share what is left; columns of the highest `drop` leave first, those of 0 never."""

    key: str
    title: str
    width: int
    align: Literal["left", "right"] = "left"
    drop: int = 0
    grow: bool = False
    sortable: bool = True


class Cell(NamedTuple):
    """What stands in a column: a safe text, its tag, and what it sorts by.

    None sorts by the text; the empty text is a value that is absent, which comes last in either direction.
    """

    text: str
    tag: str = ""
    order: float | str | None = None


class Row(NamedTuple):
    """One row; `key` identifies its item for as long as it exists."""

    key: str
    cells: dict[str, Cell]


class Table(Lines, can_focus=True):
    """Rows of `show`, in their given order until a sort column is chosen. `empty` says what it means to have none."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("table"))

    class Moved(Message):
        """The cursor is on another item."""

        def __init__(self, table: Table, key: str | None) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> Table:
            """The table, for `@on` selectors."""
            return self.table

    def __init__(self, columns: Callable[[], Sequence[Column]], empty: Callable[[], str], **options: Any) -> None:
        super().__init__(**options)
        self._columns, self._empty = columns, empty
        self._given: Sequence[Row] = ()
        self._rows: list[Row] = []
        self._top = 0
        self._page = 1
        self.cursor_key: str | None = None
        self.sort_key: str | None = None
        self.descending = False

    def show(self, rows: Sequence[Row]) -> None:
        """Shows the rows. The cursor stays on its item, or near its place when the item is gone."""
        place = self._place()
        self._rows = self._sorted(rows)
        if self._place() is None:
            index = min(place or 0, len(self._rows) - 1)
            self._put(self._rows[index].key if self._rows else None)
        self.redraw()

    @property
    def keys(self) -> list[str]:
        """Keys of the rows, from top to bottom."""
        return [row.key for row in self._rows]

    def select(self, key: str) -> None:
        """Puts the cursor on an item, if it is there."""
        if key in self.keys:
            self._put(key)
            self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """The header and the visible rows."""
        if not self._rows:
            return [[("  " + text, "dim")] for text in wrap(self._empty(), max(1, width - 4), height)]
        page = max(1, height - 1)
        self._page = page
        overflow = len(self._rows) > page
        # The bar stands at the edge, behind the blank of the last column and one more.
        columns = self._fitting(width - 1 - 3 * overflow)
        place = self._place() or 0
        self._top = max(0, min(self._top, len(self._rows) - page, place))
        self._top = max(self._top, place - page + 1)
        result: list[Line] = [self._header(columns)]
        size = max(1, page * page // len(self._rows))
        start = self._top * (page - size) // max(1, len(self._rows) - page)
        thumb = range(start, start + size)
        for index, row in enumerate(self._rows[self._top : self._top + page], self._top):
            line = self._row(row, columns, at_cursor=index == place)
            if overflow:
                line = spread(line, [(glyphs().thumb if index - self._top in thumb else " ", "dim")], width)
            result.append(line)
        return result

    def action_move(self, by: int) -> None:
        """Moves the cursor by rows."""
        if self._rows:
            index = max(0, min(len(self._rows) - 1, (self._place() or 0) + by))
            self._put(self._rows[index].key)
            self.redraw()

    def action_page(self, by: int) -> None:
        """Moves the cursor by what is visible."""
        self.action_move(by * self._page)

    def action_sort(self, by: int) -> None:
        """Goes to the next column to sort by; after the last comes the given order."""
        choices = [None, *(column.key for column in self._columns() if column.sortable)]
        index = choices.index(self.sort_key) if self.sort_key in choices else 0
        self.sort_key = choices[(index + by) % len(choices)]
        self.descending = self._is_number(self.sort_key)
        self.show(self._given)

    def action_reverse(self) -> None:
        """Turns the order round."""
        self.descending = not self.descending
        self.show(self._given)

    def on_click(self, event: events.Click) -> None:
        """Puts the cursor on the row under the pointer."""
        index = self._top + event.y - 1
        if event.y > 0 and index < len(self._rows):
            self._put(self._rows[index].key)
            self.redraw()

    def on_mouse_scroll_down(self) -> None:
        """Moves down."""
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        """Moves up."""
        self.action_move(-1)

    def _sorted(self, rows: Sequence[Row]) -> list[Row]:
        self._given = rows
        if self.sort_key is None:
            return list(reversed(rows)) if self.descending else list(rows)
        key = self.sort_key
        known = [row for row in rows if not _absent(row.cells.get(key))]
        absent = [row for row in rows if _absent(row.cells.get(key))]
        return sorted(known, key=lambda row: _order(row.cells[key]), reverse=self.descending) + absent

    def _is_number(self, key: str | None) -> bool:
        return key is not None and any(
            isinstance(row.cells[key].order, float | int) for row in self._given if key in row.cells
        )

    def _place(self) -> int | None:
        return next((index for index, row in enumerate(self._rows) if row.key == self.cursor_key), None)

    def _put(self, key: str | None) -> None:
        if key != self.cursor_key:
            self.cursor_key = key
            self.post_message(self.Moved(self, key))

    def _fitting(self, width: int) -> list[tuple[Column, int]]:
        columns = list(self._columns())
        while sum(column.width + 1 for column in columns) - 1 > width and any(column.drop for column in columns):
            columns.remove(max(columns, key=lambda column: column.drop))
        left = width - (sum(column.width + 1 for column in columns) - 1)
        growing = [column for column in columns if column.grow]
        sizes = []
        for column in columns:
            extra = 0
            if column.grow and left > 0:
                extra = left // len(growing) + (column is growing[0]) * (left % len(growing))
            sizes.append((column, column.width + extra))
        return sizes

    def _header(self, columns: Sequence[tuple[Column, int]]) -> Line:
        line: Line = [(" ", "")]
        for column, width in columns:
            title = column.title
            if column.key == self.sort_key:
                title += glyphs().down if self.descending else glyphs().up
            line.append((fit(title, width, column.align) + " ", "title" if column.key == self.sort_key else "dim"))
        return line

    def _row(self, row: Row, columns: Sequence[tuple[Column, int]], *, at_cursor: bool) -> Line:
        line: Line = []
        if at_cursor:
            # The mark stands where the keys go, so that of several tables one has it.
            focus = self.has_focus
            line += [("", "cursor" if focus else "idle"), (glyphs().cursor if focus else " ", "accent")]
        else:
            line.append((" ", ""))
        for column, width in columns:
            cell = row.cells.get(column.key, Cell(""))
            line.append((fit(cell.text, width, column.align) + " ", cell.tag))
        return line


class ListTable(Table, inherit_bindings=False):
    """A table in an order of its own: the keys of sorting belong to whoever shows it."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("list"))


def _absent(cell: Cell | None) -> bool:
    return cell is None or cell.order == ""


def _order(cell: Cell) -> tuple[bool, float, str]:
    """Numbers before texts."""
    value = cell.text if cell.order is None else cell.order
    return (True, 0.0, value.casefold()) if isinstance(value, str) else (False, float(value), "")
