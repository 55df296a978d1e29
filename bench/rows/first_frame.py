"""From the start of the process to the first full screen."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import lines
from context import Context, repeat, say
from peer_venv import SCRIPTS
from process import cpu_seconds
from recording_terminal import RecordingTerminal
from report import Figure, Missing, Row

TITLE = "first frame"
LINES, ROUNDS = 1_000, 5
PATIENCE = 60.0
RATIO, WORDS_S = 1.25, 0.1
"""What is wanted at most: beside a bare app, and for an answer that needs no screen."""
ALL_TABS = ("Events", "Modules", "Metrics", "Guardian", "live", "Quit")
"""On the screen of the console and of the bare app: tabs, content, and the last row."""


@dataclass
class Start:
    """A program and the texts by which its first full screen is known."""

    name: str
    command: Sequence[str]
    texts: Sequence[str]
    note: str
    peer: bool = True


def measure(bench: Context) -> Row:
    """All programs in turn, round after round, so that a busy moment meets them all."""
    small = bench.temporary / "small.log"
    lines.write_log(small, LINES)
    row = Row(
        "first_frame",
        TITLE,
        "Seconds from exec until all texts of the first full screen were written, pty 200x50, and processor time up to "
        f"then; log files have {LINES:,} generated lines and count when the last line "
        "shows. One round to warm up, then the programs in turn.",
    )
    starts = [
        Start("neurograph-tui", bench.neurograph(), ALL_TABS, "this host, four tabs", peer=False),
        Start(
            "neurograph-tui --file", bench.neurograph("--file", str(small)), (lines.LAST,), "the last line", peer=False
        ),
        Start(
            "bare Textual", [sys.executable, str(SCRIPTS / "bare_textual.py")], ALL_TABS, "the same Textual, four tabs"
        ),
    ]
    starts += on_path(bench, row, str(small))
    say("first_frame: " + ", ".join(start.name for start in starts))
    for start in starts:
        first_frame(bench, start)
    rounds = [[first_frame(bench, start) for start in starts] for _ in range(bench.rounds(ROUNDS))]
    for kind, what in enumerate(("seconds", "processor time")):
        figures: dict[str, Figure] = {}
        for place, start in enumerate(starts):
            values = [one[place][kind] for one in rounds]
            if min(values) > 0:
                figures[start.name] = row.figure(f"{start.name}, {what}", values, "s", start.note, start.peer)
        most = RATIO if what == "seconds" else None
        pair = figures["neurograph-tui"], figures["bare Textual"]
        row.ratio(f"neurograph-tui / bare Textual, {what}", *pair, most=most)
    words(bench, row)
    return row


def on_path(bench: Context, row: Row, log: str) -> list[Start]:
    """The peers that are there."""
    found = []
    for name, command, texts, note in (
        ("lnav", ["lnav", log], (lines.LAST,), "the last line"),
        ("btop", ["btop"], ("Total:", "Free:", "Pid:"), "this host"),
    ):
        if shutil.which(name):
            found.append(Start(name, command, texts, note))
        else:
            row.missing.append(Missing(name, "not on PATH"))
    if missing := bench.peers.install("toolong"):
        row.missing.append(missing)
    else:
        found.append(Start("toolong", [str(bench.peers.program("tl")), log], (lines.LAST,), "the last line"))
    return found


def first_frame(bench: Context, start: Start) -> tuple[float, float]:
    """Seconds and processor time of one start."""
    with RecordingTerminal(start.command, bench.environment) as terminal:
        return terminal.wait_for(start.texts, PATIENCE), cpu_seconds(terminal.pid)


def words(bench: Context, row: Row) -> None:
    """The answers that need no screen."""
    commands = {
        "neurograph-tui --version": [str(bench.command), "--version"],
        "neurograph-tui --help": [str(bench.command), "--help"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    for name, command in commands.items():
        values, is_peer = repeat(bench.rounds(ROUNDS), wall, bench, command), name.startswith("python")
        row.figure(name, values, "s", "to its end", is_peer, most=None if is_peer else WORDS_S)


def wall(bench: Context, command: Sequence[str]) -> float:
    """Seconds that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=bench.environment, timeout=PATIENCE)
    return time.perf_counter() - start
