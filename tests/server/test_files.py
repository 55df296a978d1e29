"""Followed files seen from outside: names that are no text, files that are not there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .engine import Engine
from .native import Native

Start = Callable[..., Engine]


def test_a_file_whose_name_is_not_utf_8_is_followed_beside_others(start: Start, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "good.log").touch()
    engine = start("sensors.files.enabled=true", f'sensors.files.paths=["{logs}/*.log"]', "sensors.files.rescan_s=0.1")
    with Native(engine) as client:
        client.until("hello")
        bad = os.fsencode(logs) + b"/bad\xff.log"
        with open(bad, "wb") as file:
            file.write(b"out of the bad one\n")
        (record,) = client.records(1)
        assert (record["source"], record["raw"]) == (f"file:{logs}/bad\\xff.log", "out of the bad one")
        with (logs / "good.log").open("a") as file:
            file.write("out of the good one\n")
        (record,) = client.records(1)
        assert (record["source"], record["raw"]) == (f"file:{logs}/good.log", "out of the good one")
    with engine.admin() as http:
        health = http.get("/api/v1/health").json()
    assert health["status"] == "healthy"
    assert health["failures"] == []
    engine.stop()
    assert not [line for line in engine.said if "panicked" in line or "failed" in line]


def test_a_file_that_is_not_there_is_one_line_on_standard_error(start: Start, tmp_path: Path) -> None:
    missing, below = tmp_path / "no-such.log", tmp_path / "file" / "below.log"
    (tmp_path / "file").touch()
    engine = start("sensors.files.enabled=true", f'sensors.files.paths=["{missing}", "{below}"]')
    with Native(engine) as client:
        troubles: dict[str, dict[str, str]] = {}
        while len(troubles) < 3:
            sources = client.until("metrics")["sources"]
            troubles = {one["name"]: one["trouble"] for one in sources if one.get("trouble")}
    assert troubles[f"file:{missing}"]["kind"] == "waiting"
    assert troubles[f"file:{below}"]["kind"] == "unreadable"
    with engine.admin() as http:
        assert http.get("/api/v1/health").json()["status"] == "healthy"
    expect = {
        f"cannot look at {below}: Not a directory (os error 20)",
        f"waiting for {missing}: it does not exist yet",
    }
    assert engine.process.stderr is not None
    told: list[str] = []
    while len(told) < len(expect):
        line = engine.process.stderr.readline().decode().rstrip()
        assert line, "the engine has ended"
        told += [line] if line in expect else []
    engine.stop()
    assert set(told) == expect
    assert not expect & set(engine.said), "a line is told once"
