"""A file through standard input to lines of JSON."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

import lines
from context import LINES, LONGEST, Context, say
from report import Figure, Missing, Row

TITLE = "lines a second from standard input, end to end"


def measure(bench: Context) -> Row:
    """`tail` in its forms, then programs that only count."""
    row = Row(
        "stdin", TITLE, f"`cat FILE | PROGRAM > /dev/null`, wall time with the start of the program; {bench.payload}."
    )
    tail = bench.neurograph
    off = ("--set", "modules.intuition_engine.enabled=false")
    json = rate(bench, row, "tail --json", tail("tail", "--json"), "scored, every record as JSON")
    rate(bench, row, "tail --json, scoring off", tail(*off, "tail", "--json"), "")
    rate(
        bench,
        row,
        "tail --json --filter",
        tail("tail", "--json", "--filter", "level>=fatal"),
        "scored, nothing to print",
    )
    rate(bench, row, "tail --raw", tail("tail", "--raw"), "scored, the bytes as they came")
    for command in (["wc", "-l"], ["grep", "-c", lines.LAST]):
        name = " ".join(command)
        try:
            peer = rate(bench, row, name, command, "counts, nothing else", peer=True)
        except FileNotFoundError:
            row.missing.append(Missing(name, "not on PATH"))
            continue
        row.ratio(f"tail --json / {name}", json, peer)
    return row


def rate(bench: Context, row: Row, name: str, command: Sequence[str], note: str, peer: bool = False) -> Figure:
    """Rounds of one program."""
    say(f"stdin: {name}")
    megabytes = bench.million.stat().st_size / 1e6
    seconds = [wall(bench, command) for _ in range(bench.repeats)]
    middle = sorted(seconds)[len(seconds) // 2]
    note = f"{megabytes / middle:,.0f} MB/s" + (f", {note}" if note else "")
    return row.figure(name, [LINES / value for value in seconds], "lines/s", note, peer)


def wall(bench: Context, command: Sequence[str]) -> float:
    """Seconds from the start of the pipe to the end of its last program. Raises CalledProcessError."""
    start = time.perf_counter()
    with subprocess.Popen(["cat", str(bench.million)], stdout=subprocess.PIPE) as cat:
        subprocess.run(
            command, stdin=cat.stdout, stdout=subprocess.DEVNULL, env=bench.environment, check=True, timeout=LONGEST
        )
    return time.perf_counter() - start
