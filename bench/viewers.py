"""The consoles that are compared, each shown the same growing file in a terminal of the same size."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyte
from context import HERE, Context
from emulated_terminal import UNKNOWN
from process import cpu_seconds, peak_memory, thread_seconds
from recording_terminal import RecordingTerminal
from report import Missing

WARM_UP = 3.0
"""Seconds before the measuring interval."""
READABLE = 2 << 20
"""Bytes up to which the output is run through a terminal emulator afterwards."""

OURS, STOCK = "neurograph-tui", "neurograph-tui, link stock"

_NUMBER = re.compile(r"n=(\d{7})")


@dataclass
class Viewer:
    """A program that shows the lines of a file as they come."""

    name: str
    command: Callable[[], list[str]]
    """Its command line, with what it remembers forgotten."""
    peer: bool = False
    once: bool = False
    """Measured in the first round only."""


@dataclass
class Seen:
    """What a viewer used in the measuring interval."""

    cpu: float
    """Percent of one core, threads and children included."""

    threads: dict[str, float]
    """The same by name of thread, without children."""

    kilobytes: float
    """To the terminal, a second."""

    memory: float = 0.0
    """Peak resident memory, MiB."""

    behind: int | None = None
    """Lines between the newest written and the newest on the screen; None when no line was found on it."""


def ours(bench: Context, *arguments: str) -> tuple[Viewer, Viewer]:
    """This project over the thin link, and with Textual's own output."""
    stock = ("--set", "console.link=stock")
    return (
        Viewer(OURS, partial(bench.neurograph, *arguments)),
        Viewer(STOCK, partial(bench.neurograph, *stock, *arguments, name="state-stock")),
    )


def viewers(bench: Context, log: Path) -> tuple[list[Viewer], list[Missing]]:
    """Every viewer of a file that is there."""
    found, missing = list(ours(bench, "--file", str(log))), []
    if shutil.which("lnav"):
        found.append(Viewer("lnav", lambda: ["lnav", str(log)], peer=True))
    else:
        missing.append(Missing("lnav", "not on PATH"))
    if reason := bench.peers.install("toolong"):
        missing.append(reason)
    else:
        name = f"toolong {bench.peers.version('toolong')}"
        found.append(Viewer(name, lambda: [str(bench.peers.program("tl")), str(log)], peer=True, once=True))
    return found, missing


def watch(
    bench: Context, viewer: Viewer, log: Path, rate: float, seconds: float, size: tuple[int, int] = (200, 50)
) -> Seen:
    """Runs a viewer on `rate` lines a second in a terminal of this size."""
    with (
        feeding(bench, log, rate, WARM_UP + seconds + 3),
        RecordingTerminal(viewer.command(), bench.environment, columns=size[0], rows=size[1]) as terminal,
    ):
        time.sleep(WARM_UP)
        seen = used(viewer.name, terminal, seconds)
        output, seen.memory = terminal.output(), peak_memory(terminal.pid)
        due = round((time.monotonic() - terminal.started) * rate)
    newest = newest_line(output, *size)
    seen.behind = None if newest is None else max(0, due - newest)
    return seen


def used(name: str, terminal: RecordingTerminal, seconds: float) -> Seen:
    """What the program in a terminal uses within so many seconds. Raises RuntimeError when it ends."""
    start, cpu, total = time.monotonic(), cpu_seconds(terminal.pid), terminal.total
    threads = thread_seconds(terminal.pid)
    time.sleep(seconds)
    passed = time.monotonic() - start
    cpu, sent = cpu_seconds(terminal.pid) - cpu, terminal.total - total
    shares = {
        name: 100 * (spent - threads.get(name, 0)) / passed for name, spent in thread_seconds(terminal.pid).items()
    }
    if terminal.process.poll() is not None:
        raise RuntimeError(f"{name} ended by itself: {terminal.tail()}")
    return Seen(100 * cpu / passed, shares, sent / passed / 1000)


@contextmanager
def feeding(bench: Context, log: Path, rate: float, seconds: float, *more: str) -> Iterator[None]:
    """Feeds a file for a while: requests with the present time, or the lines of the person's log."""
    log.write_bytes(b"2026-01-01T00:00:00Z INFO the first line n=0000000\n")
    source = [str(bench.requests), "--stamp"] if bench.log is None else [str(bench.million)]
    command = [sys.executable, str(HERE / "feed.py"), *source, str(rate), str(seconds), str(log), *more]
    feed = subprocess.Popen(command)
    try:
        yield
    finally:
        feed.terminate()
        feed.wait()


def fed(bench: Context) -> str:
    """What `feeding` writes, in words."""
    return f"{bench.log.name}, repeated" if bench.log is not None else "requests of a web server, stamped as written"


def newest_line(output: bytes, columns: int, rows: int) -> int | None:
    """The highest number of a fed line on the screen at the end; None when there is none or the output is too long."""
    if len(output) > READABLE:
        return None
    screen = pyte.Screen(columns, rows)
    for unknown in UNKNOWN:
        output = output.replace(unknown, b"")
    pyte.ByteStream(screen).feed(output)
    cells = range(columns)
    lines = ("".join(screen.buffer[row][column].data for column in cells) for row in range(rows))
    return max((int(number) for line in lines for number in _NUMBER.findall(line)), default=None)
