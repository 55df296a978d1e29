"""Two windows above the screen: the keys of where the focus was, and the latest notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from ng_tui.client.wire import Notice
from ng_tui.i18n import tr
from ng_tui.keymap import bindings, in_context, shown_key
from ng_tui.kit.lines import wrap
from ng_tui.kit.palette import Palette
from ng_tui.lints import Lint
from ng_tui.text import fmt_time

_WIDTH = 70
_KEYS = 14

_GLOSSARY = {
    "events": "novelty: how unlike what came before, 3 = unlike all of it; anomaly: rarer than the threshold "
    "allows; new: the first of its kind, dim while its stream still learns; alert: a rule of yours fires; "
    "veto: Guardian flagged or rejected the event; pattern: events of one shape; a gap row says how many records "
    "are missing.",
    "modules": "p50, p95, p99: half, 95 % and 99 % of operations took less time than this.",
    "metrics": "stale: a source that should have been heard of; a hole in a chart: nothing was measured.",
    "alerts": "incident: what is unusual within 30 s, in all sources; lead: the symptom that it is named by; odd: an "
    "anomaly; silent: a source that fell silent; late: what comes regularly did not; silenced: recorded and learnt, "
    "but not told, unless it is unlike the rest.",
    "guardian": "observe: a rule only flags; enforce: it rejects. Rejected events are recorded, not scored.",
}


class Window(ModalScreen[None]):
    """A window that scrolls and closes by escape, q, or the key that opened it."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("window"))
    DEFAULT_CSS = """
    Window { align: center middle; background: $background 60%; }
    Window VerticalScroll {
        width: 76; max-width: 94%; height: auto; max-height: 92%; background: $surface; border: round $primary;
        padding: 0 1; scrollbar-size-vertical: 1; border-title-color: $primary; border-subtitle-color: $dim;
    }
    Window Static { height: auto; }
    """

    def __init__(self, title: str, text: Text) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """The text."""
        with VerticalScroll() as scroll:
            scroll.border_title = Text(self._title).markup
            scroll.border_subtitle = tr("esc closes")
            yield Static(self._text, markup=False)

    def action_down(self) -> None:
        """Scrolls down."""
        self.query_one(VerticalScroll).scroll_relative(y=1, animate=False)

    def action_up(self) -> None:
        """Scrolls up."""
        self.query_one(VerticalScroll).scroll_relative(y=-1, animate=False)


def help_window(contexts: Sequence[str], remapped: Mapping[str, str], palette: Palette) -> Window:
    """The keys of the contexts, the innermost first, with a sentence for each action."""
    text = Text()
    for context in contexts:
        rows = in_context(context)
        if not rows:
            continue
        heading = tr("everywhere") if context == "app" else tr(context)
        text.append(f"{heading}\n", palette.style("primary", bold=True))
        for row in rows:
            key = shown_key(row, remapped, every=True)
            for place, line in enumerate(wrap(tr(row.help), _WIDTH - _KEYS - 2, 3)):
                text.append(f"{'' if place else key:>{_KEYS}}  ", palette.style("accent", bold=True))
                text.append(line + "\n", palette.style("foreground"))
        if context in _GLOSSARY:
            text.append("\n" + tr(_GLOSSARY[context]) + "\n", palette.style("dim"))
        text.append("\n")
    text.rstrip()
    return Window(tr("Help"), text)


def notices_window(notices: Sequence[Notice], found: Sequence[Lint], palette: Palette, now_ns: int) -> Window:
    """What holds at present with its explanation and its id, then the latest notices, newest first."""
    text = Text()
    for lint in found:
        text.append(f"{lint.text}\n", palette.style("level-warn", bold=True))
        text.append(f"{lint.why} ", palette.style("foreground"))
        text.append(f"({lint.id})\n\n", palette.style("dim"))
    for notice in reversed(notices):
        text.append(fmt_time(notice.time_ns, "clock", now_ns=now_ns)[:8] + " ", palette.style("dim"))
        text.append(f"{notice.origin}: ", palette.style("primary"))
        text.append(notice.text + "\n", palette.style(f"level-{notice.level.value}"))
    if not notices:
        text.append(tr("There have been no notices."), palette.style("dim"))
    text.rstrip()
    return Window(tr("Notices"), text)
