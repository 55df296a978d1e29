"""A recording in place of an engine: every line is a frame, as `record` wrote it."""

from __future__ import annotations

import gzip
import time
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from ng_tui import _engine
from ng_tui.client.embedded import local_zone
from ng_tui.client.interface import Link, LinkState
from ng_tui.client.ring import EngineRing
from ng_tui.client.wire import Command, ErrorCode, ErrorFrame, Frame, Level, Notice
from ng_tui.errors import EXIT_USAGE, ConsoleError
from ng_tui.i18n import tr

_frames = msgspec.msgpack.Decoder(list[Frame])

LINES_PER_CALL = 2_000
"""Lines taken in by one call of `frames`, so that a long recording never blocks the screen."""


def open_recording(path: Path) -> BinaryIO:
    """The lines of a recording; a name that ends in .gz is unpacked on the way."""
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


class _Clue(msgspec.Struct):
    """What tells when a recorded line is due."""

    received_ns: int = 0
    time_ns: int = 0


class _Line(msgspec.Struct):
    records: list[_Clue] | None = None
    metrics: _Clue | None = None


_clue = msgspec.json.Decoder(_Line)

UNREADABLE = (OSError, EOFError, zlib.error)
"""What reading a damaged file raises."""


class ReplayClient:
    """Plays a recording into a ring of its own; see `interface.EngineClient`. Commands are refused."""

    def __init__(
        self, path: Path, *, speed: float = 0.0, capacity: int = 1_000_000, saved: dict[str, str] | None = None
    ) -> None:
        """Opens the recording. `speed` 1 is real time, 0 as fast as possible. Raises ConsoleError."""
        self._path = path
        self._speed = speed
        self._ring = _engine.Ring(capacity, saved or {}, local_zone())
        self.ring = EngineRing(self._ring)
        self.ended = False
        self._file: BinaryIO | None = None
        self._line = 0
        self._held: bytes | None = None
        self._first_ns: int | None = None
        self._started = 0.0
        self._answers: list[Frame] = []
        self._last_id = 0
        try:
            self._file = open_recording(path)
        except OSError as error:
            raise ConsoleError("NG-5201", error.strerror or str(error), where=str(path), exit_code=EXIT_USAGE) from None

    @property
    def label(self) -> str:
        """How the overview strip names the connection."""
        return f"replay {self._path.name}"

    @property
    def link(self) -> Link:
        """A recording is live until its end."""
        return Link(LinkState.ENDED if self.ended else LinkState.LIVE)

    def start(self) -> None:
        """Checks that the file is a recording. Raises ConsoleError."""
        assert self._file is not None
        self._line = 1
        try:
            first = self._file.readline()
            _clue.decode(first)
            self._take(first)
        except (msgspec.DecodeError, ValueError, *UNREADABLE) as error:
            hint = tr("a recording is made by: neurograph-tui record FILE")
            raise ConsoleError("NG-5202", str(error), where=f"{self._path}:1", hint=hint) from None
        self._started = time.monotonic()

    def frames(self, timeout_ms: int = 0) -> list[Frame]:
        """Plays what is due and returns its views and notices."""
        del timeout_ms
        for _ in range(LINES_PER_CALL):
            line = self._next_line()
            if line is None:
                break
            if self._is_early(line):
                self._held = line
                break
            try:
                self._take(line)
            except ValueError as error:
                text = tr("{path}:{line}: left out: {error}", path=self._path, line=self._line, error=error)
                self._answers.append(Frame(notice=Notice(time.time_ns(), Level.WARN, "replay", text)))
        answers, self._answers = self._answers, []
        return answers

    def wait(self) -> None:
        """Waits a moment when the next line is not due yet."""
        if self._held is not None:
            time.sleep(0.02)

    def send(self, command: Command) -> int:
        """Refuses the command: a recording cannot be steered."""
        del command
        self._last_id += 1
        message = tr("this is a recording; nothing in it can be changed")
        self._answers.append(Frame(error=ErrorFrame(self._last_id, ErrorCode.NOT_READY, message)))
        return self._last_id

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _next_line(self) -> bytes | None:
        if self._held is not None:
            line, self._held = self._held, None
            return line
        if self._file is None:
            return None
        try:
            line = self._file.readline()
        except UNREADABLE as error:
            text = tr(
                "{path}:{line}: the rest cannot be read: {error}", path=self._path, line=self._line + 1, error=error
            )
            self._answers.append(Frame(notice=Notice(time.time_ns(), Level.ERROR, "replay", text)))
            line = b""
        if not line:
            self.ended = True
            return None
        self._line += 1
        return line

    def _is_early(self, line: bytes) -> bool:
        if self._speed <= 0:
            return False
        try:
            clue = _clue.decode(line)
        except msgspec.DecodeError:
            return False
        due = clue.records[0].received_ns if clue.records else clue.metrics.time_ns if clue.metrics else None
        if due is None:
            return False
        if self._first_ns is None:
            self._first_ns = due
        return (due - self._first_ns) / 1e9 > (time.monotonic() - self._started) * self._speed

    def _take(self, line: bytes) -> None:
        if line.strip():
            _, packed = self._ring.append(line)
            if packed is not None:
                self._answers.extend(_frames.decode(packed))
