"""Bodies come in time, are no longer than they may be, and are held within one budget; answers are taken (S02)."""

from __future__ import annotations

import gzip
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.quiet import QUIET

from .engine import Engine
from .hostile import LOGIN, answer, closed, head, open_connections, over_tcp, over_unix, refusal, sent
from .memory import rss
from .waiting import until

MIB = 1 << 20
INGEST = "/api/v1/ingest"
SLACK = 6
"""Seconds by which a busy machine may be late."""


@pytest.fixture(scope="module")
def brisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that waits for no body longer than a second."""
    settings = ("server.body_wait_s=1", "server.connections_per_address=1000")
    one = Engine(tmp_path_factory.mktemp("brisk"), *QUIET, *settings)
    yield one
    one.stop()


BODIES = [
    ("POST", LOGIN),
    ("POST", "/auth/token"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/logout"),
    ("POST", "/api/v1/auth/change-password"),
    ("POST", "/api/v1/api-keys"),
    ("PUT", "/api/v1/modules/gateway/enabled"),
    ("PUT", "/api/v1/modules/gateway/config"),
    ("POST", INGEST),
]
"""Routes that read a body, each in its own way."""


@pytest.mark.parametrize(("verb", "path"), BODIES)
@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_body_that_does_not_come_is_refused_and_the_connection_closed(
    brisk: Engine, verb: str, path: str, framing: str
) -> None:
    with over_unix(brisk) as line:
        line.sendall(head(path, framing, verb=verb) + (b"{" if "Length" in framing else b"1\r\n{\r\n"))
        begun = time.monotonic()
        status, what = refusal(line)
        assert status == 408 and "server.body_wait_s" in what, what
        assert closed(line)
        assert 0.9 < time.monotonic() - begun < 1 + SLACK


def test_a_trickle_is_refused_and_a_slow_body_is_not(brisk: Engine) -> None:
    whole = b'{"message": "' + b"x" * 6000 + b'"}'
    for step, wanted in ((4, 408), (600, 200)):
        with over_unix(brisk) as line:
            line.sendall(head(INGEST, f"Content-Length: {len(whole)}"))
            line.setblocking(False)
            begun, at, answered = time.monotonic(), 0, b""
            while not answered and time.monotonic() - begun < 15:
                # A piece every fifth of a second: twenty bytes a second, or three thousand.
                if at < len(whole) and sent(line, whole[at : at + step]):
                    at += step
                time.sleep(0.2)
                try:
                    answered = line.recv(4096, socket.MSG_PEEK)
                except BlockingIOError:
                    continue
            line.settimeout(10)
            assert answer(line)[0] == wanted
            if wanted == 200:
                assert time.monotonic() - begun > 1.5, "it took longer than the wait"


def test_a_request_without_use_for_its_body_does_not_hold_its_connection(brisk: Engine) -> None:
    for line in (over_tcp(brisk), over_unix(brisk)):
        with line:
            line.sendall(head("/health", "Content-Length: 100000", verb="GET") + b"x")
            assert answer(line)[0] == 200
            assert closed(line)


@pytest.mark.parametrize("path", [LOGIN, "/auth/token", "/api/v1/auth/refresh"])
def test_what_comes_without_credentials_is_short_and_refused_at_once(brisk: Engine, path: str) -> None:
    for over in (over_tcp, over_unix):
        with over(brisk) as line:
            asked = time.monotonic()
            line.sendall(head(path, "Content-Length: 4097") + b"{")
            assert refusal(line) == (413, "the body is longer than 4096 bytes")
            assert time.monotonic() - asked < 0.9, "before the rest could have been waited for"
        with over(brisk) as line:
            chunk = b"800\r\n" + b" " * 0x800 + b"\r\n"
            line.sendall(head(path, "Transfer-Encoding: chunked") + chunk * 3)
            assert refusal(line) == (413, "the body is longer than 4096 bytes")


def unfinished(kind: str) -> bytes:
    """A request of four megabytes that lacks its end."""
    size = 4 * MIB
    if kind == "chunked":
        return head("{}", "Transfer-Encoding: chunked") + b"%x\r\n" % size + b" " * (size - 2)
    packed = gzip.compress(b"{}" * MIB)
    fields = {"length": (), "gzip": ("Content-Encoding: gzip",)}[kind]
    begin = packed[:-9] if kind == "gzip" else b""
    return head("{}", f"Content-Length: {size}", *fields) + begin + b" " * (size - 2 - len(begin))


@pytest.mark.parametrize("kind", ["length", "chunked", "gzip"])
def test_hundreds_of_long_bodies_without_credentials_cost_nothing(start: Callable[..., Engine], kind: str) -> None:
    engine = start("server.connections_per_address=1000")
    pid, before = engine.process.pid, rss(engine.process.pid)
    request = unfinished(kind).replace(b"{} HTTP", f"{LOGIN} HTTP".encode(), 1)
    with ExitStack() as stack:
        held = []
        for number in range(200):
            held.append(stack.enter_context(over_tcp(engine, f"127.0.0.{70 + number // 60}")))
            sent(held[-1], request)
        assert rss(pid) - before < 32 * MIB
        assert {refusal(line)[0] for line in held} == {413}
    until(lambda: rss(pid) - before < 32 * MIB, 30)


@pytest.mark.parametrize("kind", ["length", "chunked", "gzip"])
def test_bodies_are_held_within_one_budget_and_given_back(start: Callable[..., Engine], kind: str) -> None:
    engine = start(f"server.bodies_bytes={32 * MIB}", "server.body_wait_s=20")
    pid, before = engine.process.pid, rss(engine.process.pid)
    request = unfinished(kind).replace(b"{} HTTP", f"{INGEST} HTTP".encode(), 1)
    with ExitStack() as stack:
        held = []
        for _ in range(60):
            held.append(stack.enter_context(over_unix(engine)))
            sent(held[-1], request)
        refused = until(lambda: told(held, 52), 30)
        assert len(refused) <= 56, "some of those that fit have to be held"
        assert rss(pid) - before < 32 * MIB + 32 * MIB
        for line in refused:
            assert refusal(line) == (
                503,
                f"the engine has no room for another body now (limit {32 * MIB} bytes: server.bodies_bytes)",
            )
    until(lambda: rss(pid) - before < 32 * MIB, 30)
    with engine.admin() as http:
        assert http.post(INGEST, json={"message": "x" * 100_000}).status_code == 200


def told(lines: list[socket.socket], least: int) -> list[socket.socket]:
    """Those to which the engine has said something; none while it is fewer than this."""
    ready: list[socket.socket] = select.select(lines, [], [], 0)[0]
    return ready if len(ready) >= least else []


def test_unpacked_bytes_count_too(start: Callable[..., Engine]) -> None:
    engine = start(f"server.bodies_bytes={8 * MIB}")
    packed = gzip.compress(b"x" * 1000 + (b"y" * 1000 + b"\n") * 15_000)
    with engine.admin() as http:
        refused = http.post(INGEST, content=packed, headers={"Content-Type": "text/plain", "Content-Encoding": "gzip"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert "server.bodies_bytes" in refused.json()["message"]
        assert http.post(INGEST, json={"message": "x"}).status_code == 200


def test_what_strangers_hold_leaves_room_for_others(start: Callable[..., Engine]) -> None:
    engine = start(f"server.bodies_bytes={MIB}", f"server.bodies_bytes_anonymous={64 << 10}", "server.body_wait_s=20")
    with ExitStack() as stack:
        held = [stack.enter_context(over_tcp(engine)) for _ in range(17)]
        for line in held:
            line.sendall(head(LOGIN, "Content-Length: 4096") + b" " * 4000)
        (refused,) = until(lambda: told(held, 1))
        assert refusal(refused)[1].endswith(f"(limit {64 << 10} bytes: server.bodies_bytes_anonymous)")
        with engine.admin() as http:
            assert http.post(INGEST, json={"message": "x" * 200_000}).status_code == 200


def small(engine: Engine) -> socket.socket:
    """A connection over TCP into which little goes that nobody reads."""
    return over_tcp(engine, receive=4096)


@pytest.mark.parametrize("over", [small, over_unix])
def test_an_answer_that_nobody_takes_ends_its_connection(
    start: Callable[..., Engine], over: Callable[[Engine], socket.socket]
) -> None:
    engine = start("server.answer_wait_s=1")
    until(lambda: open_connections(engine) == 0)
    asked = head("/api/v1/openapi.json", verb="GET") * 60
    with over(engine) as line, over(engine) as slow:
        for one in (line, slow):
            one.sendall(asked)
        until(lambda: open_connections(engine) == 2)
        taken = b""

        def cut() -> bool:
            nonlocal taken
            part = slow.recv(4096)
            assert part, "who takes little is waited for"
            taken += part
            return open_connections(engine) == 1

        # Well before the time for the head of the next request is over.
        until(cut, 8)
        while taken.count(b"HTTP/1.1 200") < 60:
            part = slow.recv(1 << 20)
            assert part, "who takes little is waited for"
            taken += part
