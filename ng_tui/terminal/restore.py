"""Gives the terminal back when the process is told to end: mouse, alternate screen and bracketed paste off.

Textual restores the terminal when its app ends, also by an exception. It does not listen for SIGTERM and SIGHUP, and
gives SIGINT no exit code of its own; here the first of them ends the app in the ordinary way, and a second one, when
the app hangs, restores by hand.
"""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Callable
from types import FrameType
from typing import Any

RESTORE = (
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus reports, bracketed paste, in-band resize
    "\x1b[<u\x1b[?7h\x1b[r\x1b[0m\x1b[?1049l\x1b[?25h"  # keyboard, wrap, scroll region, colours, screen, cursor
)
"""Turns off every mode that the console may have turned on; harmless when they are off."""

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def install(leave: Callable[[int], object]) -> Callable[[], None]:
    """Handles SIGNALS; `leave(exit_code)` ends the app and is called in the main thread between bytecodes.

    Returns a function that puts the earlier handlers back. Exit codes follow the shell: 128 + signal.
    """
    saved: list[Any] | None = _terminal_mode()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    asked = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        del frame
        if not asked:
            asked = True
            leave(128 + number)
            return
        restore_now(saved)
        os._exit(128 + number)

    for number in SIGNALS:
        signal.signal(number, handle)

    def uninstall() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return uninstall


def restore_now(mode: list[Any] | None = None) -> None:
    """Writes the restoring sequence to the terminal and sets its line mode, whatever state the app is in."""
    try:
        descriptor = os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY)
    except OSError:
        return
    try:
        os.write(descriptor, RESTORE.encode("ascii"))
        if mode is not None:
            termios.tcsetattr(descriptor, termios.TCSANOW, mode)
    except (OSError, termios.error):
        pass  # the terminal is gone; there is nobody to tell
    finally:
        os.close(descriptor)


def _terminal_mode() -> list[Any] | None:
    """The line mode before the app changes it; None without a terminal."""
    try:
        return termios.tcgetattr(sys.__stdin__.fileno()) if sys.__stdin__ else None
    except (OSError, ValueError, termios.error):
        return None


def catch_up_with_size(known: tuple[int, int]) -> None:
    """Announces the size of the window once more when the app believes in another.

    Of resizes in quick succession, as when a window is dragged, Textual may take an earlier one for the last.
    """
    try:
        size = os.get_terminal_size(sys.__stderr__.fileno() if sys.__stderr__ else 2)
    except (OSError, ValueError):
        return
    if tuple(size) != known and "COLUMNS" not in os.environ:
        signal.raise_signal(signal.SIGWINCH)
