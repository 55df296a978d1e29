"""Events from a Python program into an engine in the same process."""

from __future__ import annotations

import sys
from pathlib import Path

from context import HERE, Context, run_json, say
from report import Row

TITLE = "events per second from Python into an engine in the same process, scored"
EVENTS = 200_000


def measure(bench: Context) -> Row:
    """`emit`, `emit_batch`, and a call of C that does nothing."""
    row = Row(
        "emit",
        TITLE,
        f"{EVENTS:,} lines after 50,000 of warm-up, wall time until the last is a record: matched, scored, routed and "
        "stored on the engine's thread while Python goes on. The no-op is `bytes.__len__` called for each of the same "
        f"lines; {bench.payload}.",
    )
    figures = {}
    python = Path(sys.executable)
    for method, note in (
        ("emit", "one by one"),
        ("batch", "256 at a time"),
        ("unscored", "one by one, scoring off"),
        ("noop", "a call of C"),
    ):
        say(f"emit: {method}")
        state = bench.temporary / f"emit-{method}"
        command = [str(python), str(HERE / "emit.py"), str(bench.million), method, str(EVENTS), str(state)]
        values = [float(run_json(command, env=bench.environment)["per_second"]) for _ in range(bench.repeats)]
        figures[method] = row.figure(method, values, "events/s", note, peer=method == "noop")
    for method in ("emit", "batch"):
        row.ratio(f"{method} / no-op", figures[method], figures["noop"])
    return row
