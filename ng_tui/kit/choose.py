"""A choice of one among a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ng_tui.i18n import tr
from ng_tui.keymap import bindings
from ng_tui.text import safe


class Choose(ModalScreen[str | None]):
    """Shows a title and options; answers the key of the chosen one, or None. Texts may be foreign."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("choose"))
    DEFAULT_CSS = """
    Choose { align: center middle; background: $background 60%; }
    Choose > Vertical { width: 74; max-width: 95%; height: auto; max-height: 90%; padding: 1 2; background: $panel;
        border-left: thick $accent; }
    Choose Static { height: auto; background: $panel; }
    Choose .title { text-style: bold; color: $accent; padding-bottom: 1; }
    Choose OptionList, Choose OptionList:focus { height: auto; max-height: 12; background: $panel; border: none;
        padding: 0; }
    Choose .keys { padding-top: 1; color: $foreground; }
    """

    def __init__(self, title: str, options: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title, self._options = title, options

    def compose(self) -> ComposeResult:
        """The title, the options, and the keys."""
        with Vertical():
            yield Static(safe(self._title), classes="title", markup=False)
            yield OptionList(*[Option(safe(text), id=key) for key, text in self._options], markup=False)
            yield Static(tr("enter choose     esc back"), classes="keys", markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answers with the chosen one."""
        self.dismiss(event.option.id)

    def action_leave(self) -> None:
        """Answers with nothing."""
        self.dismiss(None)
