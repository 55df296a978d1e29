"""Events to many readers over the network, with a NATS server beside the engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import served
from context import Context, run_json, say
from report import Figure, Missing, Row

TITLE = "events delivered to readers over the network"
SECONDS = 5
CROWDS = (100, 900)
"""Readers when as many events as possible go in."""
LISTENERS = (1, 10, 100)
"""Readers when a thousand events a second go in."""
RATE = 1_000


def measure(bench: Context) -> Row:
    """Throughput with crowds, delay at a fixed rate; each round ours and then theirs."""
    row = Row(
        "fan_out",
        TITLE,
        f"Events of 128 bytes go in by one sender, {SECONDS} s each round, and come out at every reader of one "
        "process. The engine takes each in by HTTP, parses, checks, matches, scores, routes and records it; NATS "
        "passes bytes on.",
    )
    binary, load = served.build()
    try:
        for readers in CROWDS:
            pair(bench, row, binary, load, readers, 0)
        for readers in LISTENERS:
            pair(bench, row, binary, load, readers, RATE)
    except FileNotFoundError as error:
        row.missing.append(Missing("nats-server", str(error)))
    return row


def pair(bench: Context, row: Row, binary: Path, load: Path, readers: int, rate: int) -> None:
    """One workload, in rounds of both."""
    say(f"fan_out: {readers} readers, {rate or 'no'} rate")
    ours: list[Mapping[str, Any]] = []
    theirs: list[Mapping[str, Any]] = []
    for number in range(bench.repeats):
        folder = bench.temporary / f"served-{readers}-{rate}-{number}"
        folder.mkdir()
        with served.engine(binary, folder) as one:
            ours.append(run(load, "engine", one, readers, rate))
        with served.nats() as other:
            theirs.append(run(load, "nats", other, readers, rate))
    if rate == 0:
        mine = figure(row, f"{readers} readers", ours, "per_second", "deliveries/s")
        peer = figure(row, f"{readers} readers, NATS", theirs, "per_second", "deliveries/s", peer=True)
        row.ratio(f"{readers} readers / NATS", mine, peer)
        return
    for name in ("p50_us", "p99_us"):
        mine = figure(row, f"{readers} readers, {RATE}/s, {name[:3]}", ours, name, "us")
        peer = figure(row, f"{readers} readers, {RATE}/s, {name[:3]}, NATS", theirs, name, "us", peer=True)
        row.ratio(f"{readers} readers, {name[:3]} / NATS", mine, peer)


def run(load: Path, kind: str, one: served.Served, readers: int, rate: int) -> Mapping[str, Any]:
    """One round."""
    command = [str(load), kind, one.address, one.token, str(readers), str(SECONDS), str(rate)]
    return run_json(command)


def figure(row: Row, name: str, results: list[Mapping[str, Any]], key: str, unit: str, *, peer: bool = False) -> Figure:
    """One figure of every round, and how many events did not arrive."""
    missing = sum(int(result["missing"]) for result in results)
    return row.figure(name, [float(result[key]) for result in results], unit, f"{missing:,} missing", peer)
