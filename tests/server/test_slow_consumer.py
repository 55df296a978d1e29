"""A client that does not read costs memory up to its bound, hears what it missed, and slows nobody (T10)."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import msgspec
import pytest
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from .engine import Engine
from .memory import rss
from .native import Native

pytestmark = pytest.mark.measures

LIMIT = 1 << 20
"""The hard limit that the test sets, bytes."""
LINE = "x" * 400
ROUNDS, EACH = 150, 50
"""How often at least, and how many lines go in at a time."""
LOOKED_S = 1.0
"""Seconds in which the server has looked several times how far behind its clients are."""


class Reluctant:
    """A client with a small receive buffer that reads only when it is told to."""

    def __init__(self, engine: Engine) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(engine.socket))
        self._socket.settimeout(30)
        self._protocol = ClientProtocol(parse_uri("ws://localhost/ws"), subprotocols=["ng.v1.json"], max_size=None)  # type: ignore[list-item]
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        while not self._protocol.events_received():
            self._protocol.receive_data(self._socket.recv(1))
        self._protocol.send_text(b'{"proto":1}')
        self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            self._socket.sendall(data)

    def trickle(self, count: int) -> None:
        """Reads so many bytes, one at a time."""
        for _ in range(count):
            self._protocol.receive_data(self._socket.recv(1))

    def rest(self) -> tuple[list[dict[str, Any]], int]:
        """Every frame until the close, and its code."""
        frames: list[dict[str, Any]] = []
        while self._protocol.close_rcvd is None and (data := self._socket.recv(1 << 16)):
            self._protocol.receive_data(data)
            self._flush()
        for event in self._protocol.events_received():
            if event.opcode.name in ("TEXT", "CONT"):  # type: ignore[union-attr]
                frames.append(msgspec.json.decode(event.data))  # type: ignore[union-attr]
        assert self._protocol.close_rcvd is not None, "the connection ended without a close"
        return frames, self._protocol.close_rcvd.code

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()


def test_a_slow_reader_is_told_and_ended_and_a_fast_one_misses_nothing(start: Callable[..., Engine]) -> None:
    engine = start(f"server.behind_hard_bytes={LIMIT}", f"server.behind_soft_bytes={LIMIT // 2}")
    delays: list[float] = []
    with closing(Reluctant(engine)) as slow, engine.admin() as sender, Native(engine, filter="type:log.text") as fast:
        fast.until("hello")
        before = rss(engine.process.pid)
        slow.trickle(64)
        missed: list[dict[str, Any]] = []
        first, began = 0, time.monotonic()
        # Lines come until the server has looked at how far behind everybody is, however fast the machine takes them.
        while first < ROUNDS * EACH or time.monotonic() - began < LOOKED_S:
            body = "".join(f"{LINE} {number}\n" for number in range(first, first + EACH))
            sent = time.monotonic()
            answer = sender.post("/api/v1/ingest", content=body, headers={"content-type": "text/plain"})
            assert answer.json()["accepted"] == EACH
            got = fast.records(EACH)
            delays.append(time.monotonic() - sent)
            missed += [one for one in got if "gap" in one]
            assert [int(one["text"].split()[1]) for one in got if "seq" in one] == list(range(first, first + EACH))
            first += EACH
        grown = rss(engine.process.pid) - before
        assert not missed
        # A tenth of a second is the promise; a loaded machine is given more, so that the test tells of faults alone.
        assert sorted(delays)[int(len(delays) * 0.99)] < 1, sorted(delays)[-5:]
        assert grown < 32 << 20, grown
        frames, code = slow.rest()
    assert code == 1013
    gap = frames[-1]["gap"]
    told = [record["seq"] for frame in frames for record in frame.get("records", [])]
    assert gap["reason"] == "slow_consumer" and gap["from_seq"] == told[-1] + 1 and gap["count"] > 0
    assert gap["to_seq"] - gap["from_seq"] >= gap["count"]
