"""A million lines through the console: what it takes, and whether every one of them is accounted for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import lines
from context import HERE, LINES, LONGEST, Context, run_json, say
from process import cpu_seconds, peak_memory
from recording_terminal import RecordingTerminal
from report import Row

TITLE = "a million lines through standard input, added up"


def measure(bench: Context) -> Row:
    """The console once in a terminal, and the engine once by itself, which is asked for its numbers."""
    row = Row(
        "accounting",
        TITLE,
        f"`cat FILE | neurograph-tui` in a pty 200x50 until the last line is on the screen; then the same file through "
        f"an engine of the same configuration without a console, whose counters are added up. Once; {bench.payload}.",
    )
    say("accounting: console")
    console(bench, row)
    say("accounting: engine")
    counted = engine(bench)
    row.figure("engine alone, wall time", counted["seconds"], "s", "to the second, after the engine has come to rest")
    row.figure("engine alone, processor time", counted["cpu_seconds"], "s")
    row.figure("engine alone, peak memory", counted["peak_mib"], "MiB", f"ring {counted['ring_bytes'] / 2**20:.0f} MiB")
    add_up(row, counted)
    return row


def console(bench: Context, row: Row) -> None:
    """Wall time, processor time and memory of the console."""
    with subprocess.Popen(["cat", str(bench.million)], stdout=subprocess.PIPE) as cat:
        assert cat.stdout is not None
        with RecordingTerminal(bench.neurograph(), bench.environment, stdin=cat.stdout.fileno()) as terminal:
            cat.stdout.close()
            try:
                wall = terminal.wait_for([lines.LAST], LONGEST)
                cpu, memory = cpu_seconds(terminal.pid), peak_memory(terminal.pid)
            finally:
                if cat.poll() is None:
                    cat.terminate()
    row.figure("console, wall time", wall, "s", f"{LINES / wall:,.0f} lines/s")
    row.figure("console, processor time", cpu, "s", f"{100 * cpu / wall:.0f} % of a core while it ran")
    row.figure("console, peak memory", memory, "MiB")


def engine(bench: Context) -> Mapping[str, Any]:
    """The counters of an engine that has taken everything in."""
    state = bench.temporary / "account"
    with bench.million.open("rb") as file:
        return run_json([sys.executable, str(HERE / "account.py"), str(state)], stdin=file, env=bench.environment)


def add_up(row: Row, counted: Mapping[str, Any]) -> None:
    """Three sums that come out as zero when nothing is unaccounted for."""
    read, lost, refused, records = (counted[name] for name in ("readings", "lost", "refused", "records"))
    row.figure("lines written", LINES, "")
    row.figure("readings of the source", read, "", f"lost {lost:,}, refused {refused:,}")
    row.figure("records numbered", records, "", f"of them {counted['engine_notes']:,} the engine's own notes")
    held, first = counted["held"], counted["first_seq"]
    row.figure(
        "records held",
        held,
        "",
        f"capacity {counted['ring_capacity']:,}, from seq {first:,}, dropped {counted['dropped']:,}",
    )
    row.figure("written - (readings + lost)", LINES - read - lost, "", "0 = every line was read or is counted as lost")
    own = counted["engine_notes"]
    row.figure(
        "readings - refused - (records - notes)",
        read - refused - (records - own),
        "",
        "0 = one record for each reading",
    )
    row.figure("records - (left the ring + held)", records - first - held, "", "0 = no hole between oldest and newest")
