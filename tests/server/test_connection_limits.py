"""Connections have places, those of the Unix socket are its own, and who has none is told why (S01)."""

from __future__ import annotations

import select
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import pytest

from ng_tui.client import NeuroGraphClient
from ng_tui.errors import ConsoleError

from .engine import Engine
from .hostile import LOGIN, answer, closed, descriptors, head, open_connections, over_tcp, over_unix, refusal, sent
from .memory import rss
from .waiting import until

BEGUN = head(LOGIN, "Content-Length: 4000") + b"{"
"""A request whose body never comes."""
WAIT = 6
"""Seconds that the tests give a body."""
MANY = (
    f"server.body_wait_s={WAIT}",
    "server.connections_per_address=2000",
    "server.handshakes=2000",
)


def test_who_holds_all_of_tcp_does_not_keep_the_owner_out(start: Callable[..., Engine]) -> None:
    with ExitStack() as stack:
        stack.enter_context(descriptors(4096))
        engine = start(*MANY)
        before, begun = rss(engine.process.pid), time.monotonic()
        held = []
        for number in range(1024):
            held.append(stack.enter_context(over_tcp(engine, f"127.0.0.{30 + number % 17}")))
            held[-1].sendall(BEGUN)
        with over_tcp(engine) as late:
            assert refusal(late) == (
                503,
                "the engine has no place for another connection (limit 1024: server.connections)",
            )
            assert closed(late)
        assert time.monotonic() - begun < WAIT, "the places have to be held while this looks"
        for path in ("/api/v1/modules", "/health", "/api/v1/events?limit=1"):
            with engine.admin() as owner:
                asked = time.monotonic()
                assert owner.get(path).status_code == 200
                assert time.monotonic() - asked < 1, path
        with engine.admin() as owner:
            assert owner.post("/api/v1/ingest", json={"message": "hello"}).json()["accepted"] == 1
        for line in held:
            assert refusal(line)[0] == 408
            assert closed(line)
        assert time.monotonic() - begun < 4 * WAIT
        with over_tcp(engine, "127.0.0.30") as again:
            again.sendall(head("/health/live", verb="GET"))
            assert answer(again)[0] == 200
        until(lambda: rss(engine.process.pid) - before < 32 << 20, 30)


def test_tcp_has_places_when_the_socket_has_none(start: Callable[..., Engine]) -> None:
    engine = start("server.socket_connections=3")
    with ExitStack() as stack:

        def begin() -> None:
            line = stack.enter_context(over_unix(engine))
            line.sendall(head("/health/live", verb="GET"))
            assert answer(line)[0] == 200

        # The client that asked whether the engine is ready may not be gone yet.
        until(lambda: open_connections(engine) == 0)
        for _ in range(3):
            begin()
        with over_unix(engine) as late:
            assert refusal(late) == (
                503,
                "the engine has no place for another connection (limit 3: server.socket_connections)",
            )
        with over_tcp(engine) as line:
            line.sendall(head("/health/live", verb="GET"))
            assert answer(line)[0] == 200


def test_loopback_is_one_address(start: Callable[..., Engine]) -> None:
    engine = start("server.connections_per_address=4")
    with ExitStack() as stack:
        for last in range(4):
            line = stack.enter_context(over_tcp(engine, f"127.0.{last}.9"))
            line.sendall(head("/health/live", verb="GET"))
            assert answer(line)[0] == 200
        with over_tcp(engine, "127.9.9.9") as late:
            sent(late, head("/health/live", verb="GET"))
            what = "the engine has no place for another connection (limit 4: server.connections_per_address)"
            assert refusal(late) == (503, what)


def test_connections_without_a_request_are_told_their_limit(start: Callable[..., Engine]) -> None:
    engine = start("server.handshakes=5")
    with ExitStack() as stack:
        silent = [stack.enter_context(over_tcp(engine)) for _ in range(6)]
        told = until(lambda: select.select(silent, [], [], 0)[0])
        what = "the engine has no place for another connection (limit 5: server.handshakes)"
        assert [refusal(line) for line in told] == [(503, what)]
        with engine.admin() as owner:
            assert owner.get("/health").status_code == 200


async def modules(engine: Engine) -> None:
    """Asks over HTTP."""
    async with NeuroGraphClient(engine.url) as client:
        await client.modules.list()


async def events(engine: Engine) -> None:
    """Asks over the WebSocket."""
    async with NeuroGraphClient(engine.url) as client:
        await anext(aiter(client.events()))


@pytest.mark.parametrize("ask", [modules, events])
async def test_our_clients_name_the_limit(
    start: Callable[..., Engine], ask: Callable[[Engine], Awaitable[None]]
) -> None:
    engine = start("server.connections_per_address=1")
    with over_tcp(engine) as held:
        held.sendall(head("/health/live", verb="GET"))
        assert answer(held)[0] == 200
        with pytest.raises(ConsoleError) as refused:
            await ask(engine)
        assert "no place for another connection (limit 1: server.connections_per_address)" in str(refused.value)
