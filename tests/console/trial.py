"""A console of one pane: the smallest app in which a pane can be tried."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.message import Message
from textual.theme import Theme

from ng_tui.client.wire import Command
from ng_tui.screens.base import Jump, Pane, Send, Tell
from ng_tui.state import State

VARIABLES = {
    "level-warn": "#e5c07b",
    "level-error": "#f07178",
    "verdict-flag": "#e5c07b",
    "verdict-reject": "#f07178",
    "dim": "#8a93a5",
    "gap": "#c792ea",
    "chart-1": "#6cb6ff",
    "chart-2": "#7fd88f",
    "chart-3": "#e5c07b",
    "chart-4": "#c792ea",
    "chart-5": "#f07178",
    "chart-6": "#56d4dd",
    "novelty-high": "#c792ea",
}
THEME = Theme(
    name="trial",
    primary="#6cb6ff",
    secondary="#7fd88f",
    accent="#56d4dd",
    foreground="#d5dae3",
    background="#0f131a",
    surface="#171d26",
    panel="#222b38",
    success="#7fd88f",
    warning="#e5c07b",
    error="#f07178",
    variables=VARIABLES,
)


class Trial(App[None]):
    """Shows one pane and keeps what it asked for. With `answer` commands stay under way until the test ends them."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, pane: Pane, state: State) -> None:
        super().__init__()
        self.pane, self.state = pane, state
        self.sent: list[Command] = []
        self.told: list[str] = []
        self.jumps: list[Jump] = []
        self.register_theme(THEME)
        self.theme = "trial"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return VARIABLES

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.present(self.state)
        self.pane.on_enter()

    def on_send(self, message: Send) -> None:
        self.sent.append(message.command)
        self.state.pending[len(self.sent)] = message.command

    def on_tell(self, message: Tell) -> None:
        self.told.append(message.text)

    def on_jump(self, message: Jump) -> None:
        self.jumps.append(message)


def screen_text(app: App[None]) -> str:
    """What stands on the screen, without styles."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips[: app.size.height])


__all__ = ["THEME", "Message", "Trial", "screen_text"]
