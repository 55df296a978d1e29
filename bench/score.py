"""Scores labelled data with `neurograph-tui score` and says which gates hold: `score.py --data DATA --tools TOOLS`.

DATA holds `nab/` with `windows.json`, `loghub/SYSTEM/` with `content.txt`, `raw.log` and `event_ids.txt`, and `hdfs/`
with `stream.log.gz` and `labels.csv`; TOOLS holds the programs that judge the scores. With `--reference SOURCE`, a
detector in one file of Rust, the speed of the engine is a gate too; see `speed.py`. Exits with 1 when a gate does not
hold.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import machine
import speed

SESSION = r"blk_-?\d+"
THRESHOLD = 3.6
NUMERIC, TEXT = "level", "template rarity"
"""The first channel tells what an input was recognised as."""
SHARES = r"([\d.]+)%\ttime ([\d.]+)%\tlevel ([\d.]+)%"
"""What `formats test` says of the lines that a format reads: their share, and how many of them have time and level."""


@dataclass
class Row:
    """One line of the table; `holds` is None for what is no gate."""

    what: str
    gate: str
    target: str
    ours: str
    holds: bool | None


@dataclass
class Bench:
    """The command and where it works."""

    command: Path
    tools: Path
    folder: Path
    events: int = 0
    wrong: int = 0
    files: int = 0

    def run(self, *arguments: str | Path) -> str:
        """What the command prints. No configuration of this machine is read."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NEUROGRAPH_")}
        environment = {**kept, "XDG_CONFIG_HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder)}
        done = subprocess.run(
            [self.command, *arguments], check=True, cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    def score(self, source: Path, *options: str, out: str = "out.csv") -> tuple[Path, float]:
        """Scores a file; returns the result and the seconds of processor time."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        target = self.folder / out
        target.parent.mkdir(parents=True, exist_ok=True)
        self.run("score", *options, source, "-o", target)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return target, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def recognised(self, source: Path, channel: str, out: str = "out.csv") -> list[dict[str, str]]:
        """The rows of a file that is recognised by itself; counts whether it is what it should be."""
        with self.score(source, "--explain", out=out)[0].open(newline="") as file:
            reader = csv.DictReader(file)
            self.files += 1
            self.wrong += channel not in (reader.fieldnames or [])
            rows = list(reader)
        self.events += len(rows)
        return rows

    def read(self, source: Path) -> tuple[float, float]:
        """The shares of the lines of a log whose time is read, and whose level."""
        found = re.findall(SHARES, self.run("formats", "test", source))
        time, level = (sum(float(of[0]) * float(of[kind]) for of in found) / 1e4 for kind in (1, 2))
        return time, level

    def judge(self, tool: str, *arguments: str | Path) -> str:
        """What a tool prints."""
        done = subprocess.run(
            [sys.executable, self.tools / tool, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout


def numeric(bench: Bench, data: Path) -> list[Row]:
    """The series of the Numenta Anomaly Benchmark."""
    windows = json.loads((data / "windows.json").read_text())
    false_alerts = events = 0
    scores = bench.folder / "nab"
    for name, spans in windows.items():
        rows = bench.recognised(data / name, NUMERIC, out=f"nab/{name}")
        with (data / name).open(newline="") as file:
            stamps = [row["timestamp"] for row in csv.DictReader(file)]
        inside = [(start.split(".")[0], stop.split(".")[0]) for start, stop in spans]
        for row, stamp in zip(rows, stamps, strict=True):
            false_alerts += row["alert"] == "1" and not any(start <= stamp <= stop for start, stop in inside)
        events += len(rows)
    best = json.loads(bench.judge("nab_score.py", data, scores, "--json"))
    fixed = json.loads(bench.judge("nab_score.py", data, scores, "--threshold", str(THRESHOLD), "--json"))
    rate = 1000 * false_alerts / events
    found = [
        (f"NAB half A, {name.replace('_', ' ')}", gate, target, best[name]["score"])
        for name, gate, target in (("standard", 71.3, 77), ("low_FP", 65, 69), ("low_FN", 76, 83))
    ]
    found.append((f"NAB half A at the fixed threshold {THRESHOLD}", 74, 77, fixed["standard"]["score"]))
    rows = [Row(what, f"{gate}", f"{target}", f"{ours:.2f}", ours >= gate) for what, gate, target, ours in found]
    rows.append(Row("false alerts per 1 000 events at the default", "< 1.0", "< 0.4", f"{rate:.2f}", rate < 1.0))
    return rows


@dataclass
class Lines:
    """What is said of the lines of several systems, by the name of the system."""

    flags: Path
    groups: dict[str, float]

    def take(self, system: str, rows: list[dict[str, str]], truth: list[str]) -> None:
        """Keeps the flags of a system for the tool that judges them, and how well its lines are grouped."""
        self.flags.mkdir(exist_ok=True)
        (self.flags / f"{system}.txt").write_text("".join(row["is_novel"] + "\n" for row in rows))
        self.groups[system] = grouping([row["pattern"] for row in rows], truth)

    def rows(self, bench: Bench, data: Path, what: str, gate: float, target: float) -> list[Row]:
        """The means over all systems."""
        said = bench.judge("novelty_score.py", data, self.flags)
        f1 = float(re.findall(r"macro F1 ([\d.]+)", said)[0])
        right = sum(self.groups.values()) / len(self.groups)
        of = f"{what}, {len(self.groups)} systems"
        return [
            Row(f"`is_novel`, macro F1, {of}", f"{gate}", f"{target}", f"{f1:.3f}", f1 >= gate),
            Row(f"grouping accuracy, {of}", "—", "—", f"{right:.3f}", None),
        ]


def grouping(found: list[str], truth: list[str]) -> float:
    """The share of lines whose group is exactly that of their true template: not a line less, not a line more."""
    together: dict[str, set[str]] = {}
    apart: dict[str, set[str]] = {}
    for group, template in zip(found, truth, strict=True):
        together.setdefault(group, set()).add(template)
        apart.setdefault(template, set()).add(group)
    right = sum(len(together[group]) == len(apart[template]) == 1 for group, template in zip(found, truth, strict=True))
    return right / len(truth)


def novelty(bench: Bench, data: Path) -> list[Row]:
    """First occurrences of templates in lines of eight systems, and which are alike; messages, and whole lines."""
    messages, whole = (Lines(bench.folder / name, {}) for name in ("flags", "raw-flags"))
    read: list[tuple[float, float]] = []
    for system in sorted(path.parent for path in data.glob("*/event_ids.txt")):
        truth = (system / "event_ids.txt").read_text().split("\n")[:-1]
        messages.take(system.name, bench.recognised(system / "content.txt", TEXT), truth)
        raw = (system / "raw.log").read_bytes()
        if system.name == "BGL":
            # The first word of a line is its label.
            raw = b"".join(line.split(b" ", 1)[-1] for line in raw.splitlines(keepends=True))
        stripped = bench.folder / "raw.log"
        stripped.write_bytes(raw)
        whole.take(system.name, bench.recognised(stripped, TEXT), truth)
        read.append(bench.read(stripped))
    rows = messages.rows(bench, data, "messages", 0.94, 0.96) + whole.rows(bench, data, "whole lines", 0.84, 0.86)
    for what, shares in zip(("time", "level"), zip(*read, strict=True), strict=True):
        rows.append(Row(f"whole lines whose {what} is read", "—", "—", f"{sum(shares) / len(shares):.1%}", None))
    return rows


def sessions(bench: Bench, data: Path) -> list[Row]:
    """Blocks of a distributed file system."""
    scores, _ = bench.score(data / "stream.log.gz", "--encoder", "session", "--session", SESSION)
    said = bench.judge("session_score.py", data / "labels.csv", scores)
    auc, f1 = (float(re.findall(rf"{name} ([\d.]+)", said)[0]) for name in ("AUC", "best F1"))
    return [
        Row("HDFS sessions, AUC", ".99", ".997", f"{auc:.4f}", auc >= 0.99),
        Row("HDFS sessions, best F1", ".85", ".93", f"{f1:.3f}", f1 >= 0.85),
    ]


def main() -> int:
    """Runs everything and prints the table."""
    parser = argparse.ArgumentParser(description="Score labelled data and print how the engine does.")
    parser.add_argument("--data", type=Path, required=True, help="the folder with nab, loghub and hdfs")
    parser.add_argument("--tools", type=Path, required=True, help="the folder with the programs that judge the scores")
    parser.add_argument(
        "--command", type=Path, default=Path(sys.executable).parent / "neurograph-tui", help="what to measure"
    )
    parser.add_argument("--reference", type=Path, help="the detector beside which the speed is measured")
    arguments = parser.parse_args()
    data, tools = arguments.data.resolve(), arguments.tools.resolve()
    for path in (data / "nab" / "windows.json", tools / "nab_score.py", arguments.command, arguments.reference):
        if path and not path.exists():
            parser.error(f"{path} does not exist")
    with tempfile.TemporaryDirectory(prefix="neurograph-score-") as folder:
        bench = Bench(arguments.command.absolute(), tools, Path(folder))
        rows = numeric(bench, data / "nab") + novelty(bench, data / "loghub") + sessions(bench, data / "hdfs")
        seen = bench.files - bench.wrong
        rows.append(Row("inputs recognised", "all", "all", f"{seen} of {bench.files}", bench.wrong == 0))
        rows += [Row(*row) for row in speed.rows(data, arguments.reference, Path(folder))]
    print(f"build: {machine.build()}")
    print("| what | gate | target | ours |\n|---|---|---|---|")
    for row in rows:
        mark = " (gate missed)" if row.holds is False else ""
        print(f"| {row.what} | {row.gate} | {row.target} | {row.ours}{mark} |")
    return int(any(row.holds is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
