"""What was told: kept for the list on `!`."""

from __future__ import annotations

from collections import deque

from ng_tui.client.wire import Level, Notice
from ng_tui.i18n import tr
from ng_tui.terminal.clipboard import Copied
from ng_tui.text import fmt_bytes, safe

KEPT = 200
"""Notices kept."""


class Notices(deque[Notice]):
    """The latest notices, oldest first."""

    def __init__(self) -> None:
        super().__init__(maxlen=KEPT)

    def keep(self, text: str, level: Level, origin: str, time_ns: int) -> None:
        """Keeps one, on one line and harmless."""
        one_line = safe(text.replace("\n", " "))
        self.append(Notice(time_ns=time_ns, level=level, origin=safe(origin), text=one_line))


def copied(done: Copied) -> tuple[str, str]:
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
