"""The names of the screens on one line, each with its key."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from ng_tui.i18n import tr
from ng_tui.kit.lines import Line, Lines, cut, line_width


class TabBar(Lines):
    """The one that is shown stands out by brackets as well as by colour. Where not all names fit it alone has one."""

    DEFAULT_CSS = "TabBar { height: 1; background: $surface; padding: 0 1; }"

    class Chosen(Message):
        """A name was clicked."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__(id="tabs")
        self._titles = titles
        self._active = 0

    def show(self, place: int) -> None:
        """Makes another name stand out."""
        if place != self._active:
            self._active = place
            self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """`[1 Events]  2 Modules …`."""
        del height
        return [cut([span for tab in self._all(width) for span in tab], width)]

    def on_click(self, event: events.Click) -> None:
        """Finds the name under the pointer."""
        end = self.styles.padding.left
        for place, tab in enumerate(self._all(self.size.width)):
            end += line_width(tab)
            if event.x < end:
                self.post_message(self.Chosen(place))
                return

    def _all(self, width: int) -> list[Line]:
        tabs = [self._tab(place, named=True) for place in range(len(self._titles))]
        if sum(map(line_width, tabs)) - 2 <= width:
            return tabs
        return [self._tab(place, named=place == self._active) for place in range(len(self._titles))]

    def _tab(self, place: int, *, named: bool) -> Line:
        number, title = str(place + 1), " " + tr(self._titles[place]) if named else ""
        if place == self._active:
            return [("[", "dim"), (number, "accent"), (title, "title"), ("] ", "dim")]
        return [(" ", ""), (number, "accent"), (title + "  ", "dim")]
