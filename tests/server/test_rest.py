"""What can be read and steered over HTTP, and the shape of every refusal."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from .engine import Engine
from .waiting import until

JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain"}


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    with engine.admin() as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        yield client


def send(client: httpx.Client, *lines: str, source: str = "test") -> int:
    """Sends lines of text; returns the `seq` of the first."""
    answer = client.post("/api/v1/ingest", content="\n".join(lines), headers=TEXT, params={"source": source})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["last_seq"]) - len(lines) + 1


def page(client: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/events", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_pages_follow_each_other_in_both_directions(client: httpx.Client) -> None:
    first = send(client, *(f"line number {number} of many" for number in range(250)), source="pages")
    for order, expected in (("asc", range(first, first + 250)), ("desc", range(first + 249, first - 1, -1))):
        found: list[int] = []
        query: dict[str, Any] = {"filter": "source:pages", "order": order, "limit": 60}
        while True:
            part = page(client, **query)
            found += [record["seq"] for record in part["records"]]
            assert len(part["records"]) <= 60 and part["gaps"] == []
            if not part["more"]:
                break
            query["from_seq"] = part["next_seq"]
        assert found == list(expected)


def test_the_end_of_the_ring_is_where_the_next_page_begins(client: httpx.Client) -> None:
    end = page(client, from_seq=2**64 - 1)
    assert (end["records"], end["more"]) == ([], False)
    seq = send(client, "the next one")
    assert seq == end["next_seq"]
    assert page(client, from_seq=seq)["records"][0]["text"] == "the next one"
    newest = page(client, order="desc", limit=1)
    assert newest["records"][0]["seq"] >= seq and newest["next_seq"] == newest["records"][0]["seq"] - 1


def test_what_has_left_the_ring_is_told(start: Callable[..., Engine]) -> None:
    engine = start("ring.capacity=1024", "history.enabled=false")
    with engine.admin() as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        send(client, *(f"line {number}" for number in range(3000)))
        part = page(client, from_seq=3, limit=1)
        first = part["first_seq"]
        assert first > 1000
        assert part["records"][0]["seq"] == first
        assert part["gaps"] == [{"from_seq": 3, "to_seq": first, "count": first - 3, "reason": "retention"}]
        gone = client.get("/api/v1/events/3")
        assert (gone.status_code, gone.json()["error_code"]) == (404, "NOT_FOUND")
        assert "is no longer in memory" in gone.json()["message"]


def test_one_record_with_its_neighbours_and_pattern(client: httpx.Client) -> None:
    first = send(client, *(f"user {number} logged in from 10.0.0.{number}" for number in range(30)), "\x1b[31mred")
    detail = client.get(f"/api/v1/events/{first + 29}", params={"neighbours": 3}).json()
    assert detail["record"]["seq"] == first + 29
    assert len(detail["neighbours"]) == 3
    assert "logged in from" in detail["template"]
    assert {step["rule"] for step in detail["rules"]} >= {"size_limit", "rate_limit"}
    pattern = detail["record"]["detection"]["pattern"]
    known = client.get(f"/api/v1/patterns/{pattern}").json()
    assert (known["pattern"], known["template"]) == (pattern, detail["template"])
    assert known["count"] > 0 and known["first_seq"] <= known["last_seq"]
    assert "\x1b" not in client.get(f"/api/v1/events/{first + 30}").json()["record"]["text"]
    assert client.get(f"/api/v1/events/{first + 30}", params={"neighbours": 0}).json()["neighbours"] == []
    ahead = client.get(f"/api/v1/events/{2**64 - 1}")
    assert ahead.status_code == 404 and "not been made yet" in ahead.json()["message"]
    unknown = client.get("/api/v1/patterns/4294967294")
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, "NOT_FOUND")


def test_modes_of_rules_are_set(client: httpx.Client) -> None:
    def mode() -> str:
        rules = client.get("/api/v1/guardian").json()["rules"]
        return str(next(rule["mode"] for rule in rules if rule["name"] == "size_limit"))

    def is_in(wanted: str) -> bool:
        return mode() == wanted

    assert mode() == "observe"
    for wanted in ("enforce", "observe"):
        done = client.put("/api/v1/guardian/rules/size_limit/mode", json={"mode": wanted})
        assert (done.status_code, done.json()["success"]) == (200, True)
        until(partial(is_in, wanted))
    assert client.put("/api/v1/guardian/rules/nothing/mode", json={"mode": "enforce"}).status_code == 404
    assert client.put("/api/v1/guardian/rules/size_limit/mode", json={"mode": "off"}).status_code == 400


def test_alert_rules_and_sources_are_listed(start: Callable[..., Engine]) -> None:
    engine = start('alerts.door="when door then notify"', "sensors.heartbeat.enabled=true")
    with engine.admin() as client:
        until(lambda: client.get("/api/v1/sources").json()["total"])
        send(client, "the door is open", source="house")

        def states() -> dict[str, Any]:
            return {alert["name"]: alert["state"] for alert in client.get("/api/v1/alerts").json()["alerts"]}

        until(lambda: states() == {"door": "firing"})
        found = {one["name"]: one for one in client.get("/api/v1/sources").json()["sources"]}
        until(lambda: "http:house" in {one["name"] for one in client.get("/api/v1/sources").json()["sources"]})
        assert found["heartbeat"]["enabled"] and found["heartbeat"]["readings"] >= 1


@pytest.mark.parametrize("path", ["/api/v1/status", "/status", "/api/v1/health/status", "/health/status"])
def test_the_status_has_what_clients_read(client: httpx.Client, path: str) -> None:
    send(client, "one pattern")
    until(lambda: client.get(path).json()["tokens_count"] > 0)
    body = client.get(path).json()
    types = {
        "api_version": str,
        "runtime_version": str,
        "tokens_count": int,
        "uptime_seconds": float,
        "memory_usage_mb": float,
        "requests_total": int,
        "status": str,
        "version": str,
        "timestamp": str,
    }
    for where in (body, body["data"]):
        assert {key: type(where[key]) for key in types} == types
    assert body["status"] == "healthy"
    assert 1 < body["memory_usage_mb"] < 1000
    assert client.get(path).json()["requests_total"] == body["requests_total"] + 1
    assert client.get(path).json()["uptime_seconds"] > body["uptime_seconds"] > 0


@pytest.mark.parametrize("path", ["/api/v1/stats", "/stats"])
def test_stats_count(client: httpx.Client, path: str) -> None:
    before = client.get(path).json()
    send(client, "counted", "ERROR counted too")
    after = client.get(path).json()
    assert after["events"]["records"] == before["events"]["records"] + 2
    assert after["events"]["errors"] == before["events"]["errors"] + 1
    assert after["server"]["ingested"] == before["server"]["ingested"] + 2
    assert after["ring"]["next_seq"] == before["ring"]["next_seq"] + 2


def test_the_dashboard_has_its_numbers(start: Callable[..., Engine]) -> None:
    engine = start("sensors.host.enabled=true", "sensors.host.interval_s=0.5")
    keys = {"tokens", "connections", "queries_per_hour", "events_per_sec", "avg_latency_us"}
    of_host = {"cpu_percent", "memory_percent", "disk_percent"}
    browser = {"Accept": "application/json, text/plain, */*"}
    with engine.admin() as client:

        def numbers() -> dict[str, float]:
            return dict(client.get("/api/v1/metrics", headers=browser).json())

        until(lambda: keys | of_host <= numbers().keys())
        assert all(isinstance(value, (int, float)) for value in numbers().values())
        assert numbers()["tokens"] > 0 and 0 <= numbers()["memory_percent"] <= 100
    with start().admin() as quiet:
        until(lambda: quiet.get("/health/ready").status_code == 200)
        assert of_host.isdisjoint(quiet.get("/metrics", headers=browser).json())


@pytest.mark.parametrize(
    ("verb", "path", "headers", "body", "status", "code", "words"),
    [
        ("GET", "/api/v1/nothing", {}, b"", 404, "NOT_FOUND", "/api/v1/nothing"),
        ("GET", "/api/v1/tokens", {}, b"", 404, "NOT_FOUND", "/api/v1/tokens"),
        ("GET", "/api/v1/tokens?limit=10&offset=0", {}, b"", 404, "NOT_FOUND", "/api/v1/tokens"),
        ("POST", "/api/v1/tokens", JSON, b'{"text":"a","metadata":null}', 404, "NOT_FOUND", "/api/v1/tokens"),
        ("POST", "/api/v1/tokens/query", JSON, b"{}", 404, "NOT_FOUND", "/api/v1/tokens/query"),
        ("DELETE", "/tokens/7", {}, b"", 404, "NOT_FOUND", "/tokens/7"),
        ("PATCH", "/api/v1/events", {}, b"", 405, "METHOD_NOT_ALLOWED", "PATCH"),
        ("DELETE", "/api/v1/ingest", {}, b"", 405, "METHOD_NOT_ALLOWED", "DELETE"),
        ("GET", "/api/v1/modules/%ff", {}, b"", 400, "INVALID_INPUT", "UTF-8"),
        ("GET", "/api/v1/modules/none", {}, b"", 404, "NOT_FOUND", "gateway"),
        ("GET", "/api/v1/events/x", {}, b"", 400, "INVALID_INPUT", "x"),
        ("GET", "/api/v1/events/-1", {}, b"", 400, "INVALID_INPUT", "-1"),
        ("GET", "/api/v1/events/18446744073709551616", {}, b"", 400, "INVALID_INPUT", "18446744073709551616"),
        ("GET", "/api/v1/patterns/4294967296", {}, b"", 400, "INVALID_INPUT", "4294967296"),
        ("GET", "/api/v1/events?limit=0", {}, b"", 400, "INVALID_INPUT", "limit"),
        ("GET", "/api/v1/events?limit=1001", {}, b"", 400, "INVALID_INPUT", "limit"),
        ("GET", "/api/v1/events?limit=ten", {}, b"", 400, "INVALID_INPUT", "limit"),
        ("GET", "/api/v1/events?limit=1&limit=2", {}, b"", 400, "INVALID_INPUT", "limit"),
        ("GET", "/api/v1/events?from_seq=-1", {}, b"", 400, "INVALID_INPUT", "from_seq"),
        ("GET", "/api/v1/events?order=up", {}, b"", 400, "INVALID_INPUT", "order"),
        ("GET", "/api/v1/events?filter=level%3E%3Dloud", {}, b"", 400, "INVALID_INPUT", "filter"),
        ("GET", "/api/v1/events/1?neighbours=101", {}, b"", 400, "INVALID_INPUT", "neighbours"),
        ("PUT", "/api/v1/modules/gateway/enabled", {}, b'{"enabled":true}', 415, "UNSUPPORTED_MEDIA_TYPE", "json"),
        ("PUT", "/api/v1/modules/gateway/enabled", TEXT, b"{}", 415, "UNSUPPORTED_MEDIA_TYPE", "json"),
        ("PUT", "/api/v1/modules/gateway/enabled", JSON, b"", 400, "INVALID_INPUT", "line 1"),
        ("PUT", "/api/v1/modules/gateway/enabled", JSON, b'{"enabled":1}', 400, "INVALID_INPUT", "line 1 column"),
        ("PUT", "/api/v1/modules/gateway/enabled", JSON, b'{"on":true}', 400, "INVALID_INPUT", "enabled"),
        ("PUT", "/api/v1/modules/guardian/enabled", JSON, b'{"enabled":false}', 409, "CONFLICT", "guardian"),
        ("PUT", "/api/v1/modules/gateway/config", JSON, b'{"config":{"none":1}}', 400, "INVALID_INPUT", "none"),
        ("GET", "/ws", {}, b"", 400, "INVALID_INPUT", "WebSocket"),
    ],
)  # fmt: skip
def test_refusals_have_one_shape(
    client: httpx.Client,
    verb: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    status: int,
    code: str,
    words: str,
) -> None:
    answer = client.request(verb, path, headers=headers | {"X-Correlation-ID": "a-1"}, content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Correlation-ID"] == "a-1"
    told = answer.json()
    assert (told["success"], told["error_code"], told["meta"]["request_id"]) == (False, code, "a-1")
    assert told["error"] == {"code": code, "message": told["message"], "details": told["details"]}
    assert isinstance(told["details"], dict)
    assert told["detail"] == told["message"] and words in told["message"], told["message"]
    assert status != 405 or answer.headers["Allow"]


def test_a_refused_filter_names_the_column(client: httpx.Client) -> None:
    answer = client.get("/api/v1/events", params={"filter": "level:error AND novelty>much"}).json()
    assert answer["details"]["column"] > 12


def test_refusals_are_json_even_for_head(engine: Engine, client: httpx.Client) -> None:
    assert client.head("/api/v1/events?limit=0").status_code == 400
    assert client.head("/health").status_code == 200
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(10)
        plain.connect(str(engine.socket))
        plain.sendall(b"GET /api/v1/events?limit=%ff HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b'"INVALID_INPUT"' in plain.recv(65536)


@pytest.mark.parametrize("head", ["POST /api/v1/ingest", "POST /api/v1/nothing", "PUT /api/v1/modules/gateway/enabled"])
def test_a_refusal_arrives_though_the_body_was_not_wanted(engine: Engine, head: str) -> None:
    """Closing over bytes that come later would destroy the answer."""
    body = b"x" * 2_000_000
    host, port = engine.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        plain.sendall(f"{head} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        for start in range(0, len(body), 100_000):
            plain.sendall(body[start : start + 100_000])
        assert plain.recv(65536).startswith(b"HTTP/1.1 4")


def test_anonymous_reads_metrics_and_status_only(engine: Engine) -> None:
    with httpx.Client(base_url=engine.url) as client:
        for path in ("/status", "/stats", "/metrics", "/api/v1/sources", "/api/v1/openapi.json", "/health/status"):
            assert client.get(path).status_code == 200, path
        for path in ("/api/v1/events", "/api/v1/events/1", "/api/v1/patterns/1", "/api/v1/guardian", "/api/v1/alerts"):
            refusal = client.get(path)
            assert (refusal.status_code, refusal.json()["error_code"]) == (401, "AUTHENTICATION_FAILED"), path
        steer = client.put("/api/v1/guardian/rules/size_limit/mode", json={"mode": "enforce"})
        assert steer.status_code == 401
