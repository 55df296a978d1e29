"""What a console costs while lines come: bytes to the terminal, which a thin link has to carry, and processor time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from context import Context, say
from report import Figure, Row
from viewers import OURS, WARM_UP, Seen, Viewer, fed, viewers, watch

TITLE = "a console while lines come"
SECONDS, ROUNDS = 5.0, 3
ENGINE = "engine"
"""The thread that computes what the peers do not."""


@dataclass(frozen=True)
class Load:
    """Lines a second in a terminal, and what is wanted there."""

    rate: int
    size: tuple[int, int]
    cpu: float
    """Percent of a core at most."""
    kilobytes: float | None = None
    """Kilobytes a second at most; None for what lnav takes in the same run."""
    but_engine: bool = False
    """What the engine's own thread takes is not counted."""


LOADS = (
    Load(20, (200, 50), cpu=3),
    Load(1_000, (120, 40), cpu=6, kilobytes=40),
    Load(10_000, (200, 50), cpu=12, but_engine=True),
)


def measure(bench: Context) -> Row:
    """Every viewer under every load, round after round, so that a busy moment meets them all."""
    seconds, rounds = bench.seconds(SECONDS), bench.rounds(ROUNDS)
    row = Row(
        "console_loads",
        TITLE,
        f"A file that grows by {fed(bench)}; {seconds:g} s after {WARM_UP:g} s, {rounds} rounds, toolong one. Bytes "
        "read from the pty; percent of one core with all threads: neurograph-tui scores every line with the engine in "
        "its own process, its peers compute nothing like it.",
    )
    log = bench.temporary / "growing.log"
    found, row.missing = viewers(bench, log)
    for load in LOADS:
        seen: dict[str, list[Seen]] = {}
        for number in range(rounds):
            for viewer in found:
                if number == 0 or not viewer.once:
                    say(f"console_loads: {load.rate:,} lines/s, round {number + 1}, {viewer.name}")
                    seen.setdefault(viewer.name, []).append(watch(bench, viewer, log, load.rate, seconds, load.size))
        told(row, load, found, seen)
    return row


def told(row: Row, load: Load, found: Sequence[Viewer], seen: dict[str, list[Seen]]) -> None:
    """Adds the figures of a load."""
    where = f"{load.rate:,} lines/s, {load.size[0]}x{load.size[1]}"
    sent: dict[str, Figure] = {}
    for viewer in found:
        rounds = seen[viewer.name]
        values, cpu = [one.kilobytes for one in rounds], [one.cpu for one in rounds]
        sent[viewer.name] = row.figure(f"{where}, {viewer.name}", values, "kB/s", memory(rounds, load), viewer.peer)
        figure = row.figure(f"{where}, {viewer.name}", cpu, "% of core", peer=viewer.peer)
        if viewer.name != OURS:
            continue
        if load.but_engine:
            rest = [one.cpu - one.threads.get(ENGINE, 0) for one in rounds]
            figure = row.figure(f"{where}, {viewer.name} but its engine", rest, "% of core", threads(rounds))
        figure.most = load.cpu
    lnav = sent.get("lnav")
    if load.kilobytes is not None:
        sent[OURS].most = load.kilobytes
    elif lnav is not None and not load.but_engine:
        sent[OURS].most = lnav.value


def memory(rounds: Sequence[Seen], load: Load) -> str:
    """The most memory that was used, and how far the screen was behind."""
    behind = [one.behind for one in rounds if one.behind is not None]
    late = f"{max(behind) / load.rate:.1f} s behind" if behind else "not looked at"
    return f"{max(one.memory for one in rounds):.0f} MiB, newest line {late}"


def threads(rounds: Sequence[Seen]) -> str:
    """Which threads took most in the last round."""
    spent = sorted(rounds[-1].threads.items(), key=lambda one: -one[1])
    return ", ".join(f"{name} {share:.1f}" for name, share in spent[:4])
