"""A driver whose thread for keys sleeps until there is one, and goes on after what cannot be read.

Textual's looks ten times a second whether it is to end, and ends the app on one bad byte.
"""

from __future__ import annotations

import os
import selectors
import threading
import time
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from ng_tui.terminal.textual_internals import read_forgivingly

FOLLOWS_S = 1.0
"""Seconds after a key for which the thread wakes up as Textual has it: by then it is known what an escape was."""

LONGEST_S = 60.0
"""Seconds that it sleeps at most."""

_here = threading.local()


class Leave(threading.Event):
    """Tells the thread to end, and wakes it up for it."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)
        os.set_blocking(self._writer, False)

    def set(self) -> None:
        """The thread is to end."""
        super().set()
        os.write(self._writer, b".")

    def clear(self) -> None:
        """Another thread may begin."""
        super().clear()
        with suppress(BlockingIOError):  # It was not told.
            os.read(self.reader, 4096)


class PatientSelector(selectors.SelectSelector):
    """Waits longer than it is asked to, in a thread that can be woken up."""

    def __init__(self) -> None:
        super().__init__()
        self._leave: Leave | None = getattr(_here, "leave", None)
        self._follows_until = time.monotonic() + FOLLOWS_S
        if self._leave is not None:
            self.register(self._leave.reader, selectors.EVENT_READ)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What can be read, as ever; the wake-up call is not told."""
        if self._leave is None:
            return super().select(timeout)
        found = super().select(timeout if time.monotonic() < self._follows_until else LONGEST_S)
        found = [(key, mask) for key, mask in found if key.fileobj != self._leave.reader]
        if found:
            self._follows_until = time.monotonic() + FOLLOWS_S
        return found


class PatientDriver(LinuxDriver):
    """Reads keys as Textual's own does."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.exit_event = Leave()

    def run_input_thread(self) -> None:
        """Waits for keys and hands them on, until it is to end."""
        _here.leave = self.exit_event
        super().run_input_thread()


def driver_for(chosen: type[Any]) -> type[Any]:
    """The driver for an app that was to have this one."""
    if chosen is not LinuxDriver:
        return chosen
    patient = SimpleNamespace(SelectSelector=PatientSelector, EVENT_READ=selectors.EVENT_READ)
    read_forgivingly()
    linux_driver.selectors = patient  # type: ignore[attr-defined, assignment]
    return PatientDriver
