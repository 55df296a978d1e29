"""History on disk: what it costs to keep, and how fast it answers, with column stores and ripgrep beside it."""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.parse
from pathlib import Path

import served
from context import Context, repeat, run_json, say
from peer_venv import SCRIPTS
from report import Figure, Missing, Row

TITLE = "history: intake with and without it, and questions to it"
WORDS = {"rare": "exception", "frequent": "PacketResponder", "part of a word": "ponder", "digits": "4391"}
WAIT_S = 600.0


def measure(bench: Context) -> Row:
    """Intake in rounds of on and off; then the same questions to the last history and to each peer."""
    row = Row(
        "history",
        TITLE,
        f"{bench.payload}. Intake: `neurograph-engine` reads the file from its beginning, every line is scored. "
        "Questions: over HTTP, the fastest of three; peers in their own process, the fastest of three.",
    )
    binary, _ = served.build()
    on: list[float] = []
    off: list[float] = []
    folder = bench.temporary / "history"
    for turn in range(bench.rounds(3)):
        say(f"history: intake, round {turn + 1}")
        off.append(intake(binary, folder, bench.million, "history.enabled=false"))
        on.append(intake(binary, folder, bench.million))
    with_history = row.figure("intake, scored, history on", on, "events/s")
    without = row.figure("intake, scored, history off", off, "events/s")
    row.ratio("history on / off", with_history, without)
    row.figure("on disk", size_of(folder / "state" / "history") / lines_of(bench.million), "B/event")
    ours = questions(bench, row, binary, folder)
    ripgrep(bench, row, ours)
    for store in ("chdb", "duckdb"):
        columns(bench, row, store, ours)
    return row


def intake(binary: Path, folder: Path, log: Path, *settings: str) -> float:
    """Events a second from the start of the engine until it has read the whole file, and has it on disk."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    reading = ("sensors.files.enabled=true", f'sensors.files.paths=["{log}"]', "sensors.files.from=beginning")
    wanted = lines_of(log)
    start = time.monotonic()
    with served.engine(binary, folder, *settings, *reading) as one:
        while (values := metrics(one))["neurograph_events_total"] < wanted or values.get(
            "neurograph_history_behind_events", 0
        ):
            if time.monotonic() - start > WAIT_S:
                raise RuntimeError(f"{values['neurograph_events_total']:.0f} of {wanted} events after {WAIT_S:.0f} s")
            time.sleep(0.05)
        took = time.monotonic() - start
    return wanted / took


def metrics(one: served.Served) -> dict[str, float]:
    """The families without labels, by name; events as 0 before the first."""
    values = {"neurograph_events_total": 0.0}
    for line in served.get(one, "/metrics").decode().splitlines():
        name, _, value = line.rpartition(" ")
        if name and not name.startswith("#") and "{" not in name:
            values[name] = float(value)
    return values


def questions(bench: Context, row: Row, binary: Path, folder: Path) -> dict[str, Figure]:
    """Each word counted, and all by minute, by an engine that was started anew on the history."""
    figures = {}
    start = time.monotonic()
    with served.engine(binary, folder) as one:
        row.figure("restart, until it answers", (time.monotonic() - start) * 1e3, "ms", most=2000.0)
        for name, word in WORDS.items():
            say(f"history: {name}")
            figures[name] = row.figure(f"{name} ({word}), counted", asked(one, word, None), "ms")
        figures["minutes"] = row.figure("all by minute", asked(one, "", "minute"), "ms")
    return figures


def asked(one: served.Served, word: str, by: str | None) -> float:
    """Milliseconds until the numbers are there."""
    query = urllib.parse.urlencode({"filter": word, **({"by": by} if by else {})})
    times = []
    for _ in range(3):
        start = time.perf_counter()
        served.get(one, f"/api/v1/histogram?{query}")
        times.append((time.perf_counter() - start) * 1e3)
    return min(times)


def ripgrep(bench: Context, row: Row, ours: dict[str, Figure]) -> None:
    """The words counted in the raw file."""
    if shutil.which("rg") is None:
        row.missing.append(Missing("ripgrep", "rg is not installed (Debian: apt install ripgrep)"))
        return
    for name, word in WORDS.items():
        figure = row.figure(f"rg, {name}", min(repeat(3, grep, bench.million, word)), "ms", peer=True)
        row.ratio(f"{name}: rg / ours", figure, ours[name])


def grep(log: Path, word: str) -> float:
    """Milliseconds of ripgrep."""
    start = time.perf_counter()
    subprocess.run(["rg", "-c", "-i", "-F", word, str(log)], stdout=subprocess.DEVNULL, check=False)
    return (time.perf_counter() - start) * 1e3


def columns(bench: Context, row: Row, store: str, ours: dict[str, Figure]) -> None:
    """The same questions to a column store."""
    if missing := bench.peers.install(store):
        row.missing.append(missing)
        return
    say(f"history: {store}")
    command = [str(bench.peers.python), str(SCRIPTS / "columns.py"), store, str(bench.million)]
    found = run_json([*command, str(bench.temporary / store), *WORDS.values()])
    name = f"{store} {bench.peers.version(store)}"
    row.figure(f"{name}, on disk", found["bytes"] / lines_of(bench.million), "B/event", peer=True)
    for what, word in WORDS.items():
        figure = row.figure(f"{name}, {what}", found["counts"][word], "ms", peer=True)
        row.ratio(f"{what}: {store} / ours", figure, ours[what])
    figure = row.figure(f"{name}, by minute", found["minutes"], "ms", peer=True)
    row.ratio(f"by minute: {store} / ours", figure, ours["minutes"])


def lines_of(log: Path) -> int:
    """Lines of a file."""
    with log.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
