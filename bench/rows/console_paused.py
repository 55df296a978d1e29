"""Whether what is paused stays while lines pour in."""

from __future__ import annotations

import re
import time
from pathlib import Path

from context import Context, say
from emulated_terminal import EmulatedTerminal
from report import Row
from viewers import feeding

TITLE = "paused while lines pour in, 200x50"
RATE, SECONDS, ROUNDS, PATIENCE = 10_000, 10.0, 3, 30.0
LINE = re.compile(r".*n=\d{7}.*")


def measure(bench: Context) -> Row:
    """Pauses, and looks again later: every row of the log must be where it was."""
    seconds, rounds = max(SECONDS, bench.seconds(SECONDS)), bench.rounds(ROUNDS)
    row = Row("console_paused", TITLE, f"{RATE:,} lines/s in a file; rows with a line of it, paused for {seconds:g} s.")
    log = bench.temporary / "growing.log"
    shares, counts = [], []
    for number in range(rounds):
        say(f"console_paused: round {number + 1}")
        before, after = paused(bench, log, seconds)
        counts.append(len(before))
        shares.append(100 * sum(after.get(place) == text for place, text in before.items()) / len(before))
    row.figure("rows as they were", shares, "%", f"of {min(counts)} rows", least=100)
    return row


def paused(bench: Context, log: Path, seconds: float) -> tuple[dict[int, str], dict[int, str]]:
    """The rows with lines when the console has just been paused, and later."""
    with (
        feeding(bench, log, RATE, 600),
        EmulatedTerminal(bench.neurograph("--file", str(log)), bench.environment) as terminal,
    ):
        terminal.wait_until(lambda text: len(LINE.findall(text)) > terminal.rows // 2, PATIENCE)
        time.sleep(2)  # The tail runs, and memory has lost its first lines.
        terminal.send(" ")
        terminal.wait_until(lambda text: "PAUSED" in text, PATIENCE)
        time.sleep(1)  # The frame is whole.
        before = lines(terminal)
        if not before:
            raise RuntimeError("\n".join(["no line is shown when paused", *terminal.text()]))
        time.sleep(seconds)
        return before, lines(terminal)


def lines(terminal: EmulatedTerminal) -> dict[int, str]:
    """The rows that show a line of the log."""
    return {place: text for place, text in enumerate(terminal.text()) if LINE.match(text)}
