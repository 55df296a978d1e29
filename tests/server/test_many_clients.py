"""A thousand clients at once, from many addresses: nobody is lost, news reach all, each costs little (T14)."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import msgspec
import pytest
import websockets.asyncio.client as client

from .engine import Engine
from .hostile import answer, head, over_tcp, sent
from .memory import rss

pytestmark = pytest.mark.measures

ADDRESSES = 20
"""Loopback addresses that the clients come from."""
EACH = 50
"""Clients of one address."""
ROUNDS = 3
"""Times that news of the second are awaited by everybody."""


class Metrics(msgspec.Struct):
    """What is read of the view."""

    time_ns: int
    uptime_s: float


class Frame(msgspec.Struct):
    """What is read of a frame."""

    metrics: Metrics | None = None


decode = msgspec.msgpack.Decoder(Frame).decode
HELLO = msgspec.msgpack.encode({"proto": 1, "views_only": True})


async def next_metrics(one: client.ClientConnection, after: float) -> tuple[float, float]:
    """Uptime of the engine in the next metrics beyond `after`, and seconds from their making to their arrival."""
    while True:
        metrics = decode(await one.recv(decode=False)).metrics
        if metrics is not None and metrics.uptime_s > after:
            return metrics.uptime_s, time.time() - metrics.time_ns / 1e9


async def crowd(engine: Engine) -> tuple[float, list[float]]:
    """Bytes for each idle client, and the delays of the news."""
    where, delays = urlsplit(engine.ws), []
    async with AsyncExitStack() as stack:
        before = rss(engine.process.pid)
        clients = []
        for number in range(ADDRESSES * EACH):
            one = await stack.enter_async_context(
                client.connect(
                    engine.ws,
                    subprotocols=["ng.v1.msgpack"],  # type: ignore[list-item]
                    compression=None,
                    open_timeout=30,
                    ping_interval=None,
                    local_addr=(f"127.0.1.{number % ADDRESSES + 1}", 0),
                    host=where.hostname,
                    port=where.port,
                )
            )
            await one.send(HELLO)
            clients.append(one)
        seen = max(uptime for uptime, _ in await asyncio.gather(*(next_metrics(one, 0) for one in clients)))
        idle = (rss(engine.process.pid) - before) / len(clients)
        for _ in range(ROUNDS):
            news = await asyncio.gather(*(next_metrics(one, seen) for one in clients))
            seen = max(uptime for uptime, _ in news)
            delays += [delay for _, delay in news]
        assert all(one.close_code is None for one in clients)
    return idle, delays


def test_a_thousand_clients_hear_the_news_and_cost_little(start: Callable[..., Engine]) -> None:
    engine = start("server.connections=2000", "server.connections_per_address=2000")
    idle, delays = asyncio.run(crowd(engine))
    assert idle <= 16 << 10, f"{idle:.0f} bytes for each idle client"
    assert len(delays) == ADDRESSES * EACH * ROUNDS
    # Half a second is the promise (`bench`); a loaded machine is given more, so that the test tells of faults alone.
    assert sorted(delays)[int(len(delays) * 0.99)] < 2, sorted(delays)[-10:]


def test_who_comes_too_often_is_turned_away_and_others_are_not(start: Callable[..., Engine]) -> None:
    engine = start("server.connections_per_address=3")

    def ask() -> tuple[socket.socket, int]:
        """A connection from this host, and the status of its answer."""
        one = over_tcp(engine, "127.0.0.7")
        sent(one, head("/health/live", verb="GET"))
        return one, answer(one)[0]

    held = [ask() for _ in range(4)]
    assert [status for _, status in held] == [200, 200, 200, 503]
    with engine.admin() as owner:
        assert owner.get("/health/live").status_code == 200
    held.pop(0)[0].close()
    while held[-1][1] != 200:  # the place is free when the server has seen the close
        held.append(ask())
    for one, _ in held:
        one.close()
