"""Millions of lines for history, made of a sample: `many_lines.py hdfs|mix DATA COUNT >FILE`.

The sample comes again and again; in each round its numbers of five digits or more are others, the same for the same
number, so that what belongs together still does. Every line begins with a time in UTC, one every 12.6 ms, as a busy
service writes them. `mix` takes lines of all the systems of `loghub`, whose own times stay behind the stamp.
"""

from __future__ import annotations

import gzip
import random
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path

START_MS = 1_764_417_600_000
"""2025-11-29T12:00:00Z."""

APART_MS = 12.6
"""Ten million of them are a day and a half."""

STEP = 7_368_787
"""A prime: numbers of one round come in another much later."""

NUMBER = re.compile(r"[0-9]{5,18}")


class Line:
    """A line of the sample, and its numbers that change."""

    def __init__(self, text: str) -> None:
        self.form = NUMBER.sub("%0*d", text.replace("%", "%%"))
        self.numbers = [(len(digits), int(digits), 10 ** len(digits)) for digits in NUMBER.findall(text)]

    def again(self, turn: int) -> str:
        """The line as it is in a round."""
        changed: list[int] = []
        for width, number, limit in self.numbers:
            changed += (width, (number + turn * STEP) % limit)
        return self.form % tuple(changed)


def hdfs(data: Path) -> Iterator[str]:
    """Lines of one family of logs, without their times."""
    with gzip.open(data / "hdfs" / "stream.log.gz", "rt") as file:
        sample = [Line(text.rstrip("\n").split(" ", 1)[1]) for text in file]
    for turn in count():
        yield from (line.again(turn) for line in sample)


def mix(data: Path) -> Iterator[str]:
    """Lines of every system, in their order, and the systems by chance."""
    chance = random.Random(20_29)
    systems = sorted((data / "loghub").iterdir())
    streams = [endless((system / "raw.log").read_text(errors="replace")) for system in systems]
    while True:
        for stream in chance.choices(streams, k=1000):
            yield next(stream)


def endless(text: str) -> Iterator[str]:
    """The lines of a text, round after round."""
    sample = [Line(line) for line in text.split("\n") if line]
    for turn in count():
        yield from (line.again(turn) for line in sample)


def stamped(lines: Iterator[str]) -> Iterator[str]:
    """The lines with their times and line ends."""
    second, clock = -1, ""
    for index, line in enumerate(lines):
        now, ms = divmod(START_MS + int(index * APART_MS), 1000)
        if now != second:
            second, clock = now, datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        yield f"{clock}.{ms:03}Z {line}\n"


def main() -> None:
    """Writes the lines to standard output."""
    kind, data, number = sys.argv[1:]
    lines = {"hdfs": hdfs, "mix": mix}[kind](Path(data))
    for text in batched(stamped(islice(lines, int(number)))):
        sys.stdout.buffer.write(text.encode())


def batched(lines: Iterator[str]) -> Iterator[str]:
    """Ten thousand lines in one text."""
    while some := list(islice(lines, 10_000)):
        yield "".join(some)


if __name__ == "__main__":
    main()
