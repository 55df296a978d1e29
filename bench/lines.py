"""The input: lines like those of a distributed file system, and values of a metric. The same bytes in every run."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

LAST = "THE-LAST-LINE-OF-THE-INPUT"
"""Message of the last line of a log, found on a screen that shows it."""

SOURCES = ("node.Receiver", "node.Sender", "node.Disk", "names.Index", "names.Lease", "client.Session")


def write_log(path: Path, count: int, repeat: Path | None = None) -> None:
    """Writes `count` lines, the last with the message `LAST`; from `repeat`, over and over, when it is given."""
    with path.open("wb") as file:
        if repeat is None:
            body: Iterator[bytes] = (line.encode() + b"\n" for line in log_lines(count - 1))
        else:
            known = [line for line in repeat.read_bytes().splitlines(keepends=True) if line.strip()]
            if not known:
                raise ValueError(f"{repeat} has no lines")
            body = (line if line.endswith(b"\n") else line + b"\n" for line in islice(cycle(known), count - 1))
        file.writelines(body)
        file.write(f"2026-01-02T00:00:00 INFO {LAST}\n".encode())


def log_lines(count: int) -> Iterator[str]:
    """Lines of twelve kinds, one in some hundred a warning and one in some thousand an error."""
    chance = random.Random(20_26)
    pick, whole = chance.random, chance.getrandbits
    for index in range(count):
        second = index // 400
        time = (
            f"2026-01-01T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}.{index % 400 * 25 // 10:03}"
        )
        block, host, size = f"blk_{whole(60)}", f"10.20.{whole(3)}.{whole(8)}", whole(26)
        kind = pick()
        if kind < 0.28:
            text = f"INFO {SOURCES[0]}: receiving block {block} from /{host}:{40000 + whole(14)}"
        elif kind < 0.52:
            text = f"INFO {SOURCES[0]}: received block {block} of size {size} from /{host}"
        elif kind < 0.68:
            text = f"INFO {SOURCES[0]}: responder {whole(2)} for block {block} is done"
        elif kind < 0.80:
            text = f"INFO {SOURCES[3]}: stored map updated, {host}:50010 is added to {block} size {size}"
        elif kind < 0.88:
            text = f"INFO {SOURCES[2]}: verification of {block} succeeded in {whole(9)} ms"
        elif kind < 0.94:
            text = f"INFO {SOURCES[4]}: lease of /user/job_{whole(10):04}/part-{whole(8):05} renewed for {whole(12)}"
        elif kind < 0.97:
            text = f"INFO {SOURCES[1]}: sent {block} to /{host} at {whole(7)} MB/s user=worker{whole(4)}"
        elif kind < 0.985:
            text = f"INFO {SOURCES[2]}: deleting block {block} file /data/{whole(4)}/{block}"
        elif kind < 0.992:
            text = f"DEBUG {SOURCES[5]}: heartbeat of session {whole(20):05x} after {whole(11)} ms"
        elif kind < 0.998:
            text = f"WARN {SOURCES[1]}: sending {block} to /{host} is slow: {whole(13)} ms"
        elif kind < 0.9995:
            text = f"ERROR {SOURCES[1]}: sending {block} to /{host} failed: connection refused"
        else:
            text = f"ERROR {SOURCES[5]}: session {whole(20):05x} timed out after {whole(15)} ms"
        yield f"{time} {text}"


def requests(count: int = 20_000) -> Iterator[str]:
    """What a web server tells of requests, from the level on."""
    chance = random.Random(20_28)
    levels, statuses = ("INFO",) * 20 + ("WARN", "ERROR"), (200, 200, 404, 500)
    for _ in range(count):
        yield (
            f"{chance.choice(levels)} web[{chance.randint(100, 999)}]: GET /item/{chance.randint(1, 9999)} "
            f"{chance.choice(statuses)} {chance.randint(1, 900)}ms client=10.0.0.{chance.randint(1, 250)}"
        )


def write_values(path: Path, count: int) -> None:
    """Writes lines `load=VALUE`: two cycles, noise, and a spike in every two thousand."""
    chance = random.Random(20_27)
    with path.open("w") as file:
        for index in range(count):
            wave = math.sin(index / 45) + 0.4 * math.sin(index / 700)
            spike = 6.0 if chance.random() < 1 / 2000 else 0.0
            file.write(f"load={50 + 10 * wave + chance.gauss(0, 1) + spike:.4f}\n")
