"""A program's own way into an engine in its process."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from ng_tui import _engine
from ng_tui.client.wire import Frame
from tests.quiet import QUIET, as_layers


def engine(tmp_path: Path) -> _engine.Engine:
    return _engine.Engine(as_layers(QUIET), str(tmp_path), True, "UTC", False)


def test_every_reading_becomes_a_scored_record_in_its_order(tmp_path: Path) -> None:
    running = engine(tmp_path)
    source = running.source("program")
    subscription = running.subscribe("source:program", True)
    lines = [f"INFO worker took {number} ms".encode() for number in range(700)]
    for line in lines[:300]:
        source.emit(line)
    source.emit_batch(lines[300:])
    assert source.flush(60_000)
    read = b""
    while read.count(b"\n") < len(lines):
        read += subscription.read(1000, 1000, "records") or b""
    running.stop()
    records = [json.loads(line) for line in read.splitlines()]
    assert [record["raw"].encode() for record in records] == lines
    assert {record["source"] for record in records} == {"program"}
    assert records[-1]["detection"]["state"] in ("learning", "scored"), records[-1]


def test_only_bytes_are_taken_and_the_rest_goes_on(tmp_path: Path) -> None:
    running = engine(tmp_path)
    source = running.source("program")
    with pytest.raises(TypeError):
        source.emit("text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        source.emit_batch([b"taken", 7])  # type: ignore[list-item]
    assert source.flush(60_000)
    running.stop()


def test_a_stopped_engine_takes_nothing(tmp_path: Path) -> None:
    running = engine(tmp_path)
    source = running.source("program")
    running.stop()
    source.emit(b"late")
    with pytest.raises(RuntimeError, match="stopped"):
        source.flush(1000)


def test_a_source_is_made_before_the_sensors_start(tmp_path: Path) -> None:
    running = engine(tmp_path)
    running.start_sensors()
    with pytest.raises(RuntimeError, match="run already"):
        running.source("program")
    running.stop()


def test_what_is_told_of_thousands_of_sources_is_a_message_that_clients_take(tmp_path: Path) -> None:
    running = engine(tmp_path)
    sources = [running.source(f"{number}/{'n' * 400}") for number in range(5000)]
    view = None
    while view is None or sum(one.stands_for or 1 for one in view.sources) < len(sources):
        for frame in msgspec.msgpack.decode(running.frames(1000), type=list[Frame]):
            view = frame.metrics or view
    running.stop()
    assert len(msgspec.json.encode(view)) < 1 << 20
