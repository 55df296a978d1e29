"""How long a key takes to its screen, over lines that are slow."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from context import Context, say
from emulated_terminal import EmulatedTerminal
from report import Row
from viewers import OURS, STOCK, Viewer, fed, feeding, ours

TITLE = "from a key to its screen, 120x40"
ROUNDS, KEYS, STOCK_KEYS = 3, 24, 1
WARM_UP, STOCK_WARM_UP, PATIENCE = 3.0, 8.0, 60.0
WANTED_S = 0.1
PAGES = (("3", "Latency"), ("2", "state    module"), ("1", "peak"), ("4", "checked"))
"""A key, and a text that its screen alone has, in the first row below the tabs."""


@dataclass(frozen=True)
class Line:
    """Lines of a log, and bytes that the line to the terminal takes, a second."""

    rate: int
    per_second: float | None

    @property
    def name(self) -> str:
        """In words."""
        way = "no limit" if self.per_second is None else f"{self.per_second / 1000:g} kB/s"
        return f"{self.rate:,} lines/s, {way}"


@dataclass(frozen=True)
class Key:
    """How long a key took, and the bytes that came through the line meanwhile."""

    seconds: float
    sent: int


LINES = (
    Line(20, 20_000),
    Line(20, 50_000),
    Line(20, 200_000),
    Line(1_000, 50_000),
    Line(20, None),
    Line(1_000, None),
)


def measure(bench: Context) -> Row:
    """Every line, round after round; what Textual does by itself takes long, so it has one key."""
    rounds = bench.rounds(ROUNDS)
    keys = max(4, -(-KEYS // rounds))
    row = Row(
        "console_keys",
        TITLE,
        f"A file that grows by {fed(bench)}; a pseudo-terminal that is read no faster than the line, into a terminal "
        f"emulator. From writing a key to its screen's own text standing on the emulator's, {keys} keys after "
        f"{WARM_UP:g} s, {rounds} rounds. Textual's own output: {STOCK_KEYS} key after {STOCK_WARM_UP:g} s, one round, "
        f"given up after {PATIENCE:g} s. Without a limit it is the share of the machine.",
    )
    # What is said of a slow line would stand where the text is waited for.
    quiet = ("--set", 'console.ignore_lints=["slow-link"]')
    thin, stock = ours(bench, *quiet, "--file", str(bench.temporary / "growing.log"))
    taken: dict[Line, list[Key]] = {line: [] for line in LINES}
    for number in range(rounds):
        for line in LINES:
            say(f"console_keys: {line.name}, round {number + 1}")
            taken[line] += pressed(bench, thin, line, keys, number)
    for line in LINES:
        for share in (50, 95):
            most = WANTED_S if share == 95 and line.per_second is not None else None
            took, sent = sorted(key.seconds for key in taken[line]), sorted(key.sent for key in taken[line])
            note = f"{len(took)} keys, longest {took[-1]:.3f} s, {at(sent, 50) / 1000:.1f} kB until then"
            row.figure(f"{line.name}, {OURS}, p{share}", at(took, share), "s", note, most=most)
        say(f"console_keys: {line.name}, {STOCK}")
        try:
            first = pressed(bench, stock, line, STOCK_KEYS, 0)[0]
            row.figure(f"{line.name}, {STOCK}", first.seconds, "s", "the first key")
        except TimeoutError:
            row.figure(f"{line.name}, {STOCK}", PATIENCE, "s", "the first key, given up")
    return row


def at(values: Sequence[float], share: int) -> float:
    """The value that so many percent of the sorted ones do not exceed."""
    return values[min(len(values) - 1, -(-len(values) * share // 100) - 1)]


def showing(own: str) -> Callable[[str], bool]:
    """Whether a screen has this text."""
    return lambda text: own in text


def pressed(bench: Context, viewer: Viewer, line: Line, keys: int, seed: int) -> list[Key]:
    """What each of some keys took. Raises TimeoutError."""
    log = bench.temporary / "growing.log"
    chance, found = random.Random(seed), []
    with (
        feeding(bench, log, line.rate, 600),
        EmulatedTerminal(
            viewer.command(), bench.environment, columns=120, rows=40, per_second=line.per_second
        ) as terminal,
    ):
        terminal.wait_until(showing("n=0"), PATIENCE)
        time.sleep(WARM_UP if viewer.name == OURS else STOCK_WARM_UP)
        for key, own in islice(cycle(PAGES), keys):
            if any(own in row for row in terminal.text()):
                raise RuntimeError(f"{own!r} is on the screen before {key} was pressed")
            began, sent = time.monotonic(), terminal.total
            terminal.send(key)
            took = terminal.wait_until(showing(own), PATIENCE) - began
            found.append(Key(took, terminal.total - sent))
            time.sleep(chance.uniform(0.2, 0.5))  # No key is in step with the console's own clock.
        terminal.process.kill()  # What it has to say at the end would take its time on a slow line.
    return found
