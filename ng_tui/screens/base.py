"""What every screen is: a pane of the main screen that is shown one at a time."""

from __future__ import annotations

from textual.message import Message

from ng_tui.client.wire import Command
from ng_tui.kit.bare import Bare
from ng_tui.state import State


class Send(Message):
    """Asks the app to send a command to the engine; the only way from a screen to the engine."""

    def __init__(self, command: Command) -> None:
        super().__init__()
        self.command = command


class Tell(Message):
    """Asks the app to show a notice. The text is shown as it is, never as markup."""

    def __init__(self, text: str, *, severity: str = "information") -> None:
        super().__init__()
        self.text = text
        self.severity = severity


class Copy(Message):
    """Asks the app to copy a text out of the console."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Jump(Message):
    """Asks the app to show a record on the Events screen, or the events that a filter lets through."""

    def __init__(self, *, seq: int | None = None, filter: str | None = None) -> None:
        super().__init__()
        self.seq = seq
        self.filter = filter


class Pane(Bare):
    """One screen. The app calls `present` on the visible pane when the state changed, at most four times a second."""

    DEFAULT_CSS = "Pane { height: 1fr; }"

    def present(self, state: State) -> None:
        """Shows the state. Widgets are updated in place; nothing is rebuilt."""
        del state

    def on_enter(self) -> None:
        """The pane has become visible."""
