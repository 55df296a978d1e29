"""What was told: shown for a moment, and kept for the list on `!`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.notifications import SeverityLevel
from textual.screen import ModalScreen

from ng_tui.client.wire import Level, Notice
from ng_tui.i18n import tr
from ng_tui.terminal.clipboard import Copied
from ng_tui.text import fmt_bytes, safe

KEPT = 200
"""Notices kept."""
HELD = 3
"""Notices that are shown once a window has closed: the latest that came while it was open."""

_SEVERITIES: dict[Level, SeverityLevel] = {Level.WARN: "warning", Level.ERROR: "error", Level.FATAL: "error"}
_LEVELS = {"warning": Level.WARN, "error": Level.ERROR, "information": Level.INFO}


class Notices(deque[Notice]):
    """The latest notices, oldest first."""

    def __init__(self, app: App[Any], now_ns: Callable[[], int]) -> None:
        """`app` shows each of them for a moment."""
        super().__init__(maxlen=KEPT)
        self._app = app
        self._now_ns = now_ns
        self._held: deque[tuple[str, SeverityLevel]] = deque(maxlen=HELD)

    def note(self, text: str, level: Level, origin: str, time_ns: int | None = None) -> None:
        """Keeps a notice and shows it."""
        self._keep(text, level, origin, time_ns if time_ns is not None else self._now_ns())
        self.toast(f"{origin}: {text}", _SEVERITIES.get(level, "information"))

    def tell(self, text: str, severity: SeverityLevel) -> None:
        """The same for what the console says itself."""
        self._keep(text, _LEVELS[severity], tr("console"), self._now_ns())
        self.toast(text, severity)

    def log(self, text: str, level: Level) -> None:
        """Keeps what the screen shows elsewhere."""
        self._keep(text, level, tr("console"), self._now_ns())

    def toast(self, text: str, severity: SeverityLevel) -> None:
        """Shows a text for a moment, and keeps nothing. While a window is open it waits, so as not to cover it."""
        shown = "\n".join(safe(line) for line in text.split("\n"))
        if isinstance(self._app.screen, ModalScreen):
            self._held.append((shown, severity))
        else:
            self._app.notify(shown, severity=severity, markup=False)

    def show_held(self) -> None:
        """Shows what waited for a window to close, once it has."""
        while self._held and not isinstance(self._app.screen, ModalScreen):
            shown, severity = self._held.popleft()
            self._app.notify(shown, severity=severity, markup=False)

    def _keep(self, text: str, level: Level, origin: str, time_ns: int) -> None:
        """Keeps one, on one line and harmless."""
        one_line = safe(text.replace("\n", " "))
        self.append(Notice(time_ns=time_ns, level=level, origin=safe(origin), text=one_line))


def copied(done: Copied) -> tuple[str, SeverityLevel]:
    """What is known of a copy, and its severity: a terminal does not say whether it took one."""
    size = fmt_bytes(done.size)
    if done.channel == "terminal":
        text = tr("{size} sent to the terminal's clipboard, which may refuse it", size=size)
    else:
        channel = {"file": tr("a file"), "tmux": tr("the buffer of tmux")}.get(done.channel, done.channel)
        text = tr("{size} copied to {channel}", size=size, channel=channel)
    if done.path is not None:
        text = (text if done.channel == "file" else tr("{text}; also in", text=text)) + f"\n{done.path}"
    return text, "information" if done.path or done.channel != "file" else "error"
