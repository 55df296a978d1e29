"""The names of the screens on one line, each with its key."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from ng_tui.i18n import tr
from ng_tui.kit.lines import Line, Lines, cut, line_width


class TabBar(Lines):
    """The one that is shown stands out by brackets as well as by colour."""

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
        return [cut([span for place in range(len(self._titles)) for span in self._tab(place)], width)]

    def on_click(self, event: events.Click) -> None:
        """Finds the name under the pointer."""
        end = self.styles.padding.left
        for place in range(len(self._titles)):
            end += line_width(self._tab(place))
            if event.x < end:
                self.post_message(self.Chosen(place))
                return

    def _tab(self, place: int) -> Line:
        number, title = str(place + 1), tr(self._titles[place])
        if place == self._active:
            return [("[", "dim"), (number, "accent"), (" " + title, "title"), ("] ", "dim")]
        return [(" ", ""), (number, "accent"), (" " + title + "  ", "dim")]
