"""A stream of an engine elsewhere is read like one of an engine in this process."""

from __future__ import annotations

import json

import msgspec
import pytest

from ng_tui.client.address import resolve
from ng_tui.client.failures import ConnectionFailed, Refused
from ng_tui.client.remote import RemoteClient
from ng_tui.client.stream import RemoteStream
from ng_tui.client.wire import Frame
from ng_tui.errors import EXIT_REFUSED, FilterError
from tests.server.engine import Engine

from .conftest import Start
from .rig import Log, at

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


def test_where_no_engine_is_it_does_not_wait_forever(tmp_path: object) -> None:
    client = RemoteClient(resolve(f"unix:{tmp_path}/e.sock"))
    try:
        with pytest.raises(ConnectionFailed, match="no engine is serving here"):
            client.subscribe("")
    finally:
        client.close()


def test_a_restart_is_told_as_a_gap(start: Start) -> None:
    engine, log = start()
    client = RemoteClient(at(engine))
    try:
        stream = client.subscribe("")
        log.write(5)
        before = [json.loads(line) for line in lines(stream, 5, "records")]
        while "request" not in before[-1]["text"]:
            before.append(json.loads(lines(stream, 1, "records")[0]))
        engine.kill()
        engine.start()
        log.write(5)
        after: list[dict[str, object]] = []
        while not after or "request" not in str(after[-1].get("text")):
            after.append(json.loads(lines(stream, 1, "records")[0]))
        numbers = [record["seq"] for record in before]
        for line in after:
            if "gap" in line:
                gap = line["gap"]
                assert isinstance(gap, dict)
                assert gap["reason"] == "source_lost"
                assert gap["count"] == gap["to_seq"] - gap["from_seq"]
                numbers += range(gap["from_seq"], gap["to_seq"])
            else:
                numbers.append(line["seq"])
        assert any("gap" in line for line in after)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    finally:
        client.close()
