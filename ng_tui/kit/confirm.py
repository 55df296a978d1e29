"""A question that must be answered before something others depend on is switched off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from ng_tui.i18n import tr
from ng_tui.keymap import bindings
from ng_tui.text import safe


class Confirm(ModalScreen[bool]):
    """Shows a title and what depends on the answer; `y` is True, `n` and escape are False. Texts may be foreign."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("confirm"))
    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 60%; }
    Confirm > Vertical { width: 64; max-width: 90%; height: auto; max-height: 90%; padding: 1 2; background: $panel;
        border-left: thick $warning; }
    Confirm Static { height: auto; background: $panel; }
    Confirm .title { text-style: bold; color: $warning; padding-bottom: 1; }
    Confirm .keys { padding-top: 1; color: $foreground; }
    """

    def __init__(self, title: str, reasons: Sequence[str], *, yes: str = "", no: str = "") -> None:
        super().__init__()
        self._title, self._reasons = title, reasons
        self._yes, self._no = yes or tr("yes"), no or tr("no")

    def compose(self) -> ComposeResult:
        """The question."""
        with Vertical():
            yield Static(safe(self._title), classes="title", markup=False)
            for reason in self._reasons:
                yield Static(safe(reason), markup=False)
            yield Static(f"y  {self._yes}     n  {self._no}", classes="keys", markup=False)

    def action_answer(self, answer: bool) -> None:
        """Closes the question with the answer."""
        self.dismiss(answer)
