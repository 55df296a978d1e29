"""The least that Textual can be with four tabs: what a first frame costs whoever uses it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Footer, Static, TabbedContent, TabPane


class Bare(App[None]):
    """Four tabs, a line of text in each, and a footer."""

    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+q", "quit", "Quit")]
    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        """Tabs and footer."""
        with TabbedContent():
            for name in ("Events", "Modules", "Metrics", "Guardian"):
                with TabPane(name):
                    yield Static(f"{name} live", markup=False)
        yield Footer()


if __name__ == "__main__":
    Bare().run()
