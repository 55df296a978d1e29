"""Faults that history on disk must survive: what was acknowledged is there afterwards, once and as it was."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import served
from context import Context, say
from damage_scenario import damaged_files
from disk_scenarios import errors_of_the_disk, full_disk, read_only_start, vanished_folder
from fault_lab import EVIDENCE, Lab, NotPossible, Outcome
from kill_scenarios import killed_at_a_write, killed_under_load, nth_writes, two_processes
from report import Missing, Row

TITLE = "faults that history survives"
SCENARIOS: tuple[Callable[[Lab], Outcome], ...] = (
    killed_under_load,
    killed_at_a_write,
    full_disk,
    errors_of_the_disk,
    damaged_files,
    two_processes,
    vanished_folder,
    read_only_start,
)
RESTART_MS = 2000.0


def measure(bench: Context) -> Row:
    """Each scenario, one after the other, with an engine of its own; NEUROGRAPH_FAULTS may name some of them."""
    repeats = bench.rounds(20)
    seed = int(os.environ.get("NEUROGRAPH_SEED") or secrets.randbelow(1 << 32))
    row = Row(
        "faults",
        TITLE,
        f"`neurograph-engine` as a process of its own, a ring of 1 024 records; events whose text follows from their "
        f"number, sent over HTTP. LOST: acknowledged as durable and not read back; DUPLICATE: sent once and there more "
        f"often; CORRUPT: with another text; PHANTOM: never sent; of damaged files LOST is what is missing and not "
        f"told. {repeats} kills, {len(nth_writes(min(200, 2 * repeats)))} of the first 200 writes of a thread, "
        f"{5 * repeats} damages; seed {seed}, of which NEUROGRAPH_SEED may give another.",
    )
    say(f"faults: seed {seed}")
    engine = binary()
    chosen = os.environ.get("NEUROGRAPH_FAULTS", "").split()
    for number, scenario in enumerate(SCENARIOS):
        name = scenario.__name__
        if chosen and name not in chosen:
            continue
        say(f"faults: {name}")
        lab = Lab(engine, bench.temporary / f"faults-{number}", repeats, Random(f"{seed} {name}"))
        try:
            show(row, scenario(lab))
        except NotPossible as error:
            row.missing.append(Missing(name, str(error)))
        except Exception as error:  # One scenario that fails takes no other with it.
            shutil.copytree(lab.folder, EVIDENCE / f"{seed}-{name}", ignore=shutil.ignore_patterns("*.sock"))
            row.figure(f"{name}: failed", 1, "", f"{type(error).__name__}: {error}", most=0)
    return row


def binary() -> Path:
    """The engine that NEUROGRAPH_ENGINE names, else one that is built with optimisation."""
    named = os.environ.get("NEUROGRAPH_ENGINE")
    return Path(named) if named else served.build()[0]


def show(row: Row, outcome: Outcome) -> None:
    """Adds the figures of a scenario."""
    name, verdict = outcome.name, outcome.verdict
    row.figure(f"{name}: rounds", outcome.rounds, "")
    row.figure(f"{name}: acknowledged", verdict.acknowledged, "events")
    row.figure(f"{name}: LOST", verdict.lost, "events", most=0)
    row.figure(f"{name}: DUPLICATE", verdict.duplicate, "events", most=0)
    row.figure(f"{name}: CORRUPT", verdict.corrupt, "events", most=0)
    row.figure(f"{name}: PHANTOM", verdict.phantom, "events", most=0)
    row.figure(f"{name}: counted otherwise than read", verdict.miscounted, "events", most=0)
    row.figure(f"{name}: slowest restart", max(outcome.restarts_ms), "ms", most=RESTART_MS)
    row.figure(f"{name}: peak memory", outcome.peak_mib, "MiB")
    row.figure(f"{name}: panics", outcome.panics, "", most=0)
    for extra in outcome.extras:
        row.figure(f"{name}: {extra.name}", extra.values, extra.unit, extra.note, most=extra.most)
