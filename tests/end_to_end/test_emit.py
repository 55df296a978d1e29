"""`emit` on the end of a pipe, over an engine that is killed, stopped and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.quiet import QUIET
from tests.server.engine import Engine

from .terminal import COMMAND


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    folder = tmp_path / "engine"
    folder.mkdir()
    one = Engine(folder, *QUIET)
    yield one
    one.stop()


class Pipe:
    """`emit`, whose standard input the test writes."""

    def __init__(self, home: dict[str, str], target: str, *options: str) -> None:
        self.process = subprocess.Popen(
            [COMMAND, "emit", "--url", target, "--json", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **home, "LC_ALL": "C.UTF-8"},
        )
        assert self.process.stdin is not None and self.process.stderr is not None
        self.stdin, self.stderr = self.process.stdin, self.process.stderr

    def write(self, first: int, count: int) -> None:
        """Numbered lines."""
        self.stdin.write(b"".join(b"line %d\n" % number for number in range(first, first + count)))
        self.stdin.flush()

    def says(self, text: bytes) -> bytes:
        """Waits for a line on stderr."""
        for line in self.stderr:
            if text in line:
                return line
        raise AssertionError(f"it ended without {text!r}")

    def end(self) -> tuple[int, dict[str, Any], bytes]:
        """Ends the input: the exit code, what was told, and the rest of stderr."""
        out, said = self.process.communicate(timeout=60)
        return self.process.returncode, json.loads(out or b"{}"), said


@pytest.fixture
def emit(home: dict[str, str]) -> Iterator[Callable[..., Pipe]]:
    started: list[Pipe] = []

    def start(target: str, *options: str) -> Pipe:
        started.append(Pipe(home, target, *options))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def held(engine: Engine) -> list[str]:
    """The lines that the engine holds."""
    found: list[str] = []
    with engine.admin() as http:
        seq: int | None = 0
        while seq is not None:
            query: dict[str, str | int] = {"filter": "source:http:app", "from_seq": seq, "limit": 1000}
            page = http.get("/api/v1/events", params=query).json()
            page = page.get("data", page)
            found += [record["text"] for record in page["records"]]
            seq = page.get("next_seq") if page["records"] else None
    return found


def wait_for(engine: Engine, count: int) -> list[str]:
    """The lines that the engine holds, once there are so many."""
    end = time.monotonic() + 30
    while len(found := held(engine)) < count:
        assert time.monotonic() < end, found[-3:]
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_over_restarts_nothing_is_lost_or_told_twice(
    engine: Engine, emit: Callable[..., Pipe], number: signal.Signals
) -> None:
    """Every run of the engine holds all lines, those of earlier runs too, once and in order."""
    pipe = emit(f"unix:{engine.socket}", "--source", "app")
    for turn in range(4):
        pipe.write(turn * 300, 100)
        assert wait_for(engine, turn * 300 + 100) == [f"line {one}" for one in range(turn * 300 + 100)]
        if number == signal.SIGKILL:
            # A request is under way when it dies.
            engine.process.send_signal(signal.SIGSTOP)
            pipe.write(turn * 300 + 100, 100)
            engine.stop(number)
        else:
            engine.stop(number)
            pipe.write(turn * 300 + 100, 100)
        pipe.write(turn * 300 + 200, 100)
        pipe.says(b"engine away")
        engine.start()
        pipe.says(b"taken up again")
    code, told, said = pipe.end()
    assert (code, told["accepted"], told["duplicates"], told["not_taken"]) == (0, 1200, 0, 0), said
    assert held(engine) == [f"line {one}" for one in range(1200)]


def test_an_engine_that_is_away_at_the_start_is_waited_for(engine: Engine, emit: Callable[..., Pipe]) -> None:
    engine.stop()
    pipe = emit(f"unix:{engine.socket}", "--source", "app")
    pipe.write(0, 132)
    pipe.says(b"NG-3311")
    assert b"132 lines wait (try 1, next in" in pipe.says(b"engine away")
    engine.start()
    pipe.says(b"taken up again")
    assert pipe.end()[0] == 0
    assert held(engine) == [f"line {number}" for number in range(132)]


def test_a_line_arrives_at_once(engine: Engine, emit: Callable[..., Pipe]) -> None:
    pipe = emit(f"unix:{engine.socket}", "--source", "app")
    for number in range(5):
        pipe.write(number, 1)
        begun = time.monotonic()
        wait_for(engine, number + 1)
        # The first one waits for the command to start.
        assert number == 0 or time.monotonic() - begun < 2
    assert pipe.end()[0] == 0


def test_a_full_buffer_holds_the_writer_back(engine: Engine, emit: Callable[..., Pipe]) -> None:
    engine.stop()
    pipe = emit(f"unix:{engine.socket}", "--source", "app", "--hold-lines", "1000")
    os.set_blocking(pipe.stdin.fileno(), False)
    written = 0

    def fill() -> None:
        nonlocal written
        with suppress(BlockingIOError):
            while written < 100_000:
                os.write(pipe.stdin.fileno(), b"line %06d\n" % written)
                written += 1

    fill()
    # What was read at once waits as a whole.
    piece = 65536 // 12
    while not 1000 <= int(pipe.says(b"lines wait").split(b" lines wait")[0].split()[-1]) <= 1000 + piece:
        pass
    fill()
    # The pipe holds 64 KiB, and a piece of as much is under way.
    assert written < 1000 + 2 * piece
    resident = int(Path(f"/proc/{pipe.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert resident < 200 << 20
    os.set_blocking(pipe.stdin.fileno(), True)
    engine.start()
    code, told, _ = pipe.end()
    assert (code, told["accepted"]) == (0, written)
    assert held(engine) == [f"line {number:06}" for number in range(written)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait(engine: Engine, emit: Callable[..., Pipe], number: signal.Signals) -> None:
    engine.stop()
    pipe = emit(f"unix:{engine.socket}", "--source", "app")
    pipe.write(0, 7)
    pipe.says(b"engine away")
    pipe.process.send_signal(number)
    said = pipe.says(b"not taken")
    assert said == b"7 events were not taken in\n"
    assert pipe.process.wait(timeout=5) == 128 + number


def test_patience_that_is_over_says_what_was_not_taken(engine: Engine, emit: Callable[..., Pipe]) -> None:
    engine.stop()
    pipe = emit(f"unix:{engine.socket}", "--retry-for", "500ms")
    pipe.write(0, 7)
    code, _, said = pipe.end()
    assert code == 3 and b"; 7 events were not taken in\n" in said, said


def test_what_got_no_answer_is_not_said_to_be_lost(engine: Engine, emit: Callable[..., Pipe]) -> None:
    """A stopped process is connected to by the kernel alone: what is sent waits there, and may yet be taken in."""
    engine.process.send_signal(signal.SIGSTOP)
    try:
        pipe = emit(f"unix:{engine.socket}", "--retry-for", "0")
        pipe.write(0, 7)
        code, told, said = pipe.end()
    finally:
        engine.process.send_signal(signal.SIGCONT)
    assert (code, told["unknown"], told["not_taken"]) == (3, 7, 0), said
    assert b"no answer in time; 7 events unknown: sent, no answer\n" in said, said


def test_a_bad_line_in_the_middle_is_told_once(engine: Engine, emit: Callable[..., Pipe]) -> None:
    pipe = emit(f"unix:{engine.socket}", "--source", "app")
    deep = b'{"a":' * 70 + b"1" + b"}" * 70
    pipe.stdin.write(b"line 0\n" + deep + b"\n" + b"x" * (3 << 20) + b"\nline 1\n")
    code, told, _ = pipe.end()
    assert (code, told["accepted"], told["rejected_total"]) == (1, 2, 2)
    assert sorted(one["line"] for one in told["rejected"]) == [2, 3]
    assert held(engine) == ["line 0", "line 1"]
