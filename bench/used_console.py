"""A console in a terminal that is used as a person would for hours, and what it holds meanwhile."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from context import HERE, say
from deeds import BASE, DEEDS, SIZES
from process import held
from recording_terminal import RecordingTerminal

KEPT = 1 << 16
"""Bytes of the output that are kept."""
PATIENCE, TIMED_OUT = 20.0, 124


@dataclass(frozen=True)
class Sample:
    """What a console held at a moment, back at its tail."""

    at: float
    """Seconds from the beginning."""
    memory: float
    files: int
    threads: int
    typed: int
    """Keys that wait for their turn."""
    widgets: int
    tasks: int
    objects: int
    types: dict[str, int] = field(repr=False)


class UsedConsole:
    """Does one thing after another; `sample` goes back to the tail and asks what the console holds."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str], *arguments: str) -> None:
        self.name, self.samples = name, list[Sample]()
        self._chance = random.Random(name)
        self._socket = str(folder / f"{name}.sock")
        command = [sys.executable, str(HERE / "counted_console.py"), self._socket]
        state = ["--state-dir", str(folder / f"state-{name}")]
        self.terminal = RecordingTerminal([*command, *state, *arguments], environment, columns=100, rows=30, kept=KEPT)

    def act(self) -> None:
        """Does something, in a terminal of another size now and then."""
        if self._chance.random() < 0.4:
            self.terminal.resize(*self._chance.choice(SIZES))
        for key in self._chance.choice(DEEDS)[1]:
            self._press(key)

    def sample(self, at: float) -> Sample:
        """What is held. Raises RuntimeError when the console has ended, OSError when it does not answer."""
        self.terminal.resize(*SIZES[0])
        for key in BASE:
            self._press(key)
        end = time.monotonic() + PATIENCE
        while self._counts()["typed"] and time.monotonic() < end:  # On a busy machine keys wait for their turn.
            time.sleep(0.5)
        time.sleep(1)
        counts = self._counts()
        now = held(self.terminal.pid)
        if now is None:
            raise RuntimeError(f"{self.name} ended by itself: {self.terminal.tail(2000)}")
        self.samples.append(Sample(at, now.memory, now.files, now.threads, **counts))
        return self.samples[-1]

    def leave(self) -> int:
        """Quits; returns the exit code, that of `timeout` when the console stays, and then prints where it is."""
        self.terminal.send("\x11")
        try:
            return self.terminal.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.terminal.process.send_signal(signal.SIGUSR2)
            time.sleep(1)
            say(f"{self.name} did not quit within {PATIENCE:g} s; its threads are here:")
            say(Path(f"{self._socket}.stacks").read_text())
            return TIMED_OUT

    def _press(self, key: str) -> None:
        if self.terminal.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended by itself before {key!r}: {self.terminal.tail(2000)}")
        self.terminal.send(key)
        time.sleep(self._chance.uniform(0.05, 0.3))

    def _counts(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                with socket.socket(socket.AF_UNIX) as line:
                    line.settimeout(PATIENCE)
                    line.connect(self._socket)
                    told = b"".join(iter(lambda: line.recv(1 << 16), b""))
                found: dict[str, Any] = json.loads(told)
                return found
            except (FileNotFoundError, ConnectionRefusedError):  # It has not begun yet.
                if time.monotonic() > end or self.terminal.process.poll() is not None:
                    raise RuntimeError(f"{self.name} does not answer: {self.terminal.tail(2000)}") from None
                time.sleep(0.2)


def slope(samples: list[Sample]) -> float:
    """How fast memory grows, MiB an hour: the middle of the slopes between any two, which no single sample moves."""
    slopes = [
        (later.memory - one.memory) / (later.at - one.at)
        for place, one in enumerate(samples)
        for later in samples[place + 1 :]
    ]
    return 3600 * median(slopes) if slopes else 0.0


def grown(samples: list[Sample], name: str) -> float:
    """By how much the middle of a count is higher in the later half of these samples than in the earlier."""
    values = [float(getattr(one, name)) for one in samples]
    middle = len(values) // 2
    return median(values[middle:]) - median(values[:middle]) if middle else 0.0


def growing(samples: list[Sample], most: int = 3) -> str:
    """The types of which there are more in the last sample than in the first."""
    before, after = samples[0].types, samples[-1].types
    more = sorted(((count - before.get(name, count), name) for name, count in after.items()), reverse=True)
    return ", ".join(f"{name} +{count}" for count, name in more[:most] if count > 0)
