"""Takes the terminal again when the process goes on after a stop, whoever stopped it.

Textual gives the terminal back and takes it again around ctrl+z (SIGTSTP), in the handlers of the signals. When the
process was stopped by SIGSTOP, which nobody can handle, it takes the terminal without having given it back: two threads
then read the same keys, and the line mode that the end restores is its own. Giving it back first would throw away the
keys that were typed since. And a handler that is interrupted by the next signal, or that interrupts the drawing, finds
things half done.

Here both signals are blocked, and the event loop looks for them: what is to be done it does one thing after the other,
after SIGTSTP by the driver, after SIGSTOP by setting the modes of the terminal again, while the threads of the driver
go on. A shell may set the line mode once more after it has let us go on, so for a while it is looked at and set until
it holds.

What counts is which signal came last: whoever is told to stop and then to go on must not stop. Handlers would not know.
The kernel gives signals to any thread that does not block them, and what one thread was told first it may note last. Of
two blocked ones only the later is pending, for each takes the other away.
"""

from __future__ import annotations

import asyncio
import os
import signal
import termios
import time
from collections.abc import Callable

from textual import constants
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from ng_tui.terminal import job, textual_internals

SIGNALS = frozenset({signal.SIGTSTP, signal.SIGCONT})
LOOK_S = 0.25
"""Time between two looks for a signal, and at the line mode, seconds."""
HOLDS_S = 3.0
"""A line mode that was right for so long holds, seconds."""
SCREEN = "\x1b[?1049h"
MODES = "\x1b[?25l\x1b[?1004h\x1b[?2004h\x1b[?7l"
"""No cursor, reports of the focus, bracketed paste, no line wrap."""
KEYBOARD = "\x1b[<u\x1b[>25u"
"""The protocol of kitty for keys, once: what stood on its stack is taken off first."""


def hold() -> None:
    """Blocks the signals for this thread and for those that it starts from now on: the engine's must not take them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def install(driver: Driver | None, redraw: Callable[[], object]) -> CarryOn | None:
    """Handles SIGTSTP and SIGCONT in place of the driver; `redraw` is called when the terminal is back.

    Called in the event loop, after `hold`. None where there is no terminal.
    """
    return CarryOn(driver, redraw) if isinstance(driver, LinuxDriver) else None


class CarryOn:
    """What becomes of the terminal between a stop and going on."""

    def __init__(self, driver: LinuxDriver, redraw: Callable[[], object]) -> None:
        self._driver = driver
        self._redraw = redraw
        self._loop = asyncio.get_running_loop()
        self._is_checked = False
        """The line mode is being looked at."""
        self._right_since = 0.0
        hold()
        self._looking = self._loop.call_later(LOOK_S, self._look)

    def uninstall(self) -> None:
        """Looks no more. The signals stay blocked, for what follows is the end of the process."""
        self._looking.cancel()

    def suspend(self) -> bool:
        """Gives the terminal back and stops the whole job, False when nobody could let it go on."""
        if job.is_orphaned():
            return False
        self._stop(job.stop)
        return True

    def _look(self) -> None:
        self._looking = self._loop.call_later(LOOK_S, self._look)
        came = signal.sigtimedwait(SIGNALS, 0)
        if came is not None and came.si_signo == signal.SIGTSTP:
            self._stop()
        elif came is not None:
            self._go_on()
        if self._is_checked:
            self._check_line_mode()

    def _halt(self) -> None:
        """Stops the process, unless it was let go on since it was told to."""
        if signal.sigtimedwait({signal.SIGCONT}, 0) is None:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _stop(self, first: Callable[[], object] = lambda: None) -> None:
        """`first` is done when the terminal is given back."""
        if not textual_internals.takes_back(self._driver):
            self._halt()
            return
        self._driver.suspend_application_mode()
        textual_internals.tell_resumed(self._driver)
        first()
        self._halt()
        # At once: whatever is drawn before would wait for ever for the thread that writes.
        wait_for_front(self._driver.fileno)
        self._driver.resume_application_mode()
        self._begin()

    def _go_on(self) -> None:
        if not textual_internals.takes_back(self._driver):
            return  # Another program has the terminal; whoever started it takes it back.
        if not textual_internals.reads_keys(self._driver):
            return  # It was given back, for this is the end.
        wait_for_front(self._driver.fileno)
        self._take()
        self._begin()

    def _begin(self) -> None:
        self._redraw()
        self._is_checked, self._right_since = True, time.monotonic()

    def _take(self) -> None:
        """Sets what the driver sets at its start."""
        driver = self._driver
        driver.write(SCREEN)
        textual_internals.enable_mouse(driver)
        driver.write(MODES + ("" if constants.DISABLE_KITTY_KEY else KEYBOARD))
        textual_internals.ask_for_resizes(driver)
        driver.flush()
        os.kill(os.getpid(), signal.SIGWINCH)

    def _check_line_mode(self) -> None:
        now = time.monotonic()
        if not textual_internals.reads_keys(self._driver):
            self._is_checked = False  # The driver has given the terminal back.
        elif not in_background(self._driver.fileno) and set_raw(self._driver):
            self._right_since = now
        elif now - self._right_since >= HOLDS_S:
            self._is_checked = False


def wait_for_front(descriptor: int) -> None:
    """Stops the process again as long as it is in the background, as after `bg`.

    There setting the line mode would stop it anyhow, and drawing would disturb whoever is in front.
    """
    while in_background(descriptor):
        os.kill(os.getpid(), signal.SIGSTOP)


def in_background(descriptor: int) -> bool:
    """Another group of processes has the terminal in front."""
    try:
        return os.tcgetpgrp(descriptor) != os.getpgrp()
    except OSError:
        return False  # It is not our controlling terminal, or it is gone: there is no front and no back.


def set_raw(driver: LinuxDriver) -> bool:
    """Sets the line mode in which every key comes at once; False when it is set already."""
    try:
        mode = termios.tcgetattr(driver.fileno)
        wanted = [*mode[:6], list(mode[6])]
        wanted[0], wanted[3] = textual_internals.raw_flags(driver, mode[0], mode[3])
        wanted[6][termios.VMIN] = 1
        if wanted == mode:
            return False
        termios.tcsetattr(driver.fileno, termios.TCSANOW, wanted)
    except termios.error:
        pass  # Interrupted by a signal, or gone: the next look finds out.
    return True
