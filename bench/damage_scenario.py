"""Files of a history are damaged while no engine runs: what is left is as it was sent, and what is missing is told."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx
from context import say
from daemon import Daemon, Ended, until
from fault_lab import Extra, Lab, Outcome, keep_evidence
from oracle import Ledger, ReadBack, Verdict, judge, read_back, send

EVENTS = {"killed": 5000, "stopped": 14_000, "closed": 5000}
"""Of the first all is in the log of the database yet; of the second a part is in the database itself."""
BATCH = 50
UNREADABLE = "neurograph_history_unreadable_events"
TELLING_S = 3.0
"""Time within which what is missing is to be counted as unreadable."""


@dataclass
class Written:
    """A history that is damaged in copies."""

    folder: Path
    ledger: Ledger
    seqs: dict[int, int]
    """`seq` of each event."""
    settings: tuple[str, ...]


@dataclass
class Damaged:
    """What an engine showed of a damaged copy."""

    verdict: Verdict
    missing: int = 0
    by_gap: int = 0
    """Missing, within a gap of the pages, and not counted as unreadable."""
    wrong_reason: int = 0
    """Missing, within a gap of the pages that says another reason than `corrupt`."""


CLOSED = ("history.bytes=67108864",)
"""With the least that history may have, a file ends at 8 MiB and is brought into its last form."""
CLOSED_EVERY = 10


def written(lab: Lab, name: str, how: str) -> Written:
    """A new history that can be read as a whole, of an engine that was killed, or stopped in good order.

    One that is `closed` goes on until a file of it has its last form, some 40 000 events.
    """
    ledger = Ledger()
    settings = CLOSED if how == "closed" else ()
    with Daemon(lab.binary, lab.fresh(name), *settings) as daemon, daemon.client() as client:
        daemon.start()
        while ledger.sent < EVENTS[how]:
            send(client, ledger, BATCH)
        if how == "closed":
            until("a file in its last form", lambda: is_closed(daemon, client, ledger), 90)
        found = read_back(client)
        if not judge(ledger, found).is_good:
            raise RuntimeError(f"before any damage: {judge(ledger, found)}")
        if how == "killed":
            daemon.kill()
        else:
            daemon.stop()
        return Written(daemon.folder, ledger, found.seqs, settings)


def is_closed(daemon: Daemon, client: httpx.Client, ledger: Ledger) -> bool:
    """Sends more until there is a second file; whether the first has its last form by then."""
    days = list(daemon.history.glob("2*.db"))
    if len(days) == 1 and "closed" not in days[0].name:
        send(client, ledger, 10 * BATCH)
    return any("closed" in path.name for path in days)


def damage(history: Path, chance: Random, pattern: str) -> str:
    """Flips a bit of one of the files, or cuts off its end; says which."""
    files = sorted(path for path in history.glob(pattern) if path.suffix in (".db", ".db-wal") and path.stat().st_size)
    path = chance.choice(files)
    at = chance.randrange(path.stat().st_size)
    if chance.random() < 0.4:
        with path.open("r+b") as file:
            file.truncate(at)
        return f"{path.name} cut at {at}"
    with path.open("r+b") as file:
        file.seek(at)
        byte, bit = file.read(1)[0], chance.randrange(8)
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))
    return f"{path.name} bit {bit} of byte {at}"


def look_at(daemon: Daemon, base: Written) -> tuple[ReadBack, Damaged]:
    """Reads a damaged history, and counts as lost what is missing and neither in a gap nor unreadable."""
    with daemon.client() as client:
        found = read_back(client)
        verdict = judge(base.ledger, found)
        missing = sorted(base.ledger.acknowledged - found.times.keys())
        seen = Damaged(verdict, len(missing))
        if not missing:
            return found, seen
        with contextlib.suppress(TimeoutError):
            until("what is unreadable", lambda: daemon.metrics(client)[UNREADABLE], TELLING_S)
        unreadable = int(daemon.metrics(client)[UNREADABLE])
    reasons = reasons_of(found, [base.seqs[number] for number in missing])
    uncounted = max(0, len(missing) - unreadable)
    verdict.lost = min(uncounted, reasons.count(""))
    seen.by_gap = uncounted - verdict.lost
    seen.wrong_reason = sum(reason not in ("", "corrupt") for reason in reasons)
    return found, seen


def reasons_of(found: ReadBack, seqs: list[int]) -> list[str]:
    """Why the gaps of the pages say that each `seq` is missing; empty where none does."""
    told = {seq: reason for first, end, reason in found.gaps for seq in range(first, end)}
    return [told.get(seq, "") for seq in seqs]


def damaged_files(lab: Lab) -> Outcome:
    """Each damage to a fresh copy: in turn of a killed engine, of a stopped one, and of files in their last form."""
    outcome = Outcome("flipped bits and cut tails")
    rounds = 5 * lab.repeats
    bases = [written(lab, f"{how}-base", how) for how in ("killed", "stopped")]
    closed = written(lab, "closed-base", "closed") if rounds >= CLOSED_EVERY else None
    missing = by_gap = wrong_reason = 0
    refused: list[str] = []
    for turn in range(rounds):
        base = closed if closed and turn % CLOSED_EVERY == CLOSED_EVERY - 1 else bases[turn % 2]
        folder = lab.fresh("damaged")
        shutil.copytree(base.folder, folder, ignore=shutil.ignore_patterns("*.sock"))
        with Daemon(lab.binary, folder, *base.settings) as daemon:
            what = damage(daemon.history, lab.chance, "*.closed.db" if base is closed else "*")
            say(f"faults: {outcome.name}, {turn + 1} of {rounds}: {what}")
            try:
                daemon.start()
            except (Ended, TimeoutError) as error:
                refused.append(f"{what}: {error}")
                keep_evidence(f"damage {turn + 1}, no start", daemon, base.ledger, ReadBack(), Verdict())
                continue
            found, seen = look_at(daemon, base)
            if not seen.verdict.is_good:
                keep_evidence(f"damage {turn + 1}, {what}", daemon, base.ledger, found, seen.verdict)
            daemon.kill()
            outcome.close(daemon)
        outcome.rounds += 1
        outcome.verdict.add(seen.verdict)
        missing, by_gap, wrong_reason = missing + seen.missing, by_gap + seen.by_gap, wrong_reason + seen.wrong_reason
    outcome.extras += [
        Extra("did not start", [len(refused)], "", most=0, note="; ".join(refused)),
        Extra("missing and told", [missing - outcome.verdict.lost], "events"),
        Extra("told by a gap alone, not as unreadable", [by_gap], "events"),
        Extra("told by a gap that says another reason than corrupt", [wrong_reason], "events"),
    ]
    return outcome
