"""A connection that ends while it is being made leaves no socket behind: cut at every stage, out of time, cancelled."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from ng_tui.client import rest as rest_module
from ng_tui.client import session as session_module
from ng_tui.client.address import Address, resolve
from ng_tui.client.answers import Health
from ng_tui.client.failures import ConnectionFailed
from ng_tui.client.listener import Listener
from ng_tui.client.reach import reach
from ng_tui.client.rest import rest
from ng_tui.client.session import PROTO, session
from ng_tui.client.wire import Hello

from .staged import Stage, Staged, certificate

Attempt = Callable[[Address], Coroutine[Any, Any, None]]
Serve = Callable[[Stage, bool], tuple[Staged, Address]]


async def hear(address: Address) -> None:
    """A WebSocket and its greetings."""
    async with reach(address) as way, session(way, Hello(PROTO)):
        pass


async def ask(address: Address) -> None:
    """A request."""
    async with reach(address) as way, rest(way) as http:
        await http.get("/api/v1/health", Health)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(params=["tcp", "tls", "unix"])
def serve(request: pytest.FixtureRequest, tmp_path: Path, pem: Path) -> Iterator[Serve]:
    """Starts servers on one kind of socket, and ends them after the test."""
    started: list[Staged] = []

    def start(stage: Stage, cuts: bool) -> tuple[Staged, Address]:
        kind = request.param
        path = tmp_path / f"{len(started)}.sock" if kind == "unix" else None
        started.append(Staged(stage, cuts=cuts, path=path, tls=pem if kind == "tls" else None))
        url = started[-1].url
        return started[-1], resolve("it", {"it": {"url": url} | ({"ca_file": str(pem)} if kind == "tls" else {})})

    yield start
    for one in started:
        one.close()


def left_open(work: Coroutine[Any, Any, None]) -> list[str]:
    """What was not closed when this was over, and its loop with it."""
    # What other tests have left is not looked at again and again.
    gc.freeze()
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", ResourceWarning)
            asyncio.run(work)
            gc.collect()
    finally:
        gc.unfreeze()
    return [str(one.message) for one in said]


@pytest.mark.parametrize("attempt", [hear, ask])
@pytest.mark.parametrize("stage", Stage)
def test_cut(serve: Serve, stage: Stage, attempt: Attempt) -> None:
    _, address = serve(stage, True)

    async def work() -> None:
        for _ in range(3):
            if attempt is ask and stage is Stage.ANSWERED:
                # The answer counts, whatever becomes of the connection; it may be cut before it is read.
                with suppress(ConnectionFailed):
                    await attempt(address)
                continue
            with pytest.raises(ConnectionFailed):
                await attempt(address)

    assert left_open(work()) == []


@pytest.mark.parametrize("attempt", [hear, ask])
@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.ANSWERED])
def test_out_of_time(serve: Serve, stage: Stage, attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "OPEN_S", 0.1)
    monkeypatch.setattr(rest_module, "TIMEOUT", httpx.Timeout(0.1))
    _, address = serve(stage, False)

    async def work() -> None:
        with pytest.raises(ConnectionFailed):
            await attempt(address)

    assert left_open(work()) == []


@pytest.mark.parametrize("attempt", [hear, ask])
@pytest.mark.parametrize("stage", Stage)
def test_cancelled_at_a_stage(serve: Serve, stage: Stage, attempt: Attempt) -> None:
    server, address = serve(stage, False)

    async def work() -> None:
        task = asyncio.create_task(attempt(address))
        await asyncio.to_thread(server.reached.wait, 10)
        task.cancel()
        with suppress(asyncio.CancelledError, ConnectionFailed):
            await task

    assert left_open(work()) == []


@pytest.mark.parametrize("attempt", [hear, ask])
@pytest.mark.parametrize("times", [1, 2])
def test_cancelled_at_every_step(serve: Serve, attempt: Attempt, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many rounds of the loop, from none until it has answered; the second time while it is being closed."""
    monkeypatch.setattr(session_module, "CLOSE_S", 0.02)
    _, address = serve(Stage.ANSWERED, False)
    found: dict[int, list[str]] = {}

    async def work(steps: int) -> None:
        task = asyncio.create_task(attempt(address))
        for _ in range(steps):
            await asyncio.sleep(0)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        with suppress(asyncio.CancelledError, ConnectionFailed):
            await task

    for steps in range(40):
        if left := left_open(work(steps)):
            found[steps] = left
    assert found == {}


def test_a_listener_that_is_closed_while_it_takes_a_connection(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def work(rounds: int) -> None:
        path = str(tmp_path / f"{rounds}.sock")
        listener = Listener(path, serve)
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(path)
            for _ in range(rounds):
                await asyncio.sleep(0)
            await listener.close()

    assert {rounds: left for rounds in range(8) if (left := left_open(work(rounds)))} == {}
