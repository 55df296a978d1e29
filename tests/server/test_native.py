"""The engine's own protocol: greeting, records in order, resuming, gaps, commands, and clients that are too slow."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from ng_tui import _engine

from .engine import Engine
from .native import PATIENCE, Native

Start = Callable[..., Engine]


def following(log: Path) -> tuple[str, ...]:
    """Settings of an engine that follows this file."""
    log.touch()
    return ("sensors.files.enabled=true", f'sensors.files.paths=["{log}"]', "sensors.files.from=beginning")


def write(log: Path, lines: range) -> None:
    """Adds numbered lines."""
    with log.open("a") as file:
        file.writelines(f"line number {number}\n" for number in lines)


def numbers(records: list[dict[str, Any]]) -> list[int]:
    """The numbers of the lines."""
    return [int(record["text"].rsplit(" ", 1)[1]) for record in records if record.get("type") == "log.text"]


def test_the_greeting_says_who_and_where(engine: Engine) -> None:
    with Native(engine, views_only=True) as client:
        hello = client.frame()["hello"]
    assert hello["proto"] == 1 and hello["role"] == "admin" and hello["durability"] == "disk"
    assert {"first_seq", "next_seq", "server_time", "run", "host", "limits", "rights"} <= hello.keys()
    assert hello["limits"]["message_bytes"] == 1 << 20


def test_what_comes_right_after_the_greeting_is_told(engine: Engine) -> None:
    # Each filter is another feed, for which the engine is asked after the greeting.
    with engine.admin() as sender:
        for number in range(40):
            with Native(engine, filter=f"right-after-{number}-it") as client:
                client.until("hello")
                body = f"right-after-{number}-it"
                assert sender.post("/api/v1/ingest", content=body, headers={"content-type": "text/plain"}).is_success
                assert client.records(1)[0]["text"] == body


@pytest.mark.parametrize(
    ("hello", "code", "words"),
    [
        ({"proto": 2}, "BAD_REQUEST", "proto 2 is not spoken here"),
        ({"proto": 1, "filter": "level>>"}, "BAD_REQUEST", "filter, column"),
        ({"proto": 1, "colour": "red"}, "BAD_REQUEST", "colour"),
        ({"proto": 1, "max_rate": 0}, "BAD_REQUEST", "max_rate"),
        ({"proto": 1, "packed": True}, "BAD_REQUEST", "packed"),
        ([], "BAD_REQUEST", "expected"),
    ],
    ids=str,
)
def test_a_hello_that_means_nothing_is_refused(engine: Engine, hello: Any, code: str, words: str) -> None:
    with Native(engine, first=hello) as client:
        error = client.until("error")
        assert error["code"] == code and words in error["message"], error
        with pytest.raises(ConnectionClosed) as closed:
            client.frame()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008


@pytest.mark.parametrize("form", ["json", "msgpack"])
def test_every_record_comes_once_and_in_order(start: Start, tmp_path: Path, form: str) -> None:
    log = tmp_path / "app.log"
    engine = start(*following(log))
    with Native(engine, json=form == "json", filter="type:log.text") as client:
        client.until("hello")
        write(log, range(3_000))
        records = client.records(3_000)
    assert numbers(records) == list(range(3_000))
    assert [record["seq"] for record in records] == sorted({record["seq"] for record in records})


def test_packed_records_are_the_records(start: Start, tmp_path: Path) -> None:
    """What a ring makes of the compact form is what the engine has."""
    log = tmp_path / "app.log"
    engine = start(*following(log), "guardian.size_limit.limit=256", "guardian.size_limit.mode=enforce")
    ring = _engine.Ring(100_000, {}, "UTC")
    inlet = _engine.Inlet(ring, "")
    with Native(engine, json=False, packed=True, vectors=True) as packed, Native(engine, vectors=True) as plain:
        write(log, range(500))
        with log.open("a") as file:
            file.write("long " * 100 + '\ncpu.total=12.5 %\n{"level":"error","msg":"disk"}\n\xff\n')
        theirs = {record["seq"]: record for record in plain.records(504) if "seq" in record}
        count = 0
        while count < 504:
            count += inlet.absorb(packed.socket.recv(PATIENCE)) or 0  # type: ignore[arg-type]
    for seq, record in theirs.items():
        mine = json.loads(ring.export(seq) or b"null")
        assert mine == record


def test_two_readers_of_one_filter_share_a_feed_and_a_late_one_follows(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    engine = start(*following(log))
    rings = []
    for number in range(2):
        client = Native(engine, json=False, packed=True)
        client.until("hello")
        write(log, range(number * 100, number * 100 + 100))
        ring = _engine.Ring(1_000, {}, "UTC")
        inlet, wanted = _engine.Inlet(ring, ""), 100
        while wanted > 0:
            wanted -= inlet.absorb(client.socket.recv(PATIENCE)) or 0  # type: ignore[arg-type]
        rings.append((client, ring, inlet))
    client, _, inlet = rings[0]
    wanted = 100
    while wanted > 0:
        wanted -= inlet.absorb(client.socket.recv(PATIENCE)) or 0  # type: ignore[arg-type]
    assert inlet.next_seq() == rings[1][2].next_seq()
    with Native(engine, views_only=True) as looker:
        while not (subscriptions := looker.until("metrics")["subscriptions"]):
            pass
    assert len(subscriptions) == 1
    for client, _, _ in rings:
        client.close()


def test_a_reader_resumes_where_it_was(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    engine = start(*following(log))
    with Native(engine, filter="type:log.text") as client:
        hello = client.until("hello")
        write(log, range(10))
        last = client.records(10)[-1]["seq"]
    write(log, range(10, 5_000))
    with Native(engine, filter="type:log.text", resume_from=last + 1, run=hello["run"]) as client:
        assert numbers(client.records(4_990)) == list(range(10, 5_000))
        write(log, range(5_000, 5_010))
        assert numbers(client.records(10)) == list(range(5_000, 5_010))


def test_what_has_left_the_ring_is_a_gap_with_its_count(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    engine = start(*following(log), "ring.capacity=1024")
    write(log, range(5_000))
    with Native(engine, views_only=True) as client:
        while client.until("metrics")["ring"]["next_seq"] < 5_000:
            pass
    with Native(engine, resume_from=10) as client:
        hello = client.until("hello")
        gap = client.until("gap")
        first = hello["first_seq"]
        assert gap == {"from_seq": 10, "to_seq": first, "count": first - 10, "reason": "retention"}
        records = client.records(hello["next_seq"] - first)
        assert records[0]["seq"] == first


def test_numbers_go_on_over_a_kill_and_the_gap_is_exact(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    engine = start(*following(log), "history.enabled=false")
    with Native(engine) as client:
        hello = client.until("hello")
        write(log, range(100))
        records = [record for record in client.records(100) if "seq" in record]
    write(log, range(100, 200))
    with Native(engine, views_only=True) as client:
        while (made := client.until("metrics")["ring"]["next_seq"]) < records[-1]["seq"] + 101:
            pass
    engine.kill()
    engine.start()
    with Native(engine, resume_from=records[-1]["seq"] + 1, run=hello["run"]) as client:
        again = client.until("hello")
        assert again["run"] != hello["run"] and again["first_seq"] == made
        gap = client.until("gap")
    assert gap == {"from_seq": records[-1]["seq"] + 1, "to_seq": made, "count": 100, "reason": "source_lost"}


def test_a_rate_limit_leaves_out_and_says_so(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    engine = start(*following(log))
    with Native(engine, filter="type:log.text", max_rate=50) as client:
        client.until("hello")
        write(log, range(1_000))
        first = client.records(50)
        assert numbers(first) == list(range(50))
        deadline, number, told = time.monotonic() + PATIENCE, 1_000, 50
        while time.monotonic() < deadline:
            write(log, range(number, number + 1))
            number += 1
            frame = client.frame()
            told += len(frame.get("records", []))
            if "gap" in frame:
                break
        assert frame["gap"]["reason"] == "rate_limited" and frame["gap"]["count"] >= 950


def test_commands_are_answered_and_told_to_the_stream(start: Start) -> None:
    engine = start()
    with Native(engine, filter="type:module.*") as client:
        client.until("hello")
        client.send(
            {"id": 7, "actor": "someone else", "command": {"set_module": {"module": "gateway", "enabled": False}}}
        )
        frames = [client.frame()]
        while not {"result", "records"} <= {key for frame in frames for key in frame}:
            frames.append(client.frame())
        assert any(frame.get("result", {}).get("id") == 7 for frame in frames)
        (record,) = [one for frame in frames for one in frame.get("records", [])]
        assert record["type"] == "module.disabled" and "uid" in record["attrs"]["actor"]
        for command, code in (
            ({"set_module": {"module": "guardian", "enabled": False}}, "CONFLICT"),
            ({"set_module": {"module": "nothing", "enabled": False}}, "BAD_REQUEST"),
        ):
            client.send({"id": 8, "actor": "", "command": command})
            error = client.until("error")
            assert error["id"] == 8 and error["code"] == code
        client.socket.send("{")
        assert client.until("error")["code"] == "BAD_JSON"
        client.send({"id": 9, "actor": "", "command": {"set_module": {"module": "gateway", "enabled": True}}})
        assert client.until("result")["id"] == 9


def test_a_restart_closes_with_1012_and_a_stop_with_1001(start: Start) -> None:
    import signal

    for number, code in ((signal.SIGHUP, 1012), (signal.SIGTERM, 1001)):
        engine = start()
        client = Native(engine, views_only=True)
        client.until("metrics")
        stopping = threading.Thread(target=engine.stop, args=(number,))
        stopping.start()
        with pytest.raises(ConnectionClosed) as closed:
            client.until("nothing of this name")
        stopping.join()
        client.close()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == code
        assert engine.process.returncode == 0


def test_cloudevents_are_events_of_version_1(start: Start, tmp_path: Path) -> None:
    from websockets.sync.client import unix_connect
    from websockets.typing import Subprotocol

    log = tmp_path / "app.log"
    engine = start(*following(log))
    with unix_connect(
        str(engine.socket), uri="ws://localhost/ws", subprotocols=[Subprotocol("cloudevents.json")]
    ) as socket:
        assert socket.subprotocol == "cloudevents.json"
        with Native(engine, views_only=True) as looker:
            while not looker.until("metrics")["subscriptions"]:
                pass
        write(log, range(1))
        event = json.loads(socket.recv(PATIENCE))
    assert {"specversion": "1.0", "type": "log.text", "datacontenttype": "application/json"}.items() <= event.items()
    assert event["id"] and event["source"].endswith("file:" + str(log)) and event["data"]["text"] == "line number 0"
