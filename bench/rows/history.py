"""History on disk: what it costs to keep, and how fast it answers, with column stores and ripgrep beside it."""

from __future__ import annotations

import collections
import itertools
import os
import re
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
LETTERS = re.compile(rb"[A-Za-z]{5,}")
DIGITS = re.compile(rb"[0-9]{6,}")
LOOKED_AT = 200_000
"""Lines in which words are looked for."""
WAIT_S = 1800.0


def measure(bench: Context) -> Row:
    """Intake in rounds of on and off; then the same questions to the last history and to each peer."""
    log = bench.log or bench.million
    lines, size = lines_of(log), log.stat().st_size
    what = f"{lines:,} lines of {log.name}, {size / lines:.0f} B each" if bench.log else bench.payload
    row = Row(
        "history",
        TITLE,
        f"{what}. Intake: `neurograph-engine` reads the file from its beginning, every line is scored, until all is on "
        "disk, which is told once a second. Questions: over HTTP, the fastest of three; peers in their own process, "
        "the fastest of three, without a cache of answers.",
    )
    binary, _ = served.build()
    on: list[float] = []
    off: list[float] = []
    folder = bench.temporary / "history"
    for turn in range(bench.rounds(3)):
        say(f"history: intake, round {turn + 1}")
        off.append(intake(binary, folder, log, lines, "history.enabled=false"))
        on.append(intake(binary, folder, log, lines))
    with_history = row.figure("intake, scored, history on", on, "events/s")
    without = row.figure("intake, scored, history off", off, "events/s")
    row.ratio("history on / off", with_history, without, least=0.9)
    row.figure("a sync of this disk", sync_ms(bench.temporary), "ms")
    row.figure("on disk", size_of(folder / "state" / "history") / lines, "B/event")
    words = words_of(log)
    ours = questions(row, binary, folder, words)
    ripgrep(row, log, words, ours)
    for store in ("chdb", "duckdb"):
        columns(bench, row, store, log, words, ours)
    return row


def words_of(log: Path) -> dict[str, str]:
    """A word that is rare at the beginning of a file, one that is frequent, a part of that, and digits of a number.

    In lower case, which means any case.
    """
    with log.open("rb") as file:
        beginning = list(itertools.islice(file, LOOKED_AT))
    counted = collections.Counter(word for line in beginning for word in set(LETTERS.findall(line.lower())))
    number = next(found[0] for line in beginning[len(beginning) // 2 :] if (found := DIGITS.findall(line)))
    frequent = counted.most_common(1)[0][0].decode()
    return {
        "rare word": min(counted, key=lambda word: (counted[word], word)).decode(),
        "frequent word": frequent,
        "part of a word": frequent[1:-1],
        "digits": number[1:5].decode(),
    }


def sync_ms(folder: Path) -> list[float]:
    """Milliseconds of writing a page and having it on disk."""
    times = []
    with (folder / "synced").open("wb") as file:
        for _ in range(50):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1e3)
    return times


def intake(binary: Path, folder: Path, log: Path, wanted: int, *settings: str) -> float:
    """Events a second from the start of the engine until it has read the whole file, and has it on disk."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    reading = ("sensors.files.enabled=true", f'sensors.files.paths=["{log}"]', "sensors.files.from=beginning")
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


def questions(row: Row, binary: Path, folder: Path, words: dict[str, str]) -> dict[str, Figure]:
    """Each word counted, and all by minute, by an engine that was started anew on the history."""
    figures = {}
    start = time.monotonic()
    with served.engine(binary, folder) as one:
        row.figure("restart, until it answers", (time.monotonic() - start) * 1e3, "ms", most=2000.0)
        for name, word in words.items():
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


def ripgrep(row: Row, log: Path, words: dict[str, str], ours: dict[str, Figure]) -> None:
    """The words counted in the raw file."""
    if shutil.which("rg") is None:
        row.missing.append(Missing("ripgrep", "rg is not installed (Debian: apt install ripgrep)"))
        return
    for name, word in words.items():
        figure = row.figure(f"rg, {name}", min(repeat(3, grep, log, word)), "ms", peer=True)
        row.ratio(f"{name}: rg / ours", figure, ours[name])


def grep(log: Path, word: str) -> float:
    """Milliseconds of ripgrep."""
    start = time.perf_counter()
    subprocess.run(["rg", "-c", "-i", "-F", word, str(log)], stdout=subprocess.DEVNULL, check=False)
    return (time.perf_counter() - start) * 1e3


def columns(bench: Context, row: Row, store: str, log: Path, words: dict[str, str], ours: dict[str, Figure]) -> None:
    """The same questions to a column store."""
    if missing := bench.peers.install(store):
        row.missing.append(missing)
        return
    say(f"history: {store}")
    command = [str(bench.peers.python), str(SCRIPTS / "columns.py"), store, str(log)]
    found = run_json([*command, str(bench.temporary / store), *words.values()])
    name = f"{store} {bench.peers.version(store)}"
    row.figure(f"{name}, on disk", found["bytes"] / lines_of(log), "B/event", peer=True)
    for what, word in words.items():
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
