"""A client of the seed's dialect that shows every frame, and a file that an engine follows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.sync.client import ClientConnection, connect, unix_connect

from .engine import Engine

PATIENCE = 15
"""Seconds after which something that was to come is missing."""


def followed(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """A file and the settings with which an engine makes an event of each of its lines."""
    path = folder / "events.log"
    path.write_text("")
    return path, ("sensors.files.enabled=true", f'sensors.files.paths=["{path}"]')


def write(path: Path, *lines: str) -> None:
    """Adds lines to a followed file."""
    with path.open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


def until(holds: Callable[[], bool]) -> None:
    """Looks again and again until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def running(engine: Engine) -> Engine:
    """The engine, when it has told its views for the first time."""
    until(lambda: httpx.get(f"{engine.url}/health/ready").status_code == 200)
    return engine


class Seed:
    """One connection: over the Unix socket, where this user is admin, or over TCP without credentials."""

    def __init__(self, engine: Engine, *, admin: bool = True, query: str = "", **more: Any) -> None:
        self._open = ExitStack()
        options: dict[str, Any] = {"compression": None, "ping_interval": None, **more}
        opening = (
            unix_connect(str(engine.socket), uri=f"ws://localhost/ws{query}", **options)
            if admin
            else connect(engine.ws + query, **options)
        )
        self.socket: ClientConnection = self._open.enter_context(opening)

    def send(self, message: object) -> None:
        """Sends one object as text."""
        self.socket.send(json.dumps(message))

    def frame(self, timeout: float = PATIENCE) -> dict[str, Any]:
        """The next frame. Raises TimeoutError, or ConnectionClosed."""
        frame: dict[str, Any] = json.loads(self.socket.recv(timeout))
        return frame

    def ask(self, message: object) -> dict[str, Any]:
        """The next frame after a request; events that were under way are passed over."""
        self.send(message)
        while "channel" in (frame := self.frame()) and "code" not in frame:
            pass
        return frame

    def subscribe(self, *channels: str) -> dict[str, Any]:
        """Subscribes, and returns the answer."""
        return self.ask({"type": "subscribe", "channels": channels})

    def event(self, channel: str, event_type: str | None = None) -> dict[str, Any]:
        """The next event of a channel; others are passed over."""
        while True:
            frame = self.frame()
            if frame.get("channel") == channel and event_type in (None, frame["event_type"]):
                return frame

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._open.close()
