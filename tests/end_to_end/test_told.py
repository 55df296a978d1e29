"""What a person is told of a mixed stream with one cause in it: one incident, named by the cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.data.mixed_stream import CAUSE_AT, mixed_stream, write

from .conftest import Run

DATA = Path(__file__).parents[1] / "data"
LATE_S = 15
"""A share that rises needs as many events as make it sure; the others are told at once."""
CAUSES = (
    ("pool_exhausted", "app.jsonl", "no free connection in the pool"),
    ("oom_kill", "syslog.log", "Out of memory: Killed process"),
    ("share_5xx", "access.log", ""),
    ("latency_x8", "", ""),
    ("disk_filling", "metrics.prom", "disk_used"),
    ("stuck_worker", "app.jsonl", "no heartbeat"),
    ("new_error", "batch.log", "balance does not match"),
)


def told(run: Run, folder: Path, cause: str) -> tuple[float, list[dict[str, object]]]:
    """When the stream began, and the leads of the incidents."""
    lines = mixed_stream(cause, 3)
    write(lines, folder)
    files = sorted(str(path) for path in folder.iterdir() if path.suffix != ".jsonl" or path.name == "app.jsonl")
    found = json.loads(run("score", "--incidents", "--json", *files).stdout)
    return lines[0].time.timestamp(), [one["symptoms"][one["lead"]] for one in found["incidents"]]


@pytest.mark.parametrize(("cause", "source", "words"), CAUSES, ids=[name for name, *_ in CAUSES])
def test_a_cause_is_told_once_and_names_its_incident(
    run: Run, tmp_path: Path, cause: str, source: str, words: str
) -> None:
    began, leads = told(run, tmp_path / "logs", cause)
    at = [int(str(lead["first_ns"])) / 1e9 - began for lead in leads]
    assert sum(second < CAUSE_AT - 1 for second in at) <= 2
    named = [
        second
        for second, lead in zip(at, leads, strict=True)
        if source in str(lead["source"]) and words in str(lead["text"])
    ]
    assert any(CAUSE_AT - 1 <= second <= CAUSE_AT + LATE_S for second in named), (at, leads)


@pytest.mark.parametrize(("hour", "most"), [("hour_at_work", 5), ("hour_idle", 1)])
def test_of_a_recorded_hour_of_a_host_little_is_told(run: Run, hour: str, most: int) -> None:
    files = sorted(str(path) for path in (DATA / hour).iterdir())
    found = json.loads(run("score", "--incidents", "--json", *files).stdout)
    assert 0.99 <= found["hours"] <= 1.2
    assert len(found["incidents"]) <= most, [one["symptoms"][one["lead"]] for one in found["incidents"]]


def test_nothing_is_told_of_a_shop_in_which_nothing_happens_twice_an_hour(run: Run, tmp_path: Path) -> None:
    _, leads = told(run, tmp_path / "logs", "none")
    assert len(leads) <= 2
