"""A real pseudo-terminal with a terminal emulator behind it, for driving the command as a person would."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import pyte

COMMAND = str(Path(sys.executable).parent / "neurograph-tui")


class Terminal:
    """Runs a command in a pty. `raw` keeps every byte that reached the terminal, `text()` what a person sees."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        env: dict[str, str] | None = None,
        stdin: int | None = None,
        program: Sequence[str] = (COMMAND,),
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self.status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if stdin is not None:
                os.dup2(stdin, 0)
            full = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC", **(env or {})}
            # The size is that of the terminal, not the one that the processes of the tests were told of.
            for name in {"NO_COLOR", "COLUMNS", "LINES"} - set(env or {}):
                full.pop(name, None)
            command = [*program, *arguments]
            os.execvpe(command[0], command, full)
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """Changes the size of the terminal."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def pump(self, seconds: float = 0.05) -> bool:
        """Takes in what the program wrote within `seconds`; False when it has ended."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.raw += data
        self.show(data)
        return bool(data)

    def show(self, data: bytes) -> None:
        """Puts what was written on the screen."""
        # pyte does not know the private modes that Textual asks about; they print nothing and can be left out.
        self.stream.feed(data.replace(b"\x1b[>1u", b"").replace(b"\x1b[<u", b""))

    def text(self) -> str:
        """The screen as lines."""
        # pyte's own display fails on the half of a wide character whose other half was overwritten.
        rows, columns = range(self.screen.lines), range(self.screen.columns)
        lines = ("".join(self.screen.buffer[row][column].data for column in columns) for row in rows)
        return "\n".join(line.rstrip() for line in lines)

    def wait(self, condition: str | Callable[[str], bool], timeout: float = 20.0) -> str:
        """Waits until the screen contains a text or fulfils a condition; returns the screen."""
        end = time.monotonic() + timeout
        held = False  # a frame may arrive in pieces: what holds must still hold a moment later
        while time.monotonic() < end:
            alive = self.pump()
            text = self.text()
            holds = condition in text if isinstance(condition, str) else condition(text)
            if holds and (held or not alive):
                return text
            held = holds
            if not alive:
                break
        raise AssertionError(f"waited for {condition!r}; the screen shows:\n{self.text()}")

    def send(self, keys: str) -> None:
        """Types."""
        os.write(self.fd, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the program."""
        os.kill(self.pid, number)

    def finish(self, timeout: float = 10.0) -> int:
        """Waits for the end and returns the exit code, negative for a signal."""
        end = time.monotonic() + timeout
        while self.status is None and time.monotonic() < end:
            self.pump(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        assert self.status is not None, f"still running; the screen shows:\n{self.text()}"
        while self.pump(0.05) and select.select([self.fd], [], [], 0)[0]:
            pass
        return self.status

    def close(self) -> None:
        """Ends the program for certain."""
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
