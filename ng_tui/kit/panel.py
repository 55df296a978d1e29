"""A titled part of a dashboard, filled by a function, that can be focused and scrolled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from textual import events
from textual.binding import BindingType

from ng_tui.i18n import tr
from ng_tui.keymap import bindings
from ng_tui.kit.lines import Line, Lines, rule

Body = Callable[[int, int], list[Line]]
"""From a width and the height in sight to lines; more of them than fit can be scrolled to."""


class Panel(Lines, can_focus=True):
    """`title` gives the name and what stands at the right of the title row; `body` the lines."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("panel"))

    def __init__(self, title: Callable[[int], tuple[str, str]], body: Body, **options: Any) -> None:
        super().__init__(**options)
        self._title, self._body = title, body
        self._top = 0

    def lines(self, width: int, height: int) -> list[Line]:
        """The title row and what is in sight."""
        name, note = self._title(width)
        room = max(0, height - 1)
        body = self._body(width, room)
        self._top = max(0, min(self._top, len(body) - room))
        if len(body) > room > 0:
            span = tr("{first}–{last} of {count}", first=self._top + 1, last=self._top + room, count=len(body))
            name = f"{name} {span}"
        return [rule(name, note, width, focused=self.has_focus), *body[self._top : self._top + room]]

    def action_scroll_lines(self, by: int) -> None:
        """Scrolls by lines."""
        self._top += by
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scrolls down."""
        event.stop()
        self.action_scroll_lines(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scrolls up."""
        event.stop()
        self.action_scroll_lines(-1)
