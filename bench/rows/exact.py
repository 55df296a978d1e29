"""Whether each cell of the terminal is what the console drew, with hard texts, windows, resizes and all rates."""

from __future__ import annotations

import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from context import Context, say
from deeds import DEEDS, SIZES
from report import Row

from tests.console.linked import Compared, Linked, write_lines

TITLE = "cells of the terminal beside those that were drawn"
RATES = (7, 20, 100, 333, 1_000)
SECONDS = 600.0
RUNNING_S, REST_S = 4.0, 0.5
"""Seconds of lines between two comparisons, and without them, so that all is drawn."""
KEPT = 1 << 20
"""Bytes of output that are kept for the case that a cell is wrong."""


@dataclass
class Found:
    """What the comparisons of a run found."""

    cells: int = 0
    wrong: int = 0
    times: int = 0
    first: str = ""
    """When a cell was wrong for the first time, and which."""

    def take(self, compared: Compared, what: str) -> None:
        """Adds a comparison."""
        self.cells += compared.cells
        self.wrong += len(compared.wrong)
        self.times += 1
        if compared.wrong:
            self.first = self.first or f"first after {what}: {compared.wrong[0]}"
            say(f"exact: {len(compared.wrong)} wrong after {what}\n{compared.report}")


def measure(bench: Context) -> Row:
    """A console for each rate, one after the other."""
    seconds = bench.seconds(SECONDS)
    row = Row(
        "exact",
        TITLE,
        f"{seconds:g} s at each rate: lines with wide, combining, joined and right-to-left characters into a real "
        "pseudo-terminal and an emulator; screens, windows, filters, reading and resizes by chance. Text, colours and "
        "attributes are compared whenever lines have rested; cells beside a cluster that the emulator lays out "
        "otherwise are left out.",
    )
    for rate in RATES:
        say(f"exact: {rate:,} lines/s")
        with tempfile.TemporaryDirectory(dir=bench.temporary) as folder:
            found = run(Path(folder), rate, seconds)
        note = f"of {found.cells:,} in {found.times} comparisons"
        row.figure(
            f"{rate:,} lines/s, wrong", found.wrong, "cells", "; ".join(filter(None, [note, found.first])), most=0
        )
    return row


def run(folder: Path, rate: int, seconds: float, setting: str = "thin") -> Found:
    """Compares for so long. Raises AssertionError when the console ends or does not answer."""
    found, chance, size = Found(), random.Random(rate), SIZES[0]
    end, written = time.monotonic() + seconds, 60
    with Linked(folder, columns=size[0], rows=size[1], setting=setting) as one:
        write_lines(one.log, written)
        one.wait("59")
        while time.monotonic() < end:
            written = pour(one, rate, written)
            found.take(one.compare(), "lines")
            what, keys = chance.choice(DEEDS)
            for key in keys:
                one.send(key)
                written = pour(one, rate, written, chance.choice((0.0, 0.3)))
                found.take(one.compare(), f"{key!r} of {what}, {size[0]}x{size[1]}")
            if chance.random() < 0.5:
                size = chance.choice(SIZES)
                one.resize(*size)
                written = pour(one, rate, written, chance.choice((0.0, 0.5)))
                found.take(one.compare(), f"a resize to {size[0]}x{size[1]}")
            if found.wrong == 0:
                del one.raw[:-KEPT]
    return found


def pour(one: Linked, rate: int, written: int, seconds: float = RUNNING_S) -> int:
    """Lets lines come for a while and rest; returns how many there are by then."""
    start, first = time.monotonic(), written
    while (passed := time.monotonic() - start) < seconds:
        if (due := first + int(passed * rate)) > written:
            write_lines(one.log, due - written, written)
            written = due
        one.pump(0.02)
    while time.monotonic() - start < seconds + REST_S:
        one.pump(0.02)
    return written
