"""The line at the bottom where a filter or a search is typed, with what the engine says of it while it is typed."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.message import Message
from textual.widgets import Input, Static

from ng_tui.errors import FilterError
from ng_tui.i18n import tr
from ng_tui.keymap import bindings
from ng_tui.kit.glyphs import glyphs
from ng_tui.text import fit, odd_in_filter, safe

Purpose = Literal["filter", "search"]

PAUSE = 0.12
"""Seconds without a key before the engine is asked."""

HISTORY = 200
"""Expressions remembered for each purpose."""


class FilterInput(Input):
    """An input without a blinking cursor, which would keep a slow line busy."""

    def __init__(self) -> None:
        super().__init__(id="filter-input", compact=True, select_on_focus=False, max_length=4096)
        self.cursor_blink = False


class FilterBar(Vertical):
    """Hidden until `open`. Enter and Escape end it; every change is announced after a short rest."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("input"))
    DEFAULT_CSS = """
    FilterBar { height: 2; display: none; background: $surface; padding: 0 1; }
    FilterBar.-open { display: block; }
    FilterBar Horizontal { height: 1; }
    FilterBar Input { width: 1fr; height: 1; background: $panel; color: $foreground; border: none; padding: 0; }
    FilterBar #filter-label { width: 8; color: $primary; text-style: bold; }
    FilterBar #filter-message { height: 1; color: $dim; }
    FilterBar.-wrong #filter-message { color: $level-error; }
    """

    class Typed(Message):
        """What stands in the input has rested."""

        def __init__(self, purpose: Purpose, text: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.text = text

    class Accepted(Typed):
        """Enter was pressed."""

    class Cancelled(Message):
        """Escape was pressed."""

    def __init__(self) -> None:
        super().__init__(id="filter-bar")
        self.purpose: Purpose = "filter"
        self.histories: dict[Purpose, list[str]] = {"filter": [], "search": []}
        self._at = 0  # place in the history; its length means what is being typed
        self._draft = ""
        self._typed_count = 0

    def compose(self) -> ComposeResult:
        """The label, the input, and the line of the engine's answer."""
        with Horizontal():
            yield Static("", id="filter-label", markup=False)
            yield FilterInput()
        yield Static("", id="filter-message", markup=False)

    def open(self, purpose: Purpose, text: str) -> None:
        """Asks for an expression, beginning with `text`."""
        self.purpose = purpose
        self._at = len(self.histories[purpose])
        self._draft = text
        self.add_class("-open")
        self.query_one("#filter-label", Static).update(tr("filter") if purpose == "filter" else tr("search"))
        field = self.query_one(FilterInput)
        field.value = text
        field.cursor_position = len(text)
        self.hint("")
        field.focus()

    def close(self) -> None:
        """Hides the bar."""
        self.remove_class("-open", "-wrong")

    def hint(self, text: str) -> None:
        """Shows how many records match, and what is odd in what is typed; else how the language works."""
        self.remove_class("-wrong")
        text = "  ".join(filter(None, [text, safe(odd_in_filter(self.query_one(FilterInput).value))]))
        empty = tr('word  "two words"  ~/re/i  !not  level>=warn  source:x  novelty>=3  @wrong')
        self.query_one("#filter-message", Static).update(Text(" " * 8 + (text or empty), no_wrap=True, overflow="crop"))

    def refuse(self, error: FilterError) -> None:
        """Shows a caret under the column of the fault and what was expected."""
        self.add_class("-wrong")
        field = self.query_one(FilterInput)
        column = 8 + error.column - 1 - round(field.scroll_offset.x)
        room = self.size.width - 2
        caret = glyphs().up
        message = safe(error.message)
        line = " " * max(0, column) + caret + " " + message
        if column + 2 + len(message) > room and column > len(message) + 1:
            line = " " * (column - len(message) - 1) + message + " " + caret
        self.query_one("#filter-message", Static).update(Text(fit(line, max(8, room)), no_wrap=True, overflow="crop"))

    def action_submit(self) -> None:
        """Ends with what stands in the input."""
        text = self.query_one(FilterInput).value.strip()
        self.post_message(self.Accepted(self.purpose, text))

    def action_cancel(self) -> None:
        """Ends without it."""
        self.post_message(self.Cancelled())

    def remember(self, purpose: Purpose, text: str) -> None:
        """Puts an accepted expression at the end of its history, once."""
        history = self.histories[purpose]
        if text:
            if text in history:
                history.remove(text)
            history.append(text)
            del history[:-HISTORY]

    def action_history(self, step: int) -> None:
        """Shows an older or newer expression."""
        history = self.histories[self.purpose]
        field = self.query_one(FilterInput)
        if self._at == len(history):
            self._draft = field.value
        self._at = min(max(0, self._at + step), len(history))
        field.value = history[self._at] if self._at < len(history) else self._draft
        field.cursor_position = len(field.value)

    def on_key(self, event: Key) -> None:
        """Keys of the list do not work while typing."""
        if event.key in ("pageup", "pagedown", "tab", "shift+tab"):
            event.stop()
            event.prevent_default()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Announces the text when no key follows for a moment."""
        event.stop()
        self._typed_count += 1
        count = self._typed_count

        def rested() -> None:
            if count == self._typed_count and self.has_class("-open"):
                self.post_message(self.Typed(self.purpose, self.query_one(FilterInput).value.strip()))

        self.set_timer(PAUSE, rested)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter inside the input."""
        event.stop()
        self.action_submit()
