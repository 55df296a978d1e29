"""A recording terminal with a screen, at the end of a line that may be slow."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence

import pyte
from recording_terminal import RecordingTerminal

UNKNOWN = (b"\x1b[>1u", b"\x1b[<u")
"""What the emulator does not know: the keyboard protocol that Textual switches on. It prints nothing."""

BURST_S = 0.01
"""Seconds of the line that may be taken at once."""

LATE_S = 0.005
"""Seconds by which the reader may be late without the line being slower for it."""


class EmulatedTerminal(RecordingTerminal):
    """What was written goes through the line, `per_second` bytes of it, and then on a screen that can be looked at.

    Questions are answered when they have come through. What the line has no room for waits in the pseudo-terminal, as
    it would in a socket, and then the program does.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = 200,
        rows: int = 50,
        per_second: float | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._per_second, self._free_at = per_second, 0.0
        super().__init__(command, environment, columns=columns, rows=rows, kept=0)

    def text(self) -> list[str]:
        """The rows of the screen."""
        with self._news:
            return self._rows()

    def wait_until(self, condition: Callable[[str], bool], timeout: float) -> float:
        """Waits until the screen fulfils a condition; returns when it did, on the monotonic clock.

        Raises TimeoutError.
        """
        deadline = time.monotonic() + timeout
        with self._news:
            while not condition("\n".join(self._rows())):
                if self._ended or not self._news.wait(deadline - time.monotonic()):
                    how = "the program ended" if self._ended else f"{timeout:g} s passed"
                    raise TimeoutError("\n".join([f"{how}; the screen shows", *self._rows()]))
            return time.monotonic()

    def _rows(self) -> list[str]:
        # The emulator's own text fails on the half of a wide character whose other half was overwritten.
        columns = range(self.screen.columns)
        return ["".join(self.screen.buffer[row][column].data for column in columns) for row in range(self.screen.lines)]

    def _take(self) -> bytes:
        if self._per_second is None:
            return super()._take()
        # A byte is on the screen when the line has carried it, and those before it.
        taken = os.read(self.master, max(1, int(self._per_second * BURST_S)))
        now = time.monotonic()
        self._free_at = max(now - LATE_S, self._free_at) + len(taken) / self._per_second
        time.sleep(max(0.0, self._free_at - now))
        return taken

    def _show(self, chunk: bytes) -> None:
        for unknown in UNKNOWN:
            chunk = chunk.replace(unknown, b"")
        self._stream.feed(chunk)
