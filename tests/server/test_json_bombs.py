"""Hostile JSON and gzip: refused with the place of the fault, no error of the server, and no memory to speak of."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .engine import Engine
from .waiting import until

MIB = 1 << 20
MOST = 16 * MIB

PLACES: dict[str, tuple[str, str]] = {
    "/api/v1/ingest": ("POST", '{{"message":{}}}'),
    "/api/v1/modules/intuition_engine/config": ("PUT", '{{"config":{{"profile":{}}}}}'),
    "/api/v1/modules/intuition_engine/enabled": ("PUT", '{{"enabled":{}}}'),
    "/api/v1/guardian/rules/size_limit/mode": ("PUT", '{{"mode":{}}}'),
}
"""Every endpoint that takes JSON, and where in its body a value stands."""

KEYS = "{" + ",".join(f'"k{number}":{number}' for number in range(10**6)) + "}"

DEEP = r"levels at line 1 column|longer than"
BOMBS: dict[str, tuple[bytes, str]] = {
    "deep arrays": (b"[" * 200_000 + b"]" * 200_000, DEEP),
    "deep arrays in a short body": (b"[" * 100_000 + b"]" * 100_000, "levels at line 1 column"),
    "deep objects": (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, DEEP),
    "deep and never closed": (b"[" * 200_000, "levels at line 1 column"),
    "a long string": (b'"' + b"x" * 10_000_000 + b'"', "longer than"),
    "a million keys": (KEYS.encode(), "longer than"),
    "not a number": (b"NaN", "line 1 column"),
    "infinity": (b"-Infinity", "line 1 column"),
    "beyond a double": (b"1e400", "line 1 column"),
    "beyond 64 bits": (b"18446744073709551616", "line 1 column"),
    "below 64 bits": (b"-9223372036854775809", "line 1 column"),
    "a lone surrogate": (b'"\\ud800"', "line 1 column"),
    "a lone low surrogate": (b'"\\udc00\\ud800"', "line 1 column"),
    "a NUL in a text": (b'"a\0b"', "line 1 column"),
    "a NUL outside": (b"\0", "line 1 column"),
    "not UTF-8": (b'"\xff\xfe"', "line 1 column"),
    "a mark in the middle": (b"\xef\xbb\xbf1", "line 1 column"),
    "an open end": (b'"', "line 1 column"),
}


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    with engine.admin() as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        yield client


class Memory:
    """The most memory that a process takes from here on, beyond what it has now."""

    def __init__(self, engine: Engine) -> None:
        self._folder = Path("/proc") / str(engine.process.pid)
        (self._folder / "clear_refs").write_text("5")
        self._before = self._read("VmRSS")

    def _read(self, name: str) -> int:
        lines = (self._folder / "status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name + ":"))

    @property
    def more(self) -> int:
        """Bytes."""
        return self._read("VmHWM") - self._before


def refused(answer: httpx.Response, place: str) -> None:
    body: dict[str, Any] = answer.json()
    assert 400 <= answer.status_code < 500, answer.text
    assert body["success"] is False and body["error"]["code"] == body["error_code"]
    assert re.search(place, body["message"]), body["message"]


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("name", BOMBS)
def test_json_bombs_are_refused(engine: Engine, client: httpx.Client, path: str, name: str) -> None:
    verb, form = PLACES[path]
    bomb, place = BOMBS[name]
    before, after = form.format("\n").encode().split(b"\n")
    memory = Memory(engine)
    answer = client.request(verb, path, content=before + bomb + after, headers={"Content-Type": "application/json"})
    refused(answer, place)
    assert memory.more <= MOST, f"{memory.more / MIB:.1f} MiB"


def test_a_byte_order_mark_is_named(client: httpx.Client) -> None:
    for path, (verb, _) in PLACES.items():
        marked = client.request(verb, path, content=b"\xef\xbb\xbf{}", headers={"Content-Type": "application/json"})
        refused(marked, "byte order mark")


def test_many_keys_are_one_event_when_they_fit(engine: Engine, client: httpx.Client) -> None:
    """What is looked at without being kept costs its own length."""
    event = json.dumps({f"k{number}": number for number in range(60_000)}).encode()
    memory = Memory(engine)
    answer = client.post("/api/v1/ingest", content=event, headers={"Content-Type": "application/json"})
    assert answer.json()["accepted"] == 1
    assert memory.more <= MOST, f"{memory.more / MIB:.1f} MiB"


@pytest.mark.parametrize("size", [20 * MIB + 1, 200 * MIB, 2000 * MIB])
def test_a_gzip_bomb_stops_at_the_limit(engine: Engine, client: httpx.Client, size: int) -> None:
    part = gzip.compress(b"\0" * (10 * MIB), 9)
    bomb = part * (size // (10 * MIB)) + gzip.compress(b"\0" * (size % (10 * MIB)))
    assert len(bomb) < 4 * MIB
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    memory = Memory(engine)
    answer = client.post("/api/v1/ingest", content=bomb, headers=headers)
    assert answer.status_code == 413
    assert "20971520 bytes" in answer.json()["message"]
    assert memory.more <= 20 * MIB + len(bomb) + 4 * MIB, f"{memory.more / MIB:.1f} MiB"


def test_a_gzip_bomb_of_events_is_refused_whole(client: httpx.Client) -> None:
    before = client.get("/api/v1/stats").json()["server"]["ingested"]
    bomb = gzip.compress(b'{"message":"x"}\n' * (2 * MIB))
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    assert client.post("/api/v1/ingest", content=bomb, headers=headers).status_code == 413
    assert client.get("/api/v1/stats").json()["server"]["ingested"] == before
