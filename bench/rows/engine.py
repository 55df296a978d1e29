"""The engine on one thread, through the whole pipeline."""

from __future__ import annotations

import lines
from context import Context, repeat, run_json, say
from peer_venv import SCRIPTS
from report import Figure, Row

SUBSCRIPTIONS = 10
TITLE = f"events per second of processor time through Engine::step, one thread, {SUBSCRIPTIONS} subscriptions"
WARM_UP, TEXT, NUMERIC = 50_000, 500_000, 300_000
PEER_WARM_UP, PEER_LINES, PEER_EVENTS = 10_000, 100_000, 20_000


def measure(bench: Context) -> Row:
    """Text with Drain3 beside it, numbers with SciPy, NumPy, hnswlib and river."""
    row = Row(
        "engine",
        TITLE,
        f"Text: {TEXT:,} of {bench.payload}; numeric: {NUMERIC:,} lines of one stream. In memory, batches of 256, "
        f"after {WARM_UP:,} events of warm-up. Every event is encoded, checked by the rules, matched, scored, routed, "
        "looked at by the alert rules and stored.",
    )
    text = {profile: rate(bench, row, "text", profile) for profile in ("full", "lite")}
    unscored = rate(bench, row, "text", "off", "text, not scored")
    drain(bench, row, text["full"], unscored)
    numeric = {profile: rate(bench, row, "metric", profile) for profile in ("full", "lite")}
    nearest(bench, row, numeric, text["full"])
    return row


def rate(bench: Context, row: Row, kind: str, profile: str, name: str = "") -> Figure:
    """Rounds of `step_rate`."""
    say(f"engine: {kind}, {profile}")
    values = bench.temporary / "values.log"
    if kind == "metric" and not values.exists():
        lines.write_values(values, WARM_UP + NUMERIC)
    source, events = (bench.million, TEXT) if kind == "text" else (values, NUMERIC)
    arguments = (str(source), kind, profile, str(WARM_UP), str(events), str(SUBSCRIPTIONS))
    results = [bench.example("step_rate", *arguments) for _ in range(bench.repeats)]
    last = results[-1]
    stages = last["stages_p50_us"]
    slowest = max((name for name in stages if name != "total" and stages[name]), key=lambda name: float(stages[name]))
    note = f"{last['patterns']:,} patterns, {last['kernel']}, p50 {stages['total']} us, {slowest} {stages[slowest]} us"
    return row.figure(
        name or f"{kind}, profile {profile}", [result["per_second"] for result in results], "events/s", note
    )


def drain(bench: Context, row: Row, full: Figure, unscored: Figure) -> None:
    """Drain3 finds templates and nothing else."""
    if missing := bench.peers.install("drain3"):
        row.missing.append(missing)
        return
    version, source = bench.peers.version("drain3"), str(bench.million)
    for method in ("plain", "masked"):
        say(f"engine: Drain3, {method}")
        command = [
            str(bench.peers.python),
            str(SCRIPTS / "drain.py"),
            source,
            str(PEER_WARM_UP),
            str(PEER_LINES),
            method,
        ]
        rates = repeat(bench.repeats, peer_rate, command)
        note = f"templates only, the first {PEER_LINES:,} of the same lines"
        peer = row.figure(f"Drain3 {version}, {method}", rates, "lines/s", note, peer=True)
        row.ratio(f"text, profile full / Drain3, {method}", full, peer)
        row.ratio(f"text, not scored / Drain3, {method}", unscored, peer)


def peer_rate(command: list[str]) -> float:
    """What a peer measured of itself."""
    return float(run_json(command)["per_second"])


def nearest(bench: Context, row: Row, numeric: dict[str, Figure], text: Figure) -> None:
    """The nearest-neighbour part of what the engine does, and the half-space trees of river on the same vectors."""
    if missing := bench.peers.install("numpy", "scipy"):
        row.missing.append(missing)
        return
    source = str(bench.temporary / "values.log")
    for method, package, events, note in (
        ("ckdtree", "scipy", PEER_EVENTS, "one of four channels: query, rebuild every 256"),
        ("numpy", "numpy", PEER_EVENTS, "one of four channels: full scan"),
        ("hnsw", "hnswlib", PEER_EVENTS // 4, "one of four channels, approximate: query, delete, insert"),
        ("trees", "river", PEER_EVENTS // 20, "25 half-space trees: score, learn"),
    ):
        if missing := bench.peers.install(package):
            row.missing.append(missing)
            continue
        say(f"engine: {method}")
        command = [str(bench.peers.python), str(SCRIPTS / "nearest.py"), source, method, str(events)]
        rates = repeat(bench.repeats, peer_rate, command)
        name = f"{method}, {package} {bench.peers.version(package)}"
        peer = row.figure(name, rates, "events/s", note, peer=True)
        for profile, ours in numeric.items():
            row.ratio(f"numeric, profile {profile} / {method}", ours, peer)
        if method == "trees":
            row.ratio(f"text, profile full / {method}", text, peer)
