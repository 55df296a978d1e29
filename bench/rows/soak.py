"""Whether a console that is used for long holds more and more."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from context import Context, say
from process import held
from report import Row
from used_console import Sample, UsedConsole, growing, grown, slope
from viewers import fed, feeding

TITLE = "a console that is used for long"
RATE, SECONDS, EVERY = 5_000, 1_800.0, 10.0
ROTATED = 16 << 20
"""Bytes after which the file is begun anew."""
LOST = 5
"""Times that the server is killed."""
AWAY_S = 4.0
FLAT_MIB = 10.0
"""Growth of memory in an hour that is taken for none: samples of one process differ by a MiB or two."""
FLAT_SHARE = 0.01
"""The same of objects."""


class Server:
    """`serve` on the file, which is killed and started again."""

    def __init__(self, bench: Context, log: Path, path: str) -> None:
        self._bench = bench
        self._command = [*bench.neurograph("--file", str(log), name="state-serve"), "serve", "--socket", path]
        self.lost = 0
        self._back_at = 0.0
        self.start()

    def start(self) -> None:
        """Runs it."""
        self._process = subprocess.Popen(
            self._command, env=self._bench.environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def look(self, share: float) -> None:
        """Kills it when it is time, by the share of the run that is over, and starts it again a while later."""
        now = time.monotonic()
        if self._back_at and now >= self._back_at:
            self._back_at = 0.0
            self.start()
        elif not self._back_at and share >= (self.lost + 0.5) / LOST:
            self.lost += 1
            self._back_at = now + AWAY_S
            say(f"soak: the server is killed for the {self.lost}. time")
            self._process.kill()
            self._process.wait()
        elif not self._back_at and self._process.poll() is not None:
            raise RuntimeError(f"the server ended by itself with {self._process.returncode}")

    def told(self) -> str:
        """What it holds."""
        now = held(self._process.pid)
        return "away" if now is None else f"{now.memory:.1f} MiB {now.files} files {now.threads} threads"

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()


def measure(bench: Context) -> Row:
    """One console with the engine in its process, one on a server that goes away now and then."""
    seconds = bench.seconds(SECONDS)
    row = Row(
        "soak",
        TITLE,
        f"{seconds:g} s, {RATE:,} lines/s into a file that is begun anew every {ROTATED >> 20} MiB: {fed(bench)}. "
        f"Screens, windows, filters, reading, pauses, themes and resizes by chance; the server is killed {LOST} times. "
        f"Every {EVERY:g} s a sample back at the tail. What grew is told of the second half.",
    )
    log = bench.temporary / "growing.log"
    with ExitStack() as stack:
        stack.enter_context(feeding(bench, log, RATE, seconds + 60, "--rotate", str(ROTATED)))
        path = str(bench.temporary / "engine.sock")
        server = Server(bench, log, path)
        stack.callback(server.stop)
        consoles = [
            stack.enter_context(running(UsedConsole("embedded", *where(bench), "--file", str(log)))),
            stack.enter_context(running(UsedConsole("attached", *where(bench), "connect", f"unix:{path}"))),
        ]
        use(consoles, server, seconds)
        codes = [console.leave() for console in consoles]
    for console, code in zip(consoles, codes, strict=True):
        told(row, console.name, console.samples[len(console.samples) // 2 :])
        row.figure(f"{console.name}, exit code", code, "", most=0)
    row.figure("attached, lost connections", server.lost, "", least=LOST)
    return row


def where(bench: Context) -> tuple[Path, dict[str, str]]:
    """The folder and the environment of a console."""
    return bench.temporary, bench.environment


@contextmanager
def running(console: UsedConsole) -> Iterator[UsedConsole]:
    """The console, which is ended for certain."""
    with console.terminal:
        yield console


def use(consoles: list[UsedConsole], server: Server, seconds: float) -> None:
    """Uses the consoles side by side and prints what they hold."""
    print("  second  console    memory MiB  files  threads  widgets  tasks  objects   server", flush=True)
    start = time.monotonic()
    with ThreadPoolExecutor() as pool:
        while (passed := time.monotonic() - start) < seconds:
            until = passed + EVERY
            while (passed := time.monotonic() - start) < until - 3:
                server.look(passed / seconds)
                list(pool.map(UsedConsole.act, consoles))
            for console, one in zip(consoles, pool.map(lambda each: each.sample(passed), consoles), strict=True):
                print(line(console.name, one, server.told()), flush=True)


def line(name: str, one: Sample, server: str) -> str:
    """A sample as a row."""
    return (
        f"  {one.at:6.0f}  {name:<9}  {one.memory:10.1f}  {one.files:5}  {one.threads:7}  {one.widgets:7}  "
        f"{one.tasks:5}  {one.objects:7}   {server}"
    )


def told(row: Row, name: str, samples: list[Sample]) -> None:
    """What grew in the second half."""
    note = f"{samples[0].memory:.1f} to {samples[-1].memory:.1f} MiB in {len(samples)} samples"
    row.figure(f"{name}, memory", slope(samples), "MiB/h", note, most=FLAT_MIB)
    for kind in ("files", "threads", "widgets", "tasks"):
        note = f"{getattr(samples[0], kind)} to {getattr(samples[-1], kind)}"
        row.figure(f"{name}, {kind} more", grown(samples, kind), "", note, most=0)
    note = f"{samples[0].objects:,} to {samples[-1].objects:,}; {growing(samples) or 'no type more'}"
    row.figure(f"{name}, objects more", grown(samples, "objects"), "", note, most=FLAT_SHARE * samples[0].objects)
