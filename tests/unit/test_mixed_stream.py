"""The generator of mixed streams: the same up to the cause, whichever it is, and every cause shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.data.mixed_stream import CAUSE_AT, CAUSES, METRICS, SOURCES, mixed_stream, write

SILENT = {"none", "silent_source"}
"""Causes of which no line tells."""


@pytest.mark.parametrize("cause", CAUSES)
def test_lines_are_the_same_up_to_the_cause(cause: str) -> None:
    lines = mixed_stream(cause, seed=3)
    before = [line for line in lines if line.second < CAUSE_AT]
    assert before == [line for line in mixed_stream("none", seed=3) if line.second < CAUSE_AT]
    assert not any(line.cause for line in before)
    assert any(line.cause for line in lines) == (cause not in SILENT)
    assert {line.source for line in before} == set(SOURCES)


def test_a_folder_has_a_file_for_each_source_and_a_file_has_all(tmp_path: Path) -> None:
    lines = mixed_stream("oom_kill", seed=1, seconds=20, cause_at=10)
    write(lines, tmp_path / "folder")
    write(lines, tmp_path / "all.jsonl")
    rows = [json.loads(row) for row in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [row["line"] for row in rows] == [line.text for line in lines]
    metrics = (tmp_path / "folder" / METRICS).read_text().splitlines()
    assert metrics == [line.text for line in lines if line.source == METRICS]
    truth = (tmp_path / "folder" / "truth.jsonl").read_text().splitlines()
    assert len(truth) == sum(line.cause for line in lines) > 0
