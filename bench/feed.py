"""Writes lines of a file at a steady rate: `feed.py SOURCE RATE SECONDS [FILE]`; to standard output without FILE.

Every line ends with its number, ` n=0000042`. Run as a process of its own, so that its work is not measured.
"""

from __future__ import annotations

import os
import sys
import time
from itertools import islice
from pathlib import Path

TICK = 0.01
"""Shortest pause between two writes, seconds."""
DISTINCT = 20_000
"""Lines of the source that are used; then they come again."""


def main(arguments: list[str]) -> None:
    """Feeds until the time is over or the reader is gone."""
    source, rate, seconds = Path(arguments[0]), float(arguments[1]), float(arguments[2])
    out = os.open(arguments[3], os.O_WRONLY | os.O_APPEND) if len(arguments) > 3 else 1
    with source.open("rb") as file:
        known = [line.rstrip(b"\n") for line in islice(file, DISTINCT)]
    pause, start, written = max(TICK, 1 / rate), time.monotonic(), 0
    while (passed := time.monotonic() - start) < seconds:
        due = int(passed * rate)
        lines = (b"%s n=%07d\n" % (known[number % len(known)], number) for number in range(written, due))
        try:
            write(out, b"".join(lines))
        except BrokenPipeError:
            return
        written = max(written, due)
        time.sleep(pause)


def write(out: int, data: bytes) -> None:
    """Writes all of it."""
    while data:
        data = data[os.write(out, data) :]


if __name__ == "__main__":
    main(sys.argv[1:])
