"""How fast the engine is, beside a reference detector in the same run.

A gate in events a second says as much of the machine as of the engine. The gates were set where the reference, four
channels over 4096 vectors and 8192 numbers without SIMD, did 140 000 events/s, and 304 000 in its small form. So each
round runs the reference first, and a figure is also told as it would be there.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import subprocess
from pathlib import Path
from statistics import median

from context import compiled, run_json

ROUNDS = 5
FULL, LITE = ("4096", "8192"), ("1024", "4096")
"""Vectors and numbers that the reference remembers."""
THERE = {FULL: 140_000, LITE: 304_000}
"""Events/s of the reference where the gates were set."""
KINDS = (
    ("numeric, full", "values", "metric", "full", FULL, 140_000, "300 k"),
    ("numeric, lite", "values", "metric", "lite", LITE, 300_000, "600 k"),
    ("lines of text", "lines", "text", "no_sessions", FULL, 300_000, "600 k"),
    ("lines of text and their sessions", "lines", "text", "full", FULL, None, "—"),
)
"""What, input, format and profile of `step_rate`, form of the reference, gate, target."""
WARM_UP, EVENTS = 30_000, 100_000


def rows(data: Path, reference: Path | None, folder: Path) -> list[tuple[str, str, str, str, bool | None]]:
    """What, gate, target, ours and whether the gate holds; no gate without a reference.

    `data` holds `nab` and `hdfs`. Counted are the events that are taken in, scored and stored in a second of the
    processor time of one thread, with nobody subscribed. Raises CalledProcessError when a program fails.
    """
    series = [data / "nab" / name for name in json.loads((data / "nab" / "windows.json").read_text())]
    inputs = {"values": folder / "values.log", "lines": folder / "lines.log"}
    with inputs["values"].open("w") as out:
        for path in series:
            with path.open(newline="") as file:
                out.writelines(f"value={row['value']}\n" for row in csv.DictReader(file))
    with gzip.open(data / "hdfs" / "stream.log.gz") as packed:
        inputs["lines"].write_bytes(packed.read())
    step_rate = compiled("step_rate")
    peer = Peer(reference, series, folder) if reference else None
    found = []
    for what, source, kind, profile, form, gate, target in KINDS:
        ours, there = [], []
        for _ in range(ROUNDS):
            beside = peer.rate(form) if peer else None
            command = [str(step_rate), str(inputs[source]), kind, profile, str(WARM_UP), str(EVENTS), "0"]
            ours.append(float(run_json(command)["per_second"]))
            if beside:
                there.append(ours[-1] / beside * THERE[form])
        said = f"{median(ours):,.0f} here"
        if there:
            said += f", {median(there):,.0f} there"
        holds = median(there) >= gate if there and gate else None
        found.append((f"events/s, {what}", f"{gate // 1000} k there" if gate else "—", target, said, holds))
    return found


class Peer:
    """The reference detector, compiled, on the same series."""

    def __init__(self, source: Path, series: list[Path], folder: Path) -> None:
        self.program, self.list, self.out = folder / "reference", folder / "series", folder / "reference.csv"
        subprocess.run(
            [os.environ.get("RUSTC", "rustc"), "-O", "-Awarnings", source.absolute(), "-o", self.program], check=True
        )
        self.list.write_text("".join(f"{path}\n" for path in series))

    def rate(self, form: tuple[str, str]) -> float:
        """Events for a second, by its own clock."""
        command = [str(self.program), str(self.list), str(self.out), *form, "2", "1"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        said = re.search(r"= (\d+) ev/s", done.stdout + done.stderr)
        if not said:
            raise RuntimeError(f"the reference told no rate: {done.stdout}{done.stderr}")
        return float(said[1])
