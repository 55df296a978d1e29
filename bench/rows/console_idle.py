"""What a console costs on a host where nothing happens."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from context import Context, say
from recording_terminal import RecordingTerminal
from report import Missing, Row
from viewers import OURS, Seen, Viewer, ours, used

TITLE = "a console on a quiet host, 200x50"
SECONDS, ROUNDS, WARM_UP = 30.0, 3, 6.0
KILOBYTES, CPU = 0.3, 0.5


def measure(bench: Context) -> Row:
    """Samples of this host in all of them, side by side: each leaves the processors nearly alone."""
    seconds, rounds = max(SECONDS, bench.seconds(SECONDS)), bench.rounds(ROUNDS)
    row = Row(
        "console_idle",
        TITLE,
        f"This host, watched by all of them at a time, {seconds:g} s after {WARM_UP:g} s, {rounds} rounds. What else "
        "runs on the host is watched too.",
    )
    found = list(ours(bench))
    if shutil.which("btop"):
        found.append(Viewer("btop", lambda: ["btop"], peer=True))
    else:
        row.missing.append(Missing("btop", "not on PATH"))
    taken: dict[str, list[Seen]] = {viewer.name: [] for viewer in found}
    for number in range(rounds):
        say(f"console_idle: round {number + 1}")
        for viewer, seen in zip(found, side_by_side(bench, found, seconds), strict=True):
            taken[viewer.name].append(seen)
    for viewer in found:
        is_ours = viewer.name == OURS
        sent, cpu = ([getattr(one, name) for one in taken[viewer.name]] for name in ("kilobytes", "cpu"))
        row.figure(viewer.name, sent, "kB/s", peer=viewer.peer, most=KILOBYTES if is_ours else None)
        row.figure(viewer.name, cpu, "% of core", peer=viewer.peer, most=CPU if is_ours else None)
    return row


def side_by_side(bench: Context, found: list[Viewer], seconds: float) -> list[Seen]:
    """What each used."""
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        terminals = [
            stack.enter_context(RecordingTerminal(viewer.command(), bench.environment, kept=0)) for viewer in found
        ]
        time.sleep(WARM_UP)
        return list(pool.map(lambda pair: used(pair[0].name, pair[1], seconds), zip(found, terminals, strict=True)))
