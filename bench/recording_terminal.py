"""A pseudo-terminal that takes every byte at once, counts it, remembers when it came, and answers as terminals do."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from terminal_answers import Answers

KEPT = 64 << 20
"""Bytes that are remembered; later ones are only counted."""

_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])")


class RecordingTerminal:
    """Runs a program in a terminal of its own, which is also its controlling one.

    `stdin` takes the place of the terminal as standard input. The clock starts right before the program is executed.
    Of what is written the first `kept` bytes are remembered; all is counted.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = 200,
        rows: int = 50,
        stdin: int | None = None,
        kept: int = KEPT,
    ) -> None:
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        self.total = 0
        self._kept = kept
        self._answers = Answers()
        self._chunks: list[tuple[float, bytes]] = []
        self._ended = False
        self._news = threading.Condition()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=slave if stdin is None else stdin,
            stdout=slave,
            stderr=slave,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process of the program."""
        return self.process.pid

    def send(self, keys: str) -> None:
        """Types."""
        os.write(self.master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Changes the size of the terminal."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.columns, self.rows = columns, rows

    def wait_for(self, texts: Sequence[str], timeout: float) -> float:
        """Waits until all texts were written; returns the seconds from the start. Raises TimeoutError."""
        wanted = [text.encode() for text in texts]
        deadline = time.monotonic() + timeout
        seen, index = bytearray(), 0
        while True:
            with self._news:
                while index == len(self._chunks) and not self._ended:
                    if not self._news.wait(deadline - time.monotonic()):
                        break
                fresh, ended = self._chunks[index:], self._ended
            for when, chunk in fresh:
                # A text may begin in the chunk before; what is older than a screen is of no use.
                seen = seen[-(1 << 16) :] + chunk
                plain = _SEQUENCE.sub(b"", bytes(seen))
                wanted = [text for text in wanted if text not in plain]
                if not wanted:
                    return when - self.started
            index += len(fresh)
            if not fresh and (ended or time.monotonic() >= deadline):
                missing = ", ".join(repr(text.decode()) for text in wanted)
                how = "the program ended" if ended else f"{timeout:g} s passed"
                raise TimeoutError(f"{how} before the screen showed {missing}; it ends with {self.tail()!r}")

    def tail(self, count: int = 300) -> str:
        """The end of what was written, without control sequences."""
        with self._news:
            end = b"".join(chunk for _, chunk in self._chunks[-20:])
        return _SEQUENCE.sub(b"", end)[-count:].decode(errors="replace")

    def output(self) -> bytes:
        """Everything written so far, as far as it was kept."""
        with self._news:
            return b"".join(chunk for _, chunk in self._chunks)

    def close(self) -> None:
        """Ends the program and forgets the terminal."""
        for end in (self.process.terminate, self.process.kill):
            if self.process.poll() is None:
                end()
                try:
                    self.process.wait(5)
                except subprocess.TimeoutExpired:
                    continue
        self._reader.join(5)
        os.close(self.master)

    def _take(self) -> bytes:
        """Some of what was written; nothing when the last program on the other side is gone."""
        return os.read(self.master, 1 << 16)

    def _show(self, chunk: bytes) -> None:
        """Puts what was taken on a screen, where there is one."""

    def _read(self) -> None:
        while True:
            try:
                chunk = self._take()
                if answer := self._answers.to(chunk):
                    os.write(self.master, answer)
            except OSError:
                chunk = b""
            with self._news:
                self._show(chunk)
                if chunk and self.total < self._kept:
                    self._chunks.append((time.monotonic(), chunk))
                self.total += len(chunk)
                self._ended = not chunk
                self._news.notify_all()
            if not chunk:
                return

    def __enter__(self) -> Self:
        """The running terminal."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the program, whatever happened."""
        self.close()
