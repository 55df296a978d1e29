"""Takes the terminal again when the process goes on after a stop, whoever stopped it.

Textual gives the terminal back and takes it again around ctrl+z (SIGTSTP), in the handlers of the signals. When the
process was stopped by SIGSTOP, which nobody can handle, it takes the terminal without having given it back: two threads
then read the same keys, and the line mode that the end restores is its own. Giving it back first would throw away the
keys that were typed since. And a handler that is interrupted by the next signal, or that interrupts the drawing, finds
things half done.

Here the signals are only noted. The event loop does what is to be done, one thing after the other: after SIGTSTP by the
driver, after SIGSTOP by setting the modes of the terminal again, while the threads of the driver go on. A shell may set
the line mode once more after it has let us go on, so for a while it is looked at and set until it holds.

What counts is which signal came last: whoever is told to stop and then to go on must not stop. Python calls the
handlers of several signals in the order of their numbers, whatever came first; the file descriptor that it writes them
to (`signal.set_wakeup_fd`) has them in their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import termios
import time
from collections.abc import Callable

from textual import constants
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

LOOK_S = 0.05
"""Time between two looks at the line mode, seconds."""
HOLDS_S = 3.0
"""A line mode that was right for so long holds, seconds."""
SCREEN = "\x1b[?1049h"
MODES = "\x1b[?25l\x1b[?1004h\x1b[?2004h\x1b[?7l"
"""No cursor, reports of the focus, bracketed paste, no line wrap."""
KEYBOARD = "\x1b[<u\x1b[>25u"
"""The protocol of kitty for keys, once: what stood on its stack is taken off first."""


def install(driver: Driver, redraw: Callable[[], object]) -> Callable[[], None]:
    """Handles SIGTSTP and SIGCONT in place of the driver; `redraw` is called when the terminal is back.

    Called in the event loop. Returns a function that puts the earlier handlers back.
    """
    return CarryOn(driver, redraw).uninstall if isinstance(driver, LinuxDriver) else lambda: None


class CarryOn:
    """What becomes of the terminal between a stop and going on."""

    def __init__(self, driver: LinuxDriver, redraw: Callable[[], object]) -> None:
        self._driver = driver
        self._redraw = redraw
        self._loop = asyncio.get_running_loop()
        self._last = 0
        """Which of the two signals came last; 0 before the first."""
        self._looking: asyncio.TimerHandle | None = None
        self._right_since = 0.0
        self._arrived, self._written = socket.socketpair()
        self._arrived.setblocking(False)
        self._written.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        self._loop.add_reader(self._arrived, self._follow)
        # Only a signal that has a handler is written to the file descriptor.
        self._before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTSTP, signal.SIGCONT)}

    def uninstall(self) -> None:
        """Puts the earlier handlers back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._loop.remove_reader(self._arrived)
        self._arrived.close()
        self._written.close()
        if self._looking is not None:
            self._looking.cancel()

    def _note(self) -> bool:
        """Takes what has arrived, in the order in which it came; True when one of the two was among it."""
        came = False
        with contextlib.suppress(BlockingIOError):
            for number in self._arrived.recv(4096):
                if number in self._before:
                    self._last, came = number, True
        return came

    def _follow(self) -> None:
        if not self._note():
            return
        if self._last == signal.SIGTSTP:
            self._stop()
        else:
            self._go_on()

    def _halt(self) -> None:
        """Stops the process, unless it was let go on since it was told to."""
        self._note()
        if self._last == signal.SIGTSTP:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _stop(self) -> None:
        if not self._driver._auto_restart:
            self._halt()
            return
        self._driver.suspend_application_mode()
        self._driver._must_signal_resume = True
        self._halt()
        # At once: whatever is drawn before would wait for ever for the thread that writes.
        wait_for_front(self._driver.fileno)
        self._driver.resume_application_mode()
        self._begin()

    def _go_on(self) -> None:
        if not self._driver._auto_restart:
            return  # Another program has the terminal; whoever started it takes it back.
        wait_for_front(self._driver.fileno)
        self._take()
        self._begin()

    def _begin(self) -> None:
        self._redraw()
        self._right_since = time.monotonic()
        self._look()

    def _take(self) -> None:
        """Sets what the driver sets at its start."""
        driver = self._driver
        driver.write(SCREEN)
        driver._enable_mouse_support()
        driver.write(MODES + ("" if constants.DISABLE_KITTY_KEY else KEYBOARD))
        driver._query_in_band_window_resize()
        driver.flush()
        os.kill(os.getpid(), signal.SIGWINCH)

    def _look(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        reader = self._driver._key_thread
        if reader is None or not reader.is_alive():
            return  # The driver has given the terminal back.
        now = time.monotonic()
        if not in_background(self._driver.fileno) and set_raw(self._driver):
            self._right_since = now
        if now - self._right_since < HOLDS_S:
            self._looking = self._loop.call_later(LOOK_S, self._look)


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
        wanted[0] = driver._patch_iflag(mode[0])
        wanted[3] = driver._patch_lflag(mode[3])
        wanted[6][termios.VMIN] = 1
        if wanted == mode:
            return False
        termios.tcsetattr(driver.fileno, termios.TCSANOW, wanted)
    except termios.error:
        pass  # Interrupted by a signal, or gone: the next look finds out.
    return True
