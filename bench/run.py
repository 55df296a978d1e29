"""Measures this machine beside its peers and prints the table: `python bench/run.py [ROW …]`.

Peers are installed into `bench/.venv` or found on PATH; one that is missing is named. The values also go to
`bench/results/`. Absolute times are worth little on a shared machine: compare within one run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import time
from pathlib import Path

import machine
import report
from context import HERE, ROOT, Context, say

ROWS = (
    "engine",
    "kernel",
    "emit",
    "latency",
    "routing",
    "stdin",
    "console_loads",
    "console_keys",
    "console_idle",
    "console_paused",
    "first_frame",
    "accounting",
    "fan_out",
    "connections",
    "history",
)
"""Each is a module of `rows` with a `TITLE` and a function `measure`."""

GROUPS = {"console": ("console_loads", "console_keys", "console_idle", "console_paused", "first_frame")}
"""Rows that have a name together. About twelve minutes for three rounds."""

LONG = ("exact", "soak", "faults")
"""Rows that are measured only when they are named; `--seconds` says for how long, `--repeats` how often."""

ALL = (*GROUPS, *ROWS, *LONG)


def main() -> int:
    """Runs the rows that were asked for, one after the other."""
    parser = argparse.ArgumentParser(description="Measure this machine beside its peers and print the table.")
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", help=f"of {', '.join(ALL)}; without the last three when none is named"
    )
    parser.add_argument("--log", type=Path, help="take the lines of this file, repeated, in place of generated ones")
    parser.add_argument("--repeats", type=int, help="rounds of what is repeated (default 5; console 3)")
    parser.add_argument("--seconds", type=float, help="length of a measuring interval, in place of what a row takes")
    parser.add_argument(
        "--command", type=Path, default=Path(sys.executable).parent / "neurograph-tui", help="what to measure"
    )
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.rows if name not in ALL]:
        parser.error(f"unknown row {unknown[0]}; there are {', '.join(ALL)}")
    if any(asked is not None and asked <= 0 for asked in (arguments.repeats, arguments.seconds)):
        parser.error("--repeats and --seconds must be positive")
    if not arguments.command.exists():
        parser.error(f"{arguments.command} does not exist; run `make bench`, or name the program with --command")

    host = machine.describe(ROOT, arguments.command)
    print(report.heading(host), flush=True)
    rows: list[report.Row] = []
    failed = 0
    with tempfile.TemporaryDirectory(prefix="neurograph-bench-") as folder:
        bench = Context(Path(folder), arguments.log, arguments.repeats, arguments.seconds, arguments.command)
        names = [one for name in arguments.rows or ROWS for one in GROUPS.get(name, (name,))]
        for name in dict.fromkeys(names):
            say(name)
            try:
                rows.append(importlib.import_module(f"rows.{name}").measure(bench))
            except Exception as error:  # One row that fails takes no other with it.
                failed += 1
                print(f"\n{name}: failed: {type(error).__name__}: {error}", flush=True)
                continue
            print("\n" + report.render(rows[-1]), flush=True)
    if judged := report.summary(rows):
        print("\n" + judged, flush=True)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    path = results / time.strftime("%Y%m%d-%H%M%S.json")
    path.write_text(json.dumps(report.to_json(host, rows), indent=2) + "\n")
    print(f"\nwritten to {path.relative_to(ROOT)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
