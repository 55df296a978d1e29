"""The last line of every screen: the keys that work where the focus is, as many as fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ng_tui.i18n import tr
from ng_tui.keymap import in_context, shown_key
from ng_tui.kit.lines import Line, Lines, line_width

_GENERIC = ("table", "list", "panel")
"""Parts whose keys are known from everywhere; they stand behind those of the screen."""


class KeyBar(Lines):
    """Redrawn only when the focus goes to another context. The keys of the app stand last and are never left out."""

    DEFAULT_CSS = "KeyBar { height: 1; background: $panel; padding: 0 1; }"

    def __init__(self, remapped: Mapping[str, str]) -> None:
        super().__init__(id="key-bar")
        self._remapped = remapped
        self._contexts: tuple[str, ...] = ()

    def show(self, contexts: Sequence[str]) -> None:
        """Shows the keys of these contexts, the innermost first."""
        if tuple(contexts) != self._contexts:
            self._contexts = tuple(contexts)
            self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """Keys with their short names."""
        del height
        always = self._line("app")
        room = width - line_width(always) - 2
        line: Line = []
        typing = "input" in self._contexts
        for context in sorted(self._contexts, key=_GENERIC.__contains__):
            if context == "app" or (typing and context != "input"):
                continue
            for item in self._items(context):
                if line_width(line) + line_width(item) + 2 > room:
                    break
                line += [*item, ("  ", "")]
        return [[*line, (" " * max(0, width - line_width(line) - line_width(always)), ""), *always]]

    def _items(self, context: str) -> list[Line]:
        rows = in_context(context, footer=True)
        return [[(shown_key(row, self._remapped), "accent"), (" " + tr(row.short), "")] for row in rows]

    def _line(self, context: str) -> Line:
        line: Line = []
        for item in self._items(context):
            line += ([("  ", "")] if line else []) + item
        return line
