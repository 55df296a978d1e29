"""What those who are slow, unfinished or unknown hold is bounded, and leaves room for others."""

from __future__ import annotations

import base64
import resource
import select
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from websockets.sync.client import connect

from tests.wire.rawsocket import CONTINUATION, PING, TEXT, frame

from .accounts import login
from .engine import Engine
from .hostile import answer, closed, descriptors, head, over_tcp, over_unix, refusal, sent
from .memory import peak, rss
from .waiting import until

MIB = 1 << 20
STATUS = "/api/v1/status"
KEY = base64.b64encode(b"sixteen bytes 16").decode()
UPGRADE = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13")


def websocket(line: socket.socket) -> socket.socket:
    """The same connection after its handshake."""
    line.sendall(head("/ws", *UPGRADE, verb="GET"))
    got = b""
    while b"\r\n\r\n" not in got:
        part = line.recv(1)
        assert part, got
        got += part
    assert got.startswith(b"HTTP/1.1 101"), got
    return line


def end_of(line: socket.socket) -> bytes:
    """All that comes until the other end closes."""
    got = b""
    try:
        while part := line.recv(65536):
            got += part
    except ConnectionError:
        pass
    return got


@pytest.mark.measures
def test_unfinished_messages_are_held_within_the_budget(start: Callable[..., Engine]) -> None:
    engine = start()
    pid, before = engine.process.pid, rss(engine.process.pid)
    fragments = frame(TEXT, b"x" * 250_000, fin=False) + frame(PING, b"?")
    fragments += (frame(CONTINUATION, b"x" * 250_000, fin=False) + frame(PING, b"?")) * 3
    with ExitStack() as stack:
        held = [websocket(stack.enter_context(over_tcp(engine))) for _ in range(40)]
        for line in held:
            sent(line, fragments)

        def ended() -> list[socket.socket]:
            """Those that the engine has closed: their next byte but what it had to say is the end."""
            ready: list[socket.socket] = []
            for line in select.select(held, [], [], 0)[0]:
                said = line.recv(1 << 16, socket.MSG_PEEK)
                if b"NO_ROOM" in said:
                    ready.append(line)
            return ready if len(ready) >= 36 else []

        for line in until(ended, 30):
            assert b"\x03\xf5NO_ROOM" in end_of(line), "1013"
        assert rss(pid) - before < 32 * MIB
    until(lambda: rss(pid) - before < 32 * MIB, 30)
    with connect(engine.ws) as client:
        # There is room again, and whole messages give theirs back.
        for _ in range(20):
            client.send(["x" * 200_000] * 4)
            while "error" not in str(client.recv(timeout=10)):
                pass


def test_strangers_leave_places_of_an_address_to_others(start: Callable[..., Engine]) -> None:
    engine = start("server.connections_per_address=8")
    token = login_of_admin(engine)
    what = "the engine has no place for another request without credentials"
    limit = "(limit 6, a quarter of server.connections_per_address is kept)"
    with ExitStack() as stack:
        strangers = [websocket(stack.enter_context(over_tcp(engine))) for _ in range(6)]
        for fields in ((), UPGRADE):
            with over_tcp(engine) as late:
                late.sendall(head("/ws" if fields else STATUS, *fields, verb="GET"))
                assert refusal(late) == (503, f"{what} {limit}")
                assert closed(late)
        with over_tcp(engine) as line:
            line.sendall(head("/health/live", verb="GET"))
            assert answer(line)[0] == 200
        with over_tcp(engine) as line:
            line.sendall(head(STATUS, f"Authorization: Bearer {token}", verb="GET"))
            assert answer(line)[0] == 200
        with connect(engine.ws, additional_headers={"Authorization": f"Bearer {token}"}) as known:
            assert '"connected"' in str(known.recv(timeout=10))
        login_of_admin(engine)
        strangers.pop().close()

        def again() -> bool:
            with over_tcp(engine) as line:
                line.sendall(head(STATUS, verb="GET"))
                return answer(line)[0] == 200

        until(again)


def login_of_admin(engine: Engine) -> str:
    """A token of the user that the first start has made."""
    line = next(line for line in engine.said if line.startswith("first start"))
    password = line.partition("has the password ")[2].partition(",")[0]
    return str(login(engine, "admin", password)["access_token"])


def answered(lines: list[socket.socket]) -> list[socket.socket]:
    """All of them when the engine has said something to each; none before."""
    ready: list[socket.socket] = select.select(lines, [], [], 0)[0]
    return ready if len(ready) == len(lines) else []


@pytest.mark.measures
def test_answers_are_held_within_one_budget_and_given_back(start: Callable[..., Engine]) -> None:
    engine = start(f"server.answers_bytes={32 * MIB}", "ring.capacity=10000")
    with engine.admin() as http:
        for _ in range(8):
            assert http.post("/api/v1/ingest", json=[{"message": "x" * 30_000}] * 100).json()["accepted"] == 100
        asked = head("/api/v1/events?limit=1000", verb="GET")
        assert len(http.get("/api/v1/events?limit=1000").content) > 3 * MIB
    pid, before = engine.process.pid, rss(engine.process.pid)
    with ExitStack() as stack:
        held = [stack.enter_context(over_unix(engine)) for _ in range(40)]
        for line in held:
            line.sendall(asked)
        ready: list[socket.socket] = until(lambda: answered(held), 60)
        refused = [line for line in ready if b" 503 " in line.recv(16, socket.MSG_PEEK)]
        assert 30 <= len(refused) < 40, "about eight of them fit"
        what = f"the engine has no room for another answer now (limit {32 * MIB} bytes: server.answers_bytes)"
        assert {refusal(line) for line in refused} == {(503, what)}
        # What is held, and two that are being written.
        assert peak(pid) - before < 256 * MIB
        until(lambda: rss(pid) - before < 64 * MIB, 30)
        with engine.admin() as http:
            assert http.get("/health").status_code == 200
            assert http.get("/api/v1/events?limit=1").status_code == 200
    until(lambda: rss(pid) - before < 32 * MIB, 30)
    with engine.admin() as http:
        assert http.get("/api/v1/events?limit=1000").status_code == 200


def test_an_answer_that_is_taken_too_slowly_ends_its_connection(start: Callable[..., Engine]) -> None:
    engine = start("server.answer_wait_s=1", f"server.body_least_rate={100 * MIB}")
    with engine.admin() as http:
        for _ in range(3):
            assert http.post("/api/v1/ingest", json=[{"message": "x" * 30_000}] * 100).json()["accepted"] == 100
    with over_unix(engine) as line:
        line.sendall(head("/api/v1/events?limit=1000", verb="GET") * 10)
        taken, begun = 0, time.monotonic()
        while time.monotonic() - begun < 20:
            # Something in each tenth of the wait, and never a tenth of the rate.
            time.sleep(0.1)
            try:
                if not (part := line.recv(256 << 10)):
                    break
            except ConnectionError:
                break
            taken += len(part)
        else:
            pytest.fail(f"still open after {taken} bytes")


@pytest.mark.measures
def test_a_body_in_small_pieces_takes_no_more_than_it_counts(start: Callable[..., Engine]) -> None:
    engine = start("server.body_wait_s=60")
    pid, before = engine.process.pid, rss(engine.process.pid)
    with ExitStack() as stack:
        for path in ("/api/v1/api-keys", "/api/v1/auth/change-password", "/api/v1/websocket/broadcast"):
            for _ in range(4):
                line = stack.enter_context(over_unix(engine))
                line.sendall(head(path, "Transfer-Encoding: chunked") + b"1\r\n \r\n" * 200_000)
        # All that was sent has been taken when the next request is answered and nothing is used any more.
        until(lambda: idle(engine), 120)
        assert rss(pid) - before < 32 * MIB


def idle(engine: Engine) -> bool:
    """The engine has used less than a tenth of a processor for half a second."""

    def used() -> float:
        with open(f"/proc/{engine.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    before = used()
    time.sleep(0.5)
    return used() - before < 0.05


def test_the_socket_has_its_descriptors_whatever_comes_over_tcp(start: Callable[..., Engine]) -> None:
    settings = ("server.connections_per_address=2000", "server.handshakes=2000", "server.body_wait_s=60")
    with ExitStack() as stack:
        stack.enter_context(descriptors(4096))
        engine = start(*settings, files=(300, 600))
        limits = resource.prlimit(engine.process.pid, resource.RLIMIT_NOFILE)
        assert engine.process.stderr is not None
        told = engine.process.stderr.readline().decode()
        assert told.startswith("server.connections is 1024, but with 600 descriptors there is room for "), told
        held = []
        for _ in range(700):
            held.append(stack.enter_context(over_tcp(engine)))
            sent(held[-1], head("/api/v1/auth/login", "Content-Length: 4000") + b"{")
        owners = [stack.enter_context(over_unix(engine)) for _ in range(200)]
        for owner in owners:
            owner.sendall(head("/api/v1/modules", verb="GET"))
            assert answer(owner)[0] == 200
        assert limits == (600, 600)
