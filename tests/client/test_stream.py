"""A stream of an engine elsewhere is read like one of an engine in this process."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from ng_tui.client.address import resolve
from ng_tui.client.background import Background
from ng_tui.client.failures import ConnectionFailed, Refused
from ng_tui.client.remote import RemoteClient
from ng_tui.client.stream import MOST, RemoteStream
from ng_tui.client.wire import Frame, Record
from ng_tui.errors import EXIT_REFUSED, FilterError
from tests.server.engine import Engine

from .rig import Log, Relay, at, heard_all, live, lose

FRAMES = msgspec.msgpack.Decoder(list[Frame])


def lines(stream: RemoteStream, count: int, form: str) -> list[bytes]:
    """The first lines."""
    found: list[bytes] = []
    while len(found) < count:
        chunk = stream.read(count - len(found), 30_000, form)
        assert chunk
        found += chunk.splitlines()
    return found


def test_every_form(pair: tuple[Engine, Log]) -> None:
    engine, log = pair
    client = RemoteClient(at(engine))
    try:
        stream, first = client.subscribe("type:log.**"), log.count
        client.start()
        assert stream.read(10, 0, "records") == b""
        assert stream.read(10, 0, "msgpack") == msgspec.msgpack.encode([])
        log.write(40)
        records = [json.loads(line) for line in lines(stream, 10, "records")]
        assert [record["text"].split()[2] for record in records] == [str(first + number) for number in range(10)]
        assert len(records[0]["detection"]["features"]) == 8
        raw = lines(stream, 10, "raw")
        assert raw[0] == log.path.read_bytes().splitlines()[first + 10]
        frame = json.loads(lines(stream, 1, "frames")[0])
        assert frame["records"][0]["text"].split()[2] == str(first + 20)
        chunk = stream.read(3, 30_000, "msgpack")
        assert chunk is not None
        assert sum(len(frame.records or ()) for frame in FRAMES.decode(chunk)) in {1, 2, 3}
        assert client.ring.view("").advance(1000).matched == 0
    finally:
        client.close()
    rest = b""
    while (chunk := stream.read(100, 1000, "raw")) is not None:
        rest += chunk


def test_a_slow_reader_gets_everything_in_order(pair: tuple[Engine, Log], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ng_tui.client.stream.MOST", 100)
    engine, log = pair
    client, witness = RemoteClient(at(engine)), RemoteClient(at(engine), backlog=0)
    witness.start()
    live(witness)
    try:
        log.write(1)
        heard_all(witness, log)
        stream, first = client.subscribe("type:log.**"), log.count
        log.write(2000)
        heard_all(witness, log)
        numbers = [int(line.split()[4]) for line in lines(stream, 2000, "raw")]
        assert numbers == list(range(first, first + 2000))
    finally:
        client.close()
        witness.close()


def test_what_nobody_reads_is_not_held_without_end(tmp_path: Path) -> None:
    background = Background("test")
    stream = RemoteStream(background, resolve(f"unix:{tmp_path}/e.sock"), "")
    batch = Frame(records=[cast(Record, None)] * (MOST + 1))
    background.submit(stream._put(batch)).result()
    second = background.submit(stream._put(batch))
    background.submit(asyncio.sleep(0)).result()
    assert not second.done()
    assert stream.read(MOST, 0, "msgpack") is not None
    second.result(timeout=30)
    background.close()


def test_a_refused_filter_names_its_column(pair: tuple[Engine, Log]) -> None:
    client = RemoteClient(at(pair[0]))
    try:
        with pytest.raises(FilterError) as caught:
            client.subscribe("worker levle>=error")
        assert caught.value.column == 8
        assert "level" in caught.value.message
    finally:
        client.close()


def test_who_may_not_read_is_told_so(pair: tuple[Engine, Log]) -> None:
    client = RemoteClient(resolve(pair[0].url))
    try:
        with pytest.raises(Refused, match="NEUROGRAPH_TOKEN") as caught:
            client.subscribe("")
        assert (caught.value.code, caught.value.exit_code) == ("NG-4101", EXIT_REFUSED)
    finally:
        client.close()


def test_where_no_engine_is_it_does_not_wait_forever(tmp_path: Path) -> None:
    client = RemoteClient(resolve(f"unix:{tmp_path}/e.sock"))
    try:
        with pytest.raises(ConnectionFailed, match="no engine serves"):
            client.subscribe("")
    finally:
        client.close()


def test_a_restart_is_told_as_a_gap(relayed: tuple[Engine, Log, Relay]) -> None:
    engine, log, relay = relayed
    client = RemoteClient(resolve(relay.url))
    try:
        stream = client.subscribe("")
        log.write(5)
        found: list[dict[str, Any]] = []

        def read_to(text: str) -> None:
            while not found or text not in found[-1].get("text", ""):
                # A gap may come together with the record behind it.
                found.extend(json.loads(line) for line in lines(stream, 1, "records"))

        read_to("request 4 ")
        lose(engine, log, relay, 40)
        log.write(5)
        read_to("request 49 ")
        gaps: list[Any] = []
        numbers: list[Any] = []
        for line in found:
            if "gap" in line:
                gaps.append(line["gap"])
                numbers += range(line["gap"]["from_seq"], line["gap"]["to_seq"])
            else:
                numbers.append(line["seq"])
        assert [gap["reason"] for gap in gaps] == ["source_lost"]
        assert gaps[0]["count"] >= 40
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    finally:
        client.close()
