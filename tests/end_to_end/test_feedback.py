"""`feedback` against an engine that serves: given, listed, undone, and in force again after a restart."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

import pytest

from .conftest import Run, records
from .serving import SILENT, Serving
from .terminal import Terminal


@pytest.fixture
def serving(home: dict[str, str]) -> Iterator[Serving]:
    """An engine that serves at the usual place of this home."""
    one = Serving(home)
    yield one
    one.stop()


def peak(run: Run) -> int:
    """Lets a stream of numbers get warm and jump; the number of the alert."""
    chance = random.Random(3)
    values = [*(chance.random() for _ in range(1200)), 9.0]
    lines = "".join(f"load={value}\n" for value in values).encode()
    assert run("emit", "--source", "pump", input=lines).returncode == 0
    (alert,) = records(run("query", "--json", "--limit", "1", "source:http is:alert value>8").stdout)
    seq = alert["seq"]
    assert isinstance(seq, int)
    return seq


def listed(run: Run) -> dict[str, list[dict[str, object]]]:
    """What is kept."""
    result = run("feedback", "--json")
    assert result.returncode == 0, result.stderr
    found: dict[str, list[dict[str, object]]] = json.loads(result.stdout)
    return found


def test_feedback_is_given_listed_undone_and_kept(run: Run, serving: Serving, home: dict[str, str]) -> None:
    seq = peak(run)
    said = run("feedback", "ack", str(seq))
    assert said.returncode == 0, said.stderr
    expected = "metric.load of http:pump alerts from strength 3.30 on, before from 3.60"
    assert said.stdout.decode().startswith("ack 1 by ") and expected in said.stdout.decode()
    said = run("feedback", "false-alarm", str(seq))
    assert b"alerts from strength 12.00 on, before from 3.30; this is the limit" in said.stdout
    assert [one["number"] for one in listed(run)["judgements"]] == [2, 1]
    head, newest, oldest = run("feedback").stdout.decode().splitlines()
    assert head.split() == ["NUMBER", "WHEN", "WHO", "SAID", "EVENT", "THRESHOLD", "SOURCE", "PATTERN"]
    assert "false alarm" in newest and "3.30 → 12.00" in newest and newest.endswith("metric.load")
    assert "3.60 → 3.30" in oldest
    told = records(run("query", "--json", "type:feedback.*").stdout)
    assert [one["type"] for one in told] == ["feedback.given", "feedback.given"]

    refused = run("feedback", "false-alarm", str(seq))
    assert refused.returncode == 1 and b"is already at its limit, 12.00" in refused.stderr
    assert run("feedback", "ack", "99999999").returncode == 1
    assert run("feedback", "ack", "soon").returncode == 2

    pattern = listed(run)["subjects"][0]["pattern"]
    serving.stop()
    # Without an engine the list is that of the saved state, and can be changed.
    assert [one["offset"] for one in listed(run)["subjects"]] == [8.4]
    nobody = run("feedback", "ack", str(seq))
    assert nobody.returncode == 3 and nobody.stderr.startswith(b"NG-3311 no engine serves unix:")
    assert b"false alarm 2 undone by " in run(*SILENT, "feedback", "undo", "2").stdout
    assert run("feedback", "undo", "2").returncode == 1

    again = Serving(home)
    try:
        (subject,) = listed(run)["subjects"]
        assert (subject["offset"], subject.get("pattern")) == (-0.3, pattern), "what was learnt is there as well"
    finally:
        again.stop()


def test_the_console_judges_shows_and_undoes(run: Run, serving: Serving, terminal: Callable[..., Terminal]) -> None:
    peak(run)
    console = terminal(columns=120, rows=40)
    console.wait("load=9.0")
    console.send("f")
    console.wait("esc Back")
    console.send(" is:alert value>8\r")
    console.wait("1/1")
    console.send("\r")
    console.wait("novelty")
    console.send("+")
    console.wait(lambda text: "ack 1 by" in text and "3.30, lowered by feedback" in text)
    console.send("U")
    console.wait(lambda text: "ack 1 undone by" in text and "lowered by feedback" not in text)
    assert listed(run)["judgements"] == []
    console.send("\x11")
    assert console.finish() == 0
