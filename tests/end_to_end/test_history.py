"""History as a person meets it: `emit` that waits for the disk, `query` that counts, and `history`."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Run, records
from .serving import SILENT, Serving

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
