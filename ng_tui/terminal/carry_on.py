"""Takes the terminal again when the process goes on after a stop, whoever stopped it.

Textual gives the terminal back and takes it again around ctrl+z (SIGTSTP). When the process was stopped by SIGSTOP,
which nobody can handle, it takes the terminal a second time without having given it back: two threads then read the
same keys, the end waits for one of them for ever, and the line mode that it restores is its own.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

from textual.driver import Driver


def install(driver: Driver, redraw: Callable[[], object]) -> Callable[[], None]:
    """Handles SIGTSTP and SIGCONT around the handlers of the driver; `redraw` is called when the terminal is back.

    Returns a function that puts the earlier handlers back.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT)}
    given_back = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal given_back
        given_back = True
        pass_on(number, frame)

    def go_on(number: int, frame: FrameType | None) -> None:
        nonlocal given_back
        if not given_back:
            driver.suspend_application_mode()
        given_back = False
        pass_on(number, frame)
        redraw()

    def pass_on(number: int, frame: FrameType | None) -> None:
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    signal.signal(signal.SIGTSTP, stop)
    signal.signal(signal.SIGCONT, go_on)

    def uninstall() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return uninstall
