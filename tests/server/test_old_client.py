"""Clients as the seed published them: they read exactly one frame where they expect one, and never look back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect, unix_connect

from tests.quiet import QUIET

from .engine import Engine
from .seed import followed, write


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Path]]:
    """An engine where this user is admin over the Unix socket, and a file that it follows."""
    folder = tmp_path_factory.mktemp("old")
    path, settings = followed(folder)
    engine = Engine(folder, *QUIET, *settings)
    yield engine, path
    engine.stop()


async def open_as(engine: Engine, role: str) -> ClientConnection:
    """A connection with the defaults of the library: compression is offered, control pings are sent."""
    if role == "anonymous":
        return await connect(engine.ws)
    return await unix_connect(str(engine.socket), uri="ws://localhost/ws")


class OldClient:
    """Takes the first frame for `connected`, the next one for the answer to its subscription, the rest for events."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def begin(self, *channels: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Connects and subscribes; every key that these clients read without asking must be there."""
        connected = json.loads(await self.socket.recv())
        assert connected["type"] == "connected"
        assert isinstance(connected["client_id"], str) and isinstance(connected["timestamp"], str)
        await self.socket.send(json.dumps({"type": "subscribe", "channels": list(channels)}))
        return connected, json.loads(await self.socket.recv())

    async def event(self) -> dict[str, Any]:
        """The next frame that goes to a handler: those with a known `type` do not."""
        while True:
            frame: dict[str, Any] = json.loads(await self.socket.recv())
            if frame.get("type") not in ("pong", "error", "subscribed", "unsubscribed") and "channel" in frame:
                # What the published handlers do with it.
                assert isinstance(frame["event_type"], str)
                for key, _ in frame["data"].items():
                    assert isinstance(key, str)
                return frame


async def test_metrics_reach_a_client_without_credentials(served: tuple[Engine, Path]) -> None:
    client = OldClient(await open_as(served[0], "anonymous"))
    _, subscribed = await client.begin("metrics")
    assert subscribed["type"] == "subscribed"
    assert ", ".join(subscribed["channels"]) == "metrics"
    for _ in range(2):
        event = await client.event()
        assert (event["channel"], event["event_type"]) == ("metrics", "system_metrics")
        for key in ("events_per_sec", "total_tokens", "total_connections", "total_channels", "total_subscriptions"):
            assert isinstance(event["data"][key], int | float), key
    await client.socket.close()


async def test_signals_reach_a_client_in_their_order(served: tuple[Engine, Path]) -> None:
    engine, path = served
    client = OldClient(await open_as(engine, "admin"))
    _, subscribed = await client.begin("signals", "logs")
    assert (subscribed["type"], subscribed["channels"]) == ("subscribed", ["signals", "logs"])
    write(path, *[f"WARN fan {number} stopped" for number in range(50)])
    events = [await client.event() for _ in range(50)]
    assert [event["data"]["text"] for event in events] == [f"fan {number} stopped" for number in range(50)]
    for event in events:
        data = event["data"]
        assert event["event_type"] == data["event_type"] == "log.text"
        assert isinstance(data["event_id"], str) and isinstance(data["is_novel"], bool)
        assert 160 <= data["priority"] <= 175
        assert data["resonance_score"] is None or 0 <= data["resonance_score"] <= 1
        assert 0 <= data["neighbors_count"] <= 5
    assert events[0]["data"]["is_novel"] and not events[-1]["data"]["is_novel"]
    assert any(event["data"]["neighbors_count"] > 0 for event in events)
    await client.socket.close()


async def test_the_answer_to_a_subscription_is_the_next_frame_however_busy_the_engine_is(
    served: tuple[Engine, Path],
) -> None:
    engine, path = served
    write(path, *[f"line {number}" for number in range(4000)])
    for _ in range(20):
        client = OldClient(await open_as(engine, "admin"))
        _, answer = await client.begin("status", "signals", "metrics", "logs")
        assert answer["type"] == "subscribed"
        await client.socket.close()


async def test_a_client_that_hears_nothing_after_a_refusal_still_goes_on(served: tuple[Engine, Path]) -> None:
    client = OldClient(await open_as(served[0], "anonymous"))
    _, answer = await client.begin("connections")
    assert (answer["type"], answer["code"]) == ("error", "FORBIDDEN")
    assert isinstance(answer["message"], str)
    await client.socket.send(json.dumps({"type": "ping"}))
    assert json.loads(await client.socket.recv())["type"] == "pong"
    await client.socket.send(json.dumps({"type": "get_subscriptions"}))
    assert json.loads(await client.socket.recv()) | {"timestamp": ""} == {
        "type": "subscriptions",
        "channels": [],
        "timestamp": "",
    }
    await client.socket.close()
