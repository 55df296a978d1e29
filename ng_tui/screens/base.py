"""What every screen is: a pane of the main screen that is shown one at a time."""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import Region
from textual.message import Message
from textual.notifications import SeverityLevel

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

    def __init__(self, text: str, *, severity: SeverityLevel = "information") -> None:
        super().__init__()
        self.text = text
        self.severity = severity


class Copy(Message):
    """Asks the app to copy a text out of the console."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Jump(Message):
    """Asks the app to show a record, or the events that a filter lets through, on the screen that shows events.

    Of neither, it asks to go back to the screen that the latest jump came from, if one did.
    """

    def __init__(self, *, seq: int | None = None, filter: str | None = None) -> None:
        super().__init__()
        self.seq = seq
        self.filter = filter
        self.is_back = seq is None and filter is None


class Pane(Bare):
    """One screen. The app calls `present` on the visible pane when the state changed, at most four times a second."""

    DEFAULT_CSS = "Pane { height: 1fr; }"

    rows_moved: Callable[[Region, int], object] = staticmethod(lambda region, lines: None)
    """Told by a pane that scrolls: rows of the screen stand so many lines further up, below zero further down."""

    def present(self, state: State) -> None:
        """Shows the state. Widgets are updated in place; nothing is rebuilt."""
        del state

    def tick(self) -> bool:
        """Does what cannot wait until the pane is shown; called up to ten times a second, whatever is shown.

        True when something came in that may lead to more.
        """
        return False

    @property
    def has_more(self) -> bool:
        """More waits than one `tick` takes in, so that the next is to come soon."""
        return False

    def jump(self, *, seq: int | None = None, filter: str | None = None) -> None:
        """Shows a record, or the events of a filter; for the pane that SCREENS names for it."""
        del seq, filter

    def on_enter(self) -> None:
        """The pane has become visible."""
