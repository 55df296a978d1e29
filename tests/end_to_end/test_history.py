"""History as a person meets it: `emit` that waits for the disk, `query` that counts, and `history`."""

from __future__ import annotations

import csv
import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Run, records
from .serving import SILENT, Serving
from .terminal import Terminal

EVENTS = b"".join(b"%s job number %d\n" % (b"ERROR" if n % 10 == 0 else b"INFO", n) for n in range(3000))


@pytest.fixture
def serving(home: dict[str, str]) -> Iterator[Serving]:
    """An engine that serves at the usual place of this home, and remembers little."""
    one = Serving(home, "--set", "ring.capacity=1024")
    yield one
    one.stop()


def test_what_emit_sent_is_counted_also_after_a_kill(run: Run, home: dict[str, str], serving: Serving) -> None:
    sent = run("emit", "--source", "jobs", "--json", input=EVENTS)
    told = json.loads(sent.stdout)
    assert (told["accepted"], told["durable"], told["not_durable"]) == (3000, 3000, None)
    serving.stop(signal.SIGKILL)
    again = Serving(home, "--set", "ring.capacity=1024")
    try:
        assert run("query", "--count", "job number").stdout == b"3000\n"
        assert run("query", "--count", "source:jobs level>=error").stdout == b"300\n"
        assert run("query", "--count", '"number 2999"').stdout == b"1\n"
        by_level = run("query", "--by", "level", "source:jobs").stdout.decode().split("\n")
        assert by_level == ["2700 info", " 300 error", ""]
        by_pattern = run("query", "--by", "pattern", "source:jobs").stdout.decode().split("\n")
        assert by_pattern == ["2700 1  job number *", " 300 0  job number *", ""], by_pattern
        minutes = run("query", "--by", "minute", "--json", "source:jobs").stdout
        assert sum(group["count"] for group in json.loads(minutes)["groups"]) == 3000
        found = records(run("query", "--json", "--limit", "3000", "job number").stdout)
        assert [one["text"] for one in found] == [f"job number {n}" for n in range(3000)]
        assert run("query", "--count", "--since", "1h", "a | job").stdout == b"3000\n"
        assert run("query", "--count", "--until", "1h", "job").stdout == b"0\n"
    finally:
        again.stop()


def test_a_sender_says_what_is_in_memory_alone(run: Run, home: dict[str, str]) -> None:
    one = Serving(home, arguments=("--no-history",))
    try:
        sent = run("emit", "x", "y")
        assert (sent.returncode, sent.stdout) == (0, b"accepted 2 events\n")
        assert sent.stderr == b"2 are in memory alone: no history is kept\n"
        assert run("emit", "--no-wait", "x").stderr == b""
    finally:
        one.stop()
    assert not list(Path(home["XDG_STATE_HOME"]).rglob("*.db"))


@pytest.mark.parametrize("wrong", [("--since", "1h", '{"level": "error"}'), ("--by", "x")])
def test_questions_that_cannot_be_asked_are_refused(run: Run, wrong: tuple[str, ...]) -> None:
    result = run("query", *wrong)
    assert result.returncode == 2 and b"Traceback" not in result.stderr


def test_history_is_looked_at_checked_and_pruned(run: Run, home: dict[str, str], serving: Serving) -> None:
    assert run("emit", "--source", "jobs", input=EVENTS).returncode == 0
    told = run("history", "info").stdout.decode()
    assert str(Path(home["XDG_STATE_HOME"]) / "neurograph-tui" / "history") in told and "in 1 file" in told
    found = json.loads(run("history", "info", "--json").stdout)
    assert found["events"] >= 3000 and found["unreadable"] == {"events": 0, "rows": 0, "files": 0, "names": 0}
    assert run("history", "verify").stdout == b"all of history can be read\n"
    busy = run("history", "prune", "--keep-mib", "0")
    assert busy.returncode == 75 and b"NG-5401" in busy.stderr and str(serving.process.pid).encode() in busy.stderr
    serving.stop()
    assert run("history", "prune", "--keep-mib", "0").stdout == b"nothing was taken away\n", "the latest file stays"
    [file] = Path(found["folder"]).glob("????-??-??.db")
    spoilt = bytearray(file.read_bytes())
    for place in range(len(spoilt) // 2, len(spoilt), 997):
        spoilt[place] ^= 0xFF
    file.write_bytes(spoilt)
    result = run("history", "verify")
    assert result.returncode == 1 and b"cannot be read" in result.stderr and b"Traceback" not in result.stderr


def test_without_a_history_there_is_none(run: Run) -> None:
    assert json.loads(run("history", "info", "--json").stdout)["events"] == 0
    assert run("history", "verify").returncode == 0
    assert run("history", "prune").returncode == 0
    assert run(*SILENT, "--set", "history.days=0", "history", "info").returncode == 78


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_history_is_exported_while_it_is_written(run: Run, serving: Serving, tmp_path: Path, ending: str) -> None:
    assert run("emit", "--source", "jobs", input=EVENTS).returncode == 0
    target = tmp_path / f"events.{ending}"
    result = run("history", "export", str(target), "source:jobs")
    assert result.returncode == 0 and b"3 000 events" in result.stderr, result.stderr
    assert target.stat().st_mode & 0o777 == 0o600 and not list(tmp_path.glob(".events*"))
    texts = exported(target)
    assert texts == [f"job number {n}" for n in range(3000)]
    again = run("history", "export", str(target))
    assert again.returncode == 2 and b"NG-5402" in again.stderr and exported(target) == texts


def exported(path: Path) -> list[str]:
    """The texts of the events in a file, in their order."""
    if path.suffix == ".parquet":
        from pyarrow.parquet import read_table

        return [str(text) for text in read_table(path).column("text").to_pylist()]
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return [row["text"] for row in csv.DictReader(file)]
    return [json.loads(line)["text"] for line in path.read_text().splitlines()]


def test_an_export_that_is_refused_leaves_no_file(run: Run, tmp_path: Path) -> None:
    result = run("history", "export", str(tmp_path / "x.csv"), "level>=")
    assert result.returncode == 2 and b"NG-1101" in result.stderr and not list(tmp_path.glob("*x.csv*"))
    result = run("history", "export", str(tmp_path / "nowhere" / "x.csv"))
    assert result.returncode == 1 and b"NG-5402" in result.stderr


WATCH = (
    "--set",
    "sensors.files.enabled=true",
    "--set",
    "sensors.journald.enabled=false",
    "--set",
    "ring.capacity=1024",
)


def numbers(text: str) -> list[int]:
    """The numbers of the jobs that stand on a screen."""
    return [int(found) for found in re.findall(r"job number (\d+)", text)]


def look_through(console: Terminal) -> None:
    """From the newest of 3000 jobs to the oldest, by a search and a filter; the ring holds 1024 at most."""
    console.wait(lambda text: numbers(text)[-1:] == [2999])
    console.send("g")
    console.wait(lambda text: "history" in text and numbers(text)[:1] == [0])
    console.send("\x1b[6~")
    console.wait(lambda text: any(number > 10 for number in numbers(text)[:1]))
    console.send("/")
    console.send("number 1707")
    console.send("\r")
    console.wait(lambda text: 1707 in numbers(text))
    console.send("L")
    console.wait(lambda text: numbers(text)[-1:] == [2999])
    console.send("f")
    console.send('\x15level>=error "number 420"')
    console.send("\r")
    console.wait("up looks in history")
    console.send("\x1b[A")
    console.wait(lambda text: numbers(text) == [420])
    console.send("\x11")
    assert console.finish() == 0


def test_a_console_goes_on_in_the_history_of_an_engine_that_serves(
    run: Run, terminal: Callable[..., Terminal], serving: Serving
) -> None:
    assert run("emit", "--source", "jobs", input=EVENTS).returncode == 0
    look_through(terminal("--set", "console.filter=source:jobs"))


def test_a_console_of_its_own_keeps_what_it_watched(
    run: Run, terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    log = tmp_path / "jobs.log"
    log.write_bytes(b"")
    watch = (*WATCH, "--set", f'sensors.files.paths=["{log}"]', "--set", "console.filter=source:jobs")
    console = terminal(*watch)
    console.wait("[1 Events]")
    log.write_bytes(EVENTS)
    console.wait(lambda text: numbers(text)[-1:] == [2999])
    console.send("\x11")
    assert console.finish() == 0
    assert json.loads(run("history", "info", "--console", "--json").stdout)["events"] >= 3000
    look_through(terminal(*watch))
