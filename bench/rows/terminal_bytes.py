"""What reaches the terminal, which is what a thin link has to carry."""

from __future__ import annotations

from context import Context, say
from report import Row
from viewers import WARM_UP, viewers, watch

TITLE = "bytes to the terminal, 200x50"
RATE = 20


def measure(bench: Context) -> Row:
    """Each viewer with 20 lines a second, and with none."""
    row = Row(
        "terminal_bytes",
        TITLE,
        f"Bytes read from the pty in {bench.seconds:g} s after {WARM_UP:g} s: {RATE} lines/s of {bench.payload}; "
        "then a file of one line that stays quiet.",
    )
    log = bench.temporary / "growing.log"
    found, row.missing = viewers(bench, log)
    for rate in (RATE, 0):
        for viewer in found:
            if rate == 0 and viewer.piped:
                continue
            name = f"{viewer.name}, {rate} lines/s" if rate else f"{viewer.name}, quiet"
            say(f"terminal_bytes: {name}")
            seen = watch(bench, viewer, log, rate)
            behind = "" if seen.behind is None or rate == 0 else f", newest line {seen.behind / rate:.1f} s behind"
            note = f"{seen.cpu:.1f} % of a core{behind}"
            row.figure(name, seen.bytes_per_second / 1000, "kB/s", note, viewer.peer)
    return row
