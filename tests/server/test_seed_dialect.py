"""The dialect of the seed's WebSocket clients, against a real engine: every kind of frame, limits, and coming back."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.quiet import QUIET

from .conversation import play
from .engine import Engine
from .seed import PATIENCE, Seed, followed, running, until, write

Start = Callable[..., Engine]
GOLDEN = Path(__file__).parent / "golden" / "seed.jsonl"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Path]]:
    """An engine and the file that it follows, for tests that do not mind each other."""
    folder = tmp_path_factory.mktemp("seed")
    path, settings = followed(folder)
    one = running(Engine(folder, *QUIET, *settings))
    yield one, path
    one.stop()


def test_the_recorded_conversation_is_repeated(start: Start, tmp_path: Path) -> None:
    path, settings = followed(tmp_path)
    engine = running(start(*settings, 'alerts.errors="when level>=error then notify"'))
    played = play(GOLDEN, engine, path)
    assert played > 90, "the conversation was cut short"


@pytest.mark.parametrize(
    ("name", "most", "refill"),
    [
        ("ping", 140, 2),
        ("subscribe", 50, 1),
        ("unsubscribe", 50, 1),
        ("get_subscriptions", 30, 0.5),
        ("get_reconnection_token", 80, 10),
    ],
)
def test_messages_are_limited_for_each_type_and_connection(
    shared: tuple[Engine, Path], name: str, most: int, refill: float
) -> None:
    engine, _ = shared
    with Seed(engine) as client:
        client.frame()
        for _ in range(most):
            client.send({"type": name, "channels": ["connections"]})
        passed, refused = 0, None
        for _ in range(most):
            frame = client.frame()
            passed += frame["type"] != "error"
        assert passed == most
        while refused is None or refused["type"] != "error":
            client.send({"type": name, "channels": ["connections"]})
            refused = client.frame()
            passed += refused["type"] != "error"
        # Some have come back in the meantime, but not many.
        assert passed < 2 * most
        assert (refused["code"], refused["request_type"]) == ("RATE_LIMITED", name)
        assert 0 < refused["retry_after"] <= 1 / refill
        with Seed(engine) as other:
            other.frame()
            other.send({"type": name, "channels": ["connections"]})
            assert other.frame()["type"] != "error", "a new connection has buckets of its own"


def test_unknown_types_share_a_bucket_and_leave_the_others_alone(shared: tuple[Engine, Path]) -> None:
    with Seed(shared[0]) as client:
        client.frame()
        codes = []
        for number in range(300):
            client.socket.send(f'{{"type":"unknown {number}"}}' if number % 2 else "not JSON")
            codes.append(client.frame()["code"])
        assert codes[:80] == ["BAD_JSON", "UNKNOWN_TYPE"] * 40
        assert codes.count("RATE_LIMITED") > 100
        assert client.ask({"type": "ping"})["type"] == "pong"


def test_a_client_is_pinged_twice_a_minute_and_need_not_answer(start: Start) -> None:
    engine = start("server.ping_s=1")
    with Seed(engine, admin=False) as client:
        client.frame()
        frame = client.frame(timeout=35)
        assert (frame["type"], set(frame)) == ("ping", {"type", "timestamp"})
        # It has not answered a single one, and its library has answered thirty control pings.
        assert client.ask({"type": "ping"})["type"] == "pong"


def test_a_session_is_gone_on_with_over_a_new_connection(shared: tuple[Engine, Path]) -> None:
    engine, path = shared
    with Seed(engine) as first:
        hello = first.frame()
        first.subscribe("signals", "logs", "status")
        token = first.ask({"type": "get_reconnection_token"})["token"]
        write(path, "told before")
        assert first.event("signals")["data"]["text"] == "told before"
    write(path, *[f"missed {number}" for number in range(30)])
    with Seed(engine) as watcher:
        watcher.frame()
        watcher.subscribe("signals")
        write(path, "the last one missed")
        while watcher.event("signals")["data"]["text"] != "the last one missed":
            pass
    # Over TCP and without other credentials: the role is that of the token.
    with Seed(engine, admin=False, query=f"?reconnection_token={token}&token=nonsense") as second:
        again = second.frame()
        assert (again["type"], again["reconnected"]) == ("connected", True)
        assert (again["user_id"], again["role"]) == (hello["user_id"], "admin")
        assert again["client_id"] != hello["client_id"]
        assert second.event("status")["data"]["status"] == "running"
        missed = [second.event("signals") for _ in range(31)]
        expected = [f"missed {number}" for number in range(30)] + ["the last one missed"]
        assert [event["data"]["text"] for event in missed] == expected
        seqs = [int(event["data"]["event_id"]) for event in missed]
        assert seqs == list(range(seqs[0], seqs[0] + 31))
        assert all("buffered_at" in event for event in missed)
        assert second.ask({"type": "get_subscriptions"})["channels"] == ["signals", "logs", "status"]
        write(path, "live again")
        live = second.event("signals")
        assert live["data"]["text"] == "live again"
        assert "buffered_at" not in live
        # A second token of the same session, and the first is used up.
        assert second.ask({"type": "get_reconnection_token"})["token"] != token
    with Seed(engine, admin=False, query=f"?reconnection_token={token}") as third:
        connected = third.frame()
        assert (connected["reconnected"], connected["role"]) == (False, "anonymous")
        assert third.ask({"type": "get_subscriptions"})["channels"] == []


def test_a_session_that_comes_back_too_late_is_told_what_is_gone(start: Start, tmp_path: Path) -> None:
    path, settings = followed(tmp_path)
    engine = running(start(*settings, "ring.capacity=1024"))
    with Seed(engine) as first:
        first.frame()
        first.subscribe("signals")
        token = first.ask({"type": "get_reconnection_token"})["token"]
        write(path, "told before")
        told = int(first.event("signals")["data"]["event_id"])
    write(path, *[f"missed {number}" for number in range(5000)])
    with engine.admin() as rest:
        until(lambda: records(rest) > told + 5000)
    with Seed(engine, query=f"?reconnection_token={token}") as second:
        assert second.frame()["reconnected"] is True
        gap = second.event("signals")
        assert (gap["event_type"], gap["data"]["reason"]) == ("stream.gap", "retention")
        assert gap["data"]["from_seq"] == told + 1
        first_left = second.event("signals")
        assert int(first_left["data"]["event_id"]) == gap["data"]["to_seq"]
        rest_of_them = 5000 - (gap["data"]["to_seq"] - told - 1)
        events = [first_left] + [second.event("signals") for _ in range(rest_of_them - 1)]
        assert events[-1]["data"]["text"] == "missed 4999"


def test_a_slow_reader_of_signals_is_told_what_it_missed_and_hurts_nobody(start: Start, tmp_path: Path) -> None:
    path, settings = followed(tmp_path)
    engine = start(*settings, "server.behind_soft_bytes=262144", "server.behind_hard_bytes=262144")
    count = 5000
    with Seed(engine, max_queue=2) as slow, Seed(engine) as quick, engine.admin() as rest:
        for client in (slow, quick):
            client.frame()
            client.subscribe("signals")
        write(path, *[f"{number} " + "x" * 500 for number in range(count)])
        read = [int(quick.event("signals")["data"]["event_id"]) for _ in range(count)]
        assert read == list(range(count))
        # A client that reads again before it is given up has missed nothing.
        until(lambda: "neurograph_ws_slow_consumers_total 1.0\n" in rest.get("/metrics").text)
        events, end = to_the_end(slow)
        assert end == (1013, "SLOW_CONSUMER")
        *told, gap = [event for event in events if "channel" in event]
        assert (gap["event_type"], gap["data"]["reason"]) == ("stream.gap", "slow_consumer")
        seqs = [int(event["data"]["event_id"]) for event in told]
        assert seqs == list(range(len(seqs))), "nothing is missing before the gap"
        assert gap["data"]["from_seq"] == len(seqs)
        assert 0 < gap["data"]["count"] == gap["data"]["to_seq"] - len(seqs)


def test_a_slow_reader_of_other_channels_is_told_how_many_events_it_missed(start: Start) -> None:
    engine = start()
    body = {"data": {"text": "y" * 20_000}}
    with Seed(engine, max_queue=1) as slow, engine.admin() as rest:
        slow.frame()
        slow.subscribe("connections")
        for _ in range(300):
            sent = rest.post("/api/v1/websocket/broadcast?channel=connections", json=body)
            assert sent.json()["subscribers"] == 1
        read = missed = 0
        while read + missed < 300:
            event = slow.event("connections")
            missed += event["data"]["count"] if event["event_type"] == "stream.gap" else 0
            read += event["event_type"] == "broadcast"
        assert read + missed == 300
        assert missed > 0, "the system takes more than was sent: the test proves nothing"


@pytest.mark.parametrize(
    ("number", "code", "status"), [(signal.SIGHUP, 1012, "restarting"), (signal.SIGTERM, 1001, "stopping")]
)
def test_the_end_of_the_server_is_told(start: Start, number: signal.Signals, code: int, status: str) -> None:
    engine = running(start())
    with Seed(engine, admin=False) as client:
        client.frame()
        client.subscribe("status")
        client.event("status")
        engine.process.send_signal(number)
        frames, end = to_the_end(client)
        assert [frame["event_type"] for frame in frames] == [f"status.{status}"]
        assert end[0] == code
        assert engine.process.wait(PATIENCE) == 0


def packed(kind: int, metadata: object, payload: bytes) -> bytes:
    meta = json.dumps(metadata).encode()
    return struct.pack(">BBHI", 1, kind, len(meta), len(payload)) + meta + payload


def test_binary_messages_go_only_to_those_who_asked_for_them(shared: tuple[Engine, Path]) -> None:
    engine, _ = shared
    picture = packed(1, {"channel": "actions", "format": "png"}, bytes(range(256)))
    with Seed(engine) as sender, Seed(engine) as wants, Seed(engine) as plain, Seed(engine, admin=False) as nobody:
        for client in (sender, wants, plain, nobody):
            client.frame()
        for client in (wants, plain):
            client.subscribe("actions")
        for client in (sender, wants, nobody):
            assert client.ask({"type": "enable_binary"})["type"] == "binary_enabled"
        sender.socket.send(picture)
        answer = sender.frame()
        assert (answer["type"], answer["channel"], answer["subscribers"]) == ("binary_sent", "actions", 1)
        assert wants.socket.recv(PATIENCE) == picture
        assert plain.ask({"type": "ping"})["type"] == "pong"
        nobody.socket.send(picture)
        assert nobody.frame()["code"] == "FORBIDDEN"
        sender.socket.send(packed(2, {"channel": "nowhere"}, b""))
        assert sender.frame()["code"] == "UNKNOWN_CHANNEL"
        nobody.socket.send(packed(5, {}, gzip.compress(b'{"type":"get_subscriptions"}')))
        assert nobody.frame()["type"] == "subscriptions"


def test_a_message_can_be_sent_to_the_subscribers_of_a_channel(shared: tuple[Engine, Path]) -> None:
    engine, _ = shared
    body = {"event_type": "deploy", "data": {"host": "a"}, "type": "pong", "channel": "logs", "by": "ada"}
    with Seed(engine) as plain, Seed(engine) as web, Seed(engine) as logs, engine.admin() as rest:
        for client in (plain, web, logs):
            client.frame()
        plain.subscribe("actions")
        web.ask({"type": "subscribe", "channel": "actions"})
        logs.subscribe("logs")
        headers = {"X-Correlation-ID": "call-17"}
        sent = rest.post("/api/v1/websocket/broadcast?channel=actions", json=body, headers=headers)
        assert sent.json() == {"status": "ok", "channel": "actions", "subscribers": 2, "message_sent": True}
        event = plain.event("actions")
        del event["timestamp"]
        assert event == {"channel": "actions", "event_type": "deploy", "data": {"host": "a"}, "by": "ada"}
        event = web.event("actions")
        assert (event["type"], event["payload"]) == ("actions", {"host": "a"})
        audit = logs.event("logs")["data"]
        assert (audit["event_type"], audit["correlation_id"]) == ("websocket.broadcast", "call-17")
        assert "to the 2 subscribers of actions" in audit["message"]


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("?channel=nowhere", {}, 404),
        ("", {}, 400),
        ("", {"channel": "actions"}, 200),
        ("?channel=actions", [1], 400),
        ("?channel=actions", {"data": {"text": "z" * 500_000}}, 413),
    ],
)
def test_what_cannot_be_sent_is_refused(shared: tuple[Engine, Path], query: str, body: object, status: int) -> None:
    with shared[0].admin() as rest:
        assert rest.post(f"/api/v1/websocket/broadcast{query}", json=body).status_code == status


def test_the_clients_and_channels_are_told_over_rest(shared: tuple[Engine, Path]) -> None:
    engine, _ = shared
    with Seed(engine) as client, engine.admin() as rest, httpx.Client(base_url=engine.url) as stranger:
        me = client.frame()["client_id"]
        client.subscribe("guardian", "connections")
        seen = rest.get("/api/v1/websocket/status").json()["websocket"]
        assert (seen["endpoint"], seen["total_channels"]) == ("/ws", 8)
        mine = next(one for one in seen["clients"] if one["client_id"] == me)
        assert (mine["channels"], mine["dialect"]) == (["connections", "guardian"], "seed")
        assert mine["last_heartbeat"] > 1.7e9 and mine["messages_received"] >= 1
        one = rest.get("/api/v1/websocket/channels/guardian").json()
        assert (one["channel"], one["subscribers"], one["subscriber_ids"]) == ("guardian", 1, [me])
        names = rest.get("/api/v1/websocket/channels").json()
        assert names["channels"][:6] == ["metrics", "signals", "actions", "logs", "status", "connections"]
        assert set(names["descriptions"]) == set(names["channels"])
        assert rest.get("/api/v1/websocket/channels/nowhere").status_code == 404
        # Numbers are for everybody, names are not.
        assert stranger.get("/api/v1/websocket/status").json()["websocket"]["clients"] == []
        assert stranger.get("/api/v1/websocket/channels/guardian").json()["subscriber_ids"] == []
        assert stranger.post("/api/v1/websocket/broadcast?channel=actions", json={}).status_code in (401, 403)


def test_the_page_of_another_origin_connects_only_when_the_settings_say_so(start: Start) -> None:
    page = "http://localhost:5173"
    closed, opened = start(), start(f'server.origins=["{page}"]')
    with pytest.raises(InvalidStatus) as refused, Seed(closed, admin=False, origin=page):
        pass
    assert refused.value.response.status_code == 403
    with Seed(opened, admin=False, origin=page) as client:
        assert client.frame()["type"] == "connected"


def test_the_load_of_the_host_is_told_while_it_is_measured(start: Start) -> None:
    engine = start("sensors.host.enabled=true")
    with Seed(engine, admin=False) as client:
        client.frame()
        assert client.ask({"type": "subscribe", "channel": "metrics"})["type"] == "subscribed"
        event = client.event("metrics")
        while event["data"]["cpu_percent"] is None or event["data"]["memory_percent"] is None:
            event = client.event("metrics")
        assert event["payload"] == event["data"] and event["type"] == "metrics"
        for key in ("cpu_percent", "memory_percent"):
            assert 0 <= event["data"][key] <= 100, key
        assert 1 < event["data"]["memory_mb"] < 10_000
        assert event["data"]["total_tokens"] > 0


def test_a_peer_that_breaks_off_in_any_state_is_forgotten(shared: tuple[Engine, Path]) -> None:
    engine, path = shared
    with engine.admin() as rest:
        for channels in ((), ("metrics",), ("signals", "logs")):
            with Seed(engine) as client:
                client.frame()
                if channels:
                    client.subscribe(*channels)
                client.socket.socket.shutdown(socket.SHUT_RDWR)
        write(path, "nobody hears this")
        until(lambda: rest.get("/api/v1/websocket/status").json()["websocket"]["total_connections"] == 0)


def to_the_end(client: Seed) -> tuple[list[dict[str, Any]], tuple[int, str]]:
    """Every frame until the server closes the connection, and how it does."""
    frames: list[dict[str, Any]] = []

    def read() -> None:
        while True:
            frames.append(client.frame())

    with pytest.raises(ConnectionClosed) as ended:
        read()
    assert ended.value.rcvd is not None, "it broke off"
    return frames, (ended.value.rcvd.code, ended.value.rcvd.reason)


def records(rest: httpx.Client) -> int:
    """Records that were ever made."""
    metrics = rest.get("/api/v1/modules/gateway/metrics").json()["metrics"]
    return int(metrics["operations"])
