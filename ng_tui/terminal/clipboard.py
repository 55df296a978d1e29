"""Copying out of the console: into tmux, a desktop's clipboard or the terminal's (OSC 52), and always into a file."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ng_tui.terminal.capabilities import Capabilities

OSC52_LIMIT = 74_000
"""Encoded bytes that terminals are known to accept; longer copies go to the file only."""

_TMUX = ("tmux", "load-buffer", "-w", "-")
"""Fills tmux's own buffer, and the clipboard of the terminal behind it where tmux may."""
_TOOLS = (("wl-copy",), ("xclip", "-selection", "clipboard"), ("xsel", "-ib"), ("pbcopy",))
_TOOL_SECONDS = 1.0


@dataclass(frozen=True)
class Copied:
    """Where a copy went."""

    channel: str
    """`tmux`, the name of a tool, `terminal`, which does not answer, or `file` when it is too long for that."""
    size: int
    """Bytes of UTF-8."""
    path: Path | None
    """The file that holds the copy; None when it could not be written."""


def copy(text: str, capabilities: Capabilities, state_dir: Path, write: Callable[[str], object]) -> Copied:
    """Copies the text. `write` sends a sequence to the terminal. Never raises: a channel that fails is left out."""
    data = text.encode("utf-8", "replace")
    path = _to_file(data, state_dir)
    tools = ((_TMUX,) if capabilities.tmux else ()) + (_TOOLS if capabilities.display else ())
    if tool := _to_tool(data, tools):
        return Copied(tool, len(data), path)
    if (sequence := osc52(data, tmux=capabilities.tmux)) is not None:
        write(sequence)
        return Copied("terminal", len(data), path)
    return Copied("file", len(data), path)


def osc52(data: bytes, *, tmux: bool) -> str | None:
    """The sequence that sets the clipboard of the terminal; None when the data is too long for it.

    Inside tmux it is sent twice: plain, for tmux's own buffer, and wrapped, for the terminal behind it.
    """
    encoded = base64.b64encode(data).decode("ascii")
    if len(encoded) > OSC52_LIMIT:
        return None
    plain = f"\x1b]52;c;{encoded}\x07"
    return plain + "\x1bPtmux;\x1b" + plain + "\x1b\\" if tmux else plain


def write_private(path: Path, data: bytes, *, replace: bool) -> None:
    """Writes a file that only this person can read. A link at its place is not followed. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if replace:
        path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _to_file(data: bytes, state_dir: Path) -> Path | None:
    path = state_dir / "copied.txt"
    try:
        write_private(path, data, replace=True)
    except OSError:
        return None
    return path


def _to_tool(data: bytes, tools: tuple[tuple[str, ...], ...]) -> str | None:
    for tool in tools:
        if shutil.which(tool[0]) is None:
            continue
        try:
            # The tools stay behind as servers of the clipboard; a pipe they inherit would never end.
            done = subprocess.run(
                tool,
                input=data,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_TOOL_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return tool[0]
    return None
