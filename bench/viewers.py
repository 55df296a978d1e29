"""The consoles that are compared, each shown the same growing input in a terminal of the same size."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyte
from context import HERE, Context
from process import cpu_seconds, peak_memory, thread_seconds
from recording_terminal import RecordingTerminal
from report import Missing

WARM_UP = 3.0
"""Seconds before the measuring interval."""
READABLE = 8 << 20
"""Bytes up to which the output is run through a terminal emulator afterwards."""

_NUMBER = re.compile(r"n=(\d{7})")


@dataclass
class Viewer:
    """A program that shows lines as they come, from a pipe or from a file."""

    name: str
    command: list[str]
    piped: bool
    peer: bool


@dataclass
class Seen:
    """What a viewer used in the measuring interval."""

    cpu: float
    """Percent of one core, threads and children included."""

    threads: dict[str, float]
    """The same by name of thread, without children."""

    bytes_per_second: float
    """Bytes to the terminal."""

    memory: float
    """Peak resident memory, MiB."""

    behind: int | None
    """Lines between the newest written and the newest on the screen; None when no line was found on it."""


def viewers(bench: Context, log: Path) -> tuple[list[Viewer], list[Missing]]:
    """Every viewer that is there. `log` is the file that those without a pipe follow."""
    found = [
        Viewer("neurograph-tui, stdin", bench.neurograph(), piped=True, peer=False),
        Viewer("neurograph-tui --file", bench.neurograph("--file", str(log)), piped=False, peer=False),
    ]
    missing: list[Missing] = []
    if reason := bench.peers.install("toolong"):
        missing.append(reason)
    else:
        name = f"toolong {bench.peers.version('toolong')}"
        found.append(Viewer(name, [str(bench.peers.program("tl")), str(log)], piped=False, peer=True))
    if shutil.which("lnav"):
        found.append(Viewer("lnav", ["lnav", str(log)], piped=False, peer=True))
    else:
        missing.append(Missing("lnav", "not on PATH"))
    return found, missing


def watch(bench: Context, viewer: Viewer, log: Path, rate: float) -> Seen:
    """Runs a viewer on `rate` lines a second; 0 leaves its input quiet."""
    log.write_bytes(b"2026-01-01T00:00:00 INFO the first line n=0000000\n")
    seconds = WARM_UP + bench.seconds + 2
    with (
        feeding(bench, viewer, log, rate, seconds) as stdin,
        RecordingTerminal(viewer.command, bench.environment, stdin=stdin) as terminal,
    ):
        time.sleep(WARM_UP)
        start, cpu, total = time.monotonic(), cpu_seconds(terminal.pid), terminal.total
        threads = thread_seconds(terminal.pid)
        time.sleep(bench.seconds)
        passed = time.monotonic() - start
        cpu, sent = cpu_seconds(terminal.pid) - cpu, terminal.total - total
        used = {
            name: 100 * (spent - threads.get(name, 0)) / passed for name, spent in thread_seconds(terminal.pid).items()
        }
        if terminal.process.poll() is not None:
            raise RuntimeError(f"{viewer.name} ended by itself: {terminal.tail()}")
        output, memory = terminal.output(), peak_memory(terminal.pid)
        due = round((time.monotonic() - terminal.started) * rate)
    newest = newest_line(output, terminal.columns, terminal.rows)
    behind = None if newest is None else max(0, due - newest)
    return Seen(100 * cpu / passed, used, sent / passed, memory, behind)


@contextmanager
def feeding(bench: Context, viewer: Viewer, log: Path, rate: float, seconds: float) -> Iterator[int | None]:
    """Feeds the viewer's pipe or file for a while; gives what stands in for its standard input."""
    if rate == 0:
        yield None
        return
    command = [sys.executable, str(HERE / "feed.py"), str(bench.million), str(rate), str(seconds)]
    out = subprocess.PIPE if viewer.piped else subprocess.DEVNULL
    feed = subprocess.Popen(command if viewer.piped else [*command, str(log)], stdout=out)
    try:
        yield feed.stdout.fileno() if feed.stdout is not None else None
    finally:
        if feed.stdout is not None:
            feed.stdout.close()
        feed.terminate()
        feed.wait()


def newest_line(output: bytes, columns: int, rows: int) -> int | None:
    """The highest number of a fed line on the screen at the end; None when there is none or the output is too long."""
    if len(output) > READABLE:
        return None
    screen = pyte.Screen(columns, rows)
    # pyte does not know the keyboard protocol that Textual switches on; it prints nothing and can be left out.
    pyte.ByteStream(screen).feed(output.replace(b"\x1b[>1u", b"").replace(b"\x1b[<u", b""))
    numbers = [int(found) for line in screen.display for found in _NUMBER.findall(line)]
    return max(numbers, default=None)
