"""What the console costs while lines pour in."""

from __future__ import annotations

from context import Context, say
from report import Figure, Row
from viewers import WARM_UP, viewers, watch

TITLE = "processor time of a console at 10 000 lines/s"
RATE = 10_000


def measure(bench: Context) -> Row:
    """Each viewer once, for the measuring interval."""
    row = Row(
        "console_cpu",
        TITLE,
        f"{RATE:,} lines/s of {bench.payload}, fed by another process, pty 200x50, {bench.seconds:g} s after "
        f"{WARM_UP:g} s. "
        "Percent of one core, all threads: neurograph-tui scores every line with the engine in its own process; "
        "toolong and lnav follow a growing file and compute nothing like it.",
    )
    log = bench.temporary / "growing.log"
    found, row.missing = viewers(bench, log)
    figures: list[Figure] = []
    for viewer in found:
        say(f"console_cpu: {viewer.name}")
        seen = watch(bench, viewer, log, RATE)
        behind = "not seen" if seen.behind is None else f"{seen.behind / RATE:.1f} s behind"
        note = f"{seen.memory:.0f} MiB, {seen.bytes_per_second / 1000:.1f} kB/s to the terminal, newest line {behind}"
        if "engine" in seen.threads:
            note += f"; the thread of the engine {seen.threads['engine']:.1f} %"
        figures.append(row.figure(viewer.name, seen.cpu, "% of core", note, viewer.peer))
    for peer in [figure for figure in figures if figure.peer and figure.value > 0]:
        row.ratio(f"neurograph-tui, stdin / {peer.name}", figures[0], peer)
    return row
