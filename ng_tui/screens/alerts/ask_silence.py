"""The question for how long something is to be silenced, and why."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ng_tui.i18n import tr
from ng_tui.incidents import seconds_until_morning
from ng_tui.keymap import bindings
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line, Lines
from ng_tui.text import fmt_moment, safe

HOUR = 3600
MOST_REASON = 200
"""Characters of a reason that the engine takes."""


class Answer(NamedTuple):
    """For how long, and why; the reason may be empty."""

    seconds: int
    reason: str


class AskSilence(ModalScreen[Answer | None]):
    """Up and down choose the time while the reason is typed; escape answers None. Texts may be foreign."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("silence"))
    DEFAULT_CSS = """
    AskSilence { align: center middle; background: $background 60%; }
    AskSilence > Vertical { width: 74; max-width: 95%; height: auto; max-height: 90%; padding: 1 2; background: $panel;
        border-left: thick $accent; }
    AskSilence Static { height: auto; background: $panel; }
    AskSilence .title { text-style: bold; color: $accent; padding-bottom: 1; }
    AskSilence Times { height: 4; margin-top: 1; background: $panel; }
    AskSilence Horizontal { height: 1; margin-top: 1; }
    AskSilence Horizontal Static { width: 8; }
    AskSilence Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $surface; color: $foreground; }
    AskSilence .keys { padding-top: 1; color: $foreground; }
    """

    def __init__(self, subject: str, now_ns: int) -> None:
        """`subject` is what will be silenced; `now_ns` the engine's time, nanoseconds since 1970, UTC."""
        super().__init__()
        self._subject = subject
        self._times = Times(choices(now_ns))
        self._input = Input(compact=True, max_length=MOST_REASON, placeholder=tr("optional"))
        self._input.cursor_blink = False

    def compose(self) -> ComposeResult:
        """What, for how long, why, and the keys."""
        with Vertical():
            yield Static(tr("Silence for how long?"), classes="title", markup=False)
            yield Static(safe(self._subject), markup=False)
            yield self._times
            with Horizontal():
                yield Static(tr("reason"), markup=False)
                yield self._input
            yield Static(tr("up, down time     enter silence     esc back"), classes="keys", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter inside the input."""
        event.stop()
        self.action_accept()

    def action_choose(self, by: int) -> None:
        """Goes to another time."""
        self._times.choose(self._times.place + by)

    def action_accept(self) -> None:
        """Answers."""
        self.dismiss(Answer(self._times.seconds, self._input.value.strip()))

    def action_leave(self) -> None:
        """Answers with nothing."""
        self.dismiss(None)


class Times(Lines):
    """The times to choose from. Keys stay with the reason; a click chooses too."""

    def __init__(self, times: list[tuple[str, int]]) -> None:
        super().__init__()
        self._all = times
        self.place = 0
        """Which one is chosen, from 0."""

    @property
    def seconds(self) -> int:
        """How long the chosen one is."""
        return self._all[self.place][1]

    def choose(self, place: int) -> None:
        """Chooses another; beyond the ends the last and the first."""
        self.place = max(0, min(len(self._all) - 1, place))
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Chooses the one under the pointer."""
        self.choose(event.y)

    def lines(self, width: int, height: int) -> list[Line]:
        """One row each, with a mark before the chosen one."""
        del width, height
        return [self._line(place, text) for place, (text, _) in enumerate(self._all)]

    def _line(self, place: int, text: str) -> Line:
        if place != self.place:
            return [("  " + text, "")]
        return [(f"{glyphs().cursor} ", "accent"), (text, "strong")]


def choices(now_ns: int) -> list[tuple[str, int]]:
    """The times to choose from, each with its seconds."""
    morning = seconds_until_morning(now_ns)

    def until(seconds: int) -> str:
        return tr("until {time}", time=fmt_moment(now_ns + seconds * 1_000_000_000, now_ns=now_ns))

    return [
        (tr("1 hour, {until}", until=until(HOUR)), HOUR),
        (tr("8 hours, {until}", until=until(8 * HOUR)), 8 * HOUR),
        (tr("until tomorrow 08:00"), morning),
        (tr("7 days, {until}", until=until(7 * 24 * HOUR)), 7 * 24 * HOUR),
    ]
