"""Writes lines of a file at a steady rate into another: `feed.py SOURCE RATE SECONDS FILE [--stamp] [--rotate BYTES]`.

Every line ends with its number, ` n=0000042`. Run as a process of its own, so that its work is not measured.
"""

from __future__ import annotations

import argparse
import os
import time
from itertools import islice
from pathlib import Path

TICK = 0.01
"""Shortest pause between two writes, seconds."""
DISTINCT = 20_000
"""Lines of the source that are used; then they come again."""


def main() -> None:
    """Feeds until the time is over."""
    parser = argparse.ArgumentParser(description="Write lines of a file at a steady rate into another.")
    parser.add_argument("source", type=Path)
    parser.add_argument("rate", type=float, help="lines a second")
    parser.add_argument("seconds", type=float)
    parser.add_argument("file", type=Path)
    parser.add_argument("--stamp", action="store_true", help="put the present time before each line")
    parser.add_argument("--rotate", type=int, help="bytes after which the file is renamed to FILE.1 and begun anew")
    given = parser.parse_args()
    with given.source.open("rb") as file:
        known = [line.rstrip(b"\n") for line in islice(file, DISTINCT)]
    out, size = opened(given.file), 0
    pause, start, written = max(TICK, 1 / given.rate), time.monotonic(), 0
    while (passed := time.monotonic() - start) < given.seconds:
        due = int(passed * given.rate)
        stamp = present() if given.stamp else b""
        data = b"".join(
            b"%s%s n=%07d\n" % (stamp, known[number % len(known)], number) for number in range(written, due)
        )
        write(out, data)
        written, size = max(written, due), size + len(data)
        if given.rotate and size > given.rotate:
            os.close(out)
            given.file.rename(given.file.with_name(given.file.name + ".1"))
            out, size = opened(given.file), 0
        time.sleep(pause)


def present() -> bytes:
    """The time as logs write it."""
    now = time.time()
    return time.strftime(f"%Y-%m-%dT%H:%M:%S.{int(now % 1 * 1000):03}Z ", time.gmtime(now)).encode()


def opened(file: Path) -> int:
    """The file, ready for more at its end."""
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def write(out: int, data: bytes) -> None:
    """Writes all of it."""
    while data:
        data = data[os.write(out, data) :]


if __name__ == "__main__":
    main()
