"""Every family that Prometheus reads is fed: for each there is something that moves it."""

from __future__ import annotations

import itertools
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import unix_connect

from tests.quiet import QUIET

from .engine import Engine
from .native import Native
from .test_slow_consumer import Reluctant
from .waiting import until

SETTINGS = (
    "ring.capacity=2000000",
    "alerts.zebra='when zebra then notify'",
    "alerts.okapi='when okapi then notify'",
    "alerts.quagga='when quagga unless zebra fires then notify'",
    "modules.intuition_engine.warm_up=0",
    "modules.intuition_engine.alert_threshold=2.0",
    "modules.signal_system.queue_capacity=256",
    "server.connections_per_address=8",
    "server.behind_soft_bytes=65536",
    "server.behind_hard_bytes=1048576",
)

SAMPLE = re.compile(r"^(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')

Labels = dict[str, str]

NUMBERS = itertools.count()


class Rig:
    """An engine, and what a test does to it; everything that is held open is closed at the end."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.held = ExitStack()
        self.http = self.held.enter_context(engine.admin())

    def text(self) -> str:
        """What Prometheus reads."""
        return self.http.get("/metrics").text

    def value(self, name: str, labels: Labels) -> float | None:
        """The sum of the samples with these labels; None without one."""
        found = [
            float(match["value"])
            for line in self.text().splitlines()
            if (match := SAMPLE.match(line)) and match["name"] == name
            if labels.items() <= dict(LABEL.findall(match["labels"] or "")).items()
        ]
        return sum(found) if found else None

    def send(self, *lines: str, source: str = "rig", expect: int = 200) -> None:
        """Sends lines of text."""
        body, query = "\n".join(lines).encode(), {"source": source}
        headers = {"Content-Type": "text/plain"}
        answer = self.http.post("/api/v1/ingest", content=body, headers=headers, params=query)
        assert answer.status_code == expect, answer.text

    def new(self) -> str:
        """A line unlike all before."""
        word = "".join(chr(ord("a") + int(digit)) for digit in str(next(NUMBERS)))
        return " ".join(f"{word}{letter}" for letter in "qrstuvwxyz")

    def put(self, path: str, **body: object) -> None:
        """Changes something."""
        assert self.http.put(f"/api/v1/{path}", json=body).status_code == 200

    def while_off(self, module: str, action: Callable[[], None]) -> None:
        """Does something while a module is switched off."""
        self.put(f"modules/{module}/enabled", enabled=False)
        try:
            action()
        finally:
            self.put(f"modules/{module}/enabled", enabled=True)

    def native(self) -> Native:
        """A client that reads records of its own."""
        client = self.held.enter_context(Native(self.engine, filter=f"!never{next(NUMBERS)}"))
        # It leaves without reading what it was sent.
        client.socket.close_timeout = 0.1
        return client

    def connect(self) -> socket.socket:
        """A connection that says nothing."""
        host, port = self.engine.url.removeprefix("http://").split(":")
        return self.held.enter_context(socket.create_connection((host, int(port)), timeout=10))


def send(rig: Rig) -> None:
    rig.send(rig.new())


def long_line(rig: Rig) -> None:
    rig.send("x" * 70_000)


def reject(rig: Rig) -> None:
    rig.put("guardian/rules/size_limit/mode", mode="enforce")
    long_line(rig)
    rig.put("guardian/rules/size_limit/mode", mode="observe")


def refuse(rig: Rig) -> None:
    rig.while_off("gateway", lambda: rig.send("refused", expect=409))


def switch(rig: Rig) -> None:
    rig.held.callback(rig.put, "modules/signal_system/enabled", enabled=True)
    rig.put("modules/signal_system/enabled", enabled=False)


def silence(rig: Rig) -> None:
    asked = {"target": {"filter": {"filter": "cron"}}, "seconds": 60}
    assert rig.http.post("/api/v1/silences", json=asked).status_code == 200


def spike(rig: Rig) -> None:
    rig.send(*(f"load={number % 7}.{number % 10}" for number in range(500)), "load=1e9", *["load=3.1"] * 20)


def ids(rig: Rig) -> None:
    body = b'{"id":"the same"}'
    assert (
        rig.http.post("/api/v1/ingest", content=body, headers={"Content-Type": "application/json"}).status_code == 200
    )


def bad_line(rig: Rig) -> None:
    body, headers = b"{}\n{", {"Content-Type": "application/x-ndjson"}
    assert rig.http.post("/api/v1/ingest", content=body, headers=headers).json()["rejected_total"] == 1


def flood(rig: Rig, line: bytes = b"some line of text number %d") -> None:
    lines = b"\n".join(line % number for number in range(20_000))

    def one(_: int) -> int:
        with rig.engine.admin() as http:
            headers = {"Content-Type": "text/plain"}
            return http.post("/api/v1/ingest", content=lines, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(one, range(6))) == {200}


def samples(rig: Rig) -> None:
    flood(rig, b"temperature=%d")


def subscribers(rig: Rig) -> None:
    for _ in range(4):
        rig.native()
    rig.send(*(f"burst {number}" for number in range(20_000)))


def read(rig: Rig) -> None:
    rig.native().until("modules")


def subscribe(rig: Rig) -> None:
    rig.native().until("modules")
    rig.send(rig.new())


def bad_message(rig: Rig) -> None:
    client = rig.native()
    client.socket.send("{")
    client.until("error")


def hurry(rig: Rig) -> None:
    with unix_connect(str(rig.engine.socket), uri="ws://localhost/ws", close_timeout=0.1) as seed:
        for _ in range(80):
            seed.send('{"type":"get_subscriptions"}')
        while "retry_after" not in str(seed.recv(10)):
            pass


def not_reading(rig: Rig) -> None:
    client = Reluctant(rig.engine)
    rig.held.callback(client.close)
    rig.send(*("x" * 1000 for _ in range(4000)))


def crowd(rig: Rig) -> None:
    for _ in range(10):
        rig.connect()


def wrong_key(rig: Rig) -> None:
    assert httpx.get(rig.engine.url + "/status", headers={"X-API-Key": "ng_live_no"}).status_code == 401


def half_a_request(rig: Rig) -> None:
    head = "PUT /api/v1/modules/{id}/enabled HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    plain = rig.held.enter_context(socket.socket(socket.AF_UNIX))
    plain.connect(str(rig.engine.socket))
    plain.sendall(f"{head.format(id='grid')}Content-Length: 9\r\n\r\n".encode())


def get(rig: Rig) -> None:
    rig.http.get("/api/v1/alerts")


def nothing(rig: Rig) -> None:
    """Time passes, and the scrape itself takes some."""


ALERTS = {"method": "GET", "path": "/api/v1/alerts"}

ROWS: list[tuple[str, Labels, Callable[[Rig], None]]] = [
    ("neurograph_uptime_seconds", {}, nothing),
    ("neurograph_events_total", {}, send),
    ("neurograph_events_severe_total", {"level": "warn"}, lambda rig: rig.send("WARN careful")),
    ("neurograph_events_severe_total", {"level": "error"}, lambda rig: rig.send("ERROR broken")),
    ("neurograph_events_novel_total", {}, send),
    ("neurograph_events_anomalous_total", {}, spike),
    ("neurograph_events_flagged_total", {}, long_line),
    ("neurograph_events_rejected_total", {}, reject),
    ("neurograph_events_per_second", {}, send),
    ("neurograph_missing_total", {}, refuse),
    ("neurograph_module_enabled", {"module": "signal_system"}, switch),
    ("neurograph_module_operations_total", {"module": "gateway"}, send),
    ("neurograph_module_errors_total", {"module": "gateway"}, refuse),
    ("neurograph_module_latency_seconds", {"module": "gateway", "percentile": "99"}, flood),
    ("neurograph_stage_latency_seconds", {"stage": "total", "percentile": "50"}, flood),
    ("neurograph_tokens_active", {}, send),
    ("neurograph_connections_active", {}, send),
    ("neurograph_guardian_objections_total", {"rule": "size_limit"}, long_line),
    ("neurograph_guardian_rejections_total", {"rule": "size_limit"}, reject),
    ("neurograph_alert_rule_fired_total", {"rule": "zebra"}, lambda rig: rig.send("a zebra")),
    ("neurograph_alert_rule_firing", {"rule": "okapi"}, lambda rig: rig.send("an okapi")),
    ("neurograph_alert_rule_held_back_total", {"rule": "quagga"}, lambda rig: rig.send("a zebra", "a quagga")),
    ("neurograph_silences", {}, silence),
    ("neurograph_signals_delivered_total", {}, subscribe),
    ("neurograph_signals_dropped_total", {}, subscribers),
    ("neurograph_queue_length", {"queue": "intake batches"}, flood),
    ("neurograph_ring_records", {}, send),
    ("neurograph_ring_bytes", {}, flood),
    ("neurograph_ring_samples", {}, samples),
    ("neurograph_history_events", {}, send),
    ("neurograph_history_bytes", {}, flood),
    ("neurograph_history_commit_seconds", {"percentile": "50"}, send),
    ("neurograph_ring_samples_thinned_total", {}, samples),
    ("neurograph_source_readings_total", {"sensor": "http", "source": "http:rig"}, send),
    ("neurograph_source_refused_total", {"sensor": "http", "source": "http:rig"}, refuse),
    ("neurograph_ingest_accepted_total", {}, send),
    ("neurograph_ingest_duplicates_total", {}, ids),
    ("neurograph_ingest_refused_total", {}, bad_line),
    ("neurograph_listener_accepted_total", {}, read),
    ("neurograph_listener_turned_away_total", {}, crowd),
    ("neurograph_auth_bad_credentials_total", {}, wrong_key),
    ("neurograph_ws_connections_active", {}, read),
    ("neurograph_ws_connections_total", {}, read),
    ("neurograph_ws_messages_sent_total", {}, read),
    ("neurograph_ws_messages_received_total", {}, read),
    ("neurograph_ws_sent_bytes_total", {}, read),
    ("neurograph_ws_received_bytes_total", {}, read),
    ("neurograph_ws_errors_total", {}, bad_message),
    ("neurograph_ws_rate_limited_total", {}, hurry),
    ("neurograph_ws_slow_consumers_total", {}, not_reading),
    ("neurograph_feeds_active", {}, subscribe),
    ("neurograph_feed_bytes", {}, not_reading),
    ("neurograph_feed_records_total", {}, subscribe),
    ("process_resident_memory_bytes", {}, flood),
    ("process_open_fds", {}, read),
    ("process_cpu_seconds_total", {}, nothing),
    ("neurograph_http_requests_total", {**ALERTS, "status_code": "200"}, get),
    ("neurograph_http_request_duration_seconds_count", ALERTS, get),
    ("neurograph_http_requests_in_progress", {"method": "PUT"}, half_a_request),
]
"""A sample, and what must change it."""

ELSEWHERE = {
    "neurograph_ring_capacity_records",
    "neurograph_source_lost_total",
    "neurograph_incidents_total",
    "neurograph_incidents_open",
    "neurograph_history_behind_events",
    "neurograph_history_lost_events_total",
    "neurograph_history_unreadable_events",
    "neurograph_history_in_trouble",
}
"""Families that only another engine moves."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    one = Engine(tmp_path_factory.mktemp("engine"), *QUIET, *SETTINGS)
    yield one
    one.stop()


@pytest.fixture
def rig(shared: Engine) -> Iterator[Rig]:
    made = Rig(shared)
    with made.held:
        yield made


@pytest.mark.parametrize(
    ("name", "labels", "action"), ROWS, ids=[f"{row[0]}-{number}" for number, row in enumerate(ROWS)]
)
def test_every_family_moves(rig: Rig, name: str, labels: Labels, action: Callable[[Rig], None]) -> None:
    before = rig.value(name, labels)
    assert labels or before is not None
    seen: list[float | None] = []

    def moved() -> bool:
        action(rig)
        # The views come once a second.
        for _ in range(6):
            seen.append(rig.value(name, labels))
            if seen[-1] != before:
                return True
            pause(rig)
        return False

    until(moved, 60)
    if name.endswith("_total"):
        assert (seen[-1] or 0) > (before or 0)


def pause(rig: Rig) -> None:
    """Waits for the next views, a quarter of a second at most."""
    start = rig.value("neurograph_uptime_seconds", {}) or 0
    until(lambda: (rig.value("neurograph_uptime_seconds", {}) or 0) > start + 0.25)


def test_every_family_is_in_the_table(shared: Engine) -> None:
    with shared.admin() as http:
        told = set(re.findall(r"^# TYPE (\S+)", http.get("/metrics").text, re.MULTILINE))
    assert told == {name.removesuffix("_count") for name, _, _ in ROWS} | ELSEWHERE


def test_the_capacity_of_the_ring_is_that_of_the_settings(start: Callable[..., Engine]) -> None:
    for capacity in (2048, 4096):
        engine = start(f"ring.capacity={capacity}")
        with engine.admin() as http:
            assert f"neurograph_ring_capacity_records {capacity}" in http.get("/metrics").text
        engine.stop()


def test_a_heartbeat_that_found_no_room_is_lost(start: Callable[..., Engine], tmp_path: Path) -> None:
    log = tmp_path / "busy.log"
    log.write_bytes(b"".join(b"a line of a busy log, number %d\n" % number for number in range(400_000)))
    files = ("sensors.files.enabled=true", f'sensors.files.paths=["{log}"]', "sensors.files.from=beginning")
    engine = start(*files, "sensors.heartbeat.enabled=true", "sensors.heartbeat.interval_s=0.1")
    with engine.admin() as http:
        lost = re.compile(r'^neurograph_source_lost_total\{source="heartbeat",sensor="heartbeat"\} [1-9]', re.MULTILINE)
        until(lambda: lost.search(http.get("/metrics").text), 60)
    engine.kill()


def test_the_text_is_as_prometheus_wants_it(shared: Engine) -> None:
    with shared.admin() as http:
        http.get("/api/v1/nothing")
        http.post("/api/v1/ingest?source=a/b", content=b"x", headers={"Content-Type": "text/plain"})
        answer = http.get("/api/v1/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", answer.text, re.MULTILINE))
    helps = re.findall(r"^# HELP (\S+) (.*\.)$", answer.text, re.MULTILINE)
    assert len(types) == len(helps) == len(set(helps)) == answer.text.count("# TYPE ")
    for name, kind in types.items():
        assert (kind == "counter") == name.endswith("_total"), name
        assert not name.endswith(("_count", "_sum", "_bucket")), name
    samples = [line.rsplit(" ", 1)[0] for line in answer.text.splitlines() if not line.startswith("#")]
    assert len(samples) == len(set(samples))
    assert 'neurograph_http_requests_total{method="GET",path="unmatched",status_code="404"}' in samples
    if promtool := shutil.which("promtool"):
        checked = subprocess.run([promtool, "check", "metrics"], input=answer.text, capture_output=True, text=True)
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_openmetrics_for_who_asks(shared: Engine) -> None:
    asked = {"Accept": "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.3"}
    with shared.admin() as http:
        answer = http.get("/metrics", headers=asked)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")
    assert "# TYPE neurograph_events counter\nneurograph_events_total " in answer.text
