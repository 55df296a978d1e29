"""A small client of the engine's own protocol, for tests that want to see every frame."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import msgspec
from websockets.sync.client import ClientConnection, unix_connect
from websockets.typing import Subprotocol

from .engine import Engine

PATIENCE = 10
"""Seconds after which something that was to come is missing."""


class Native:
    """One connection; `json` chooses the encoding, keywords are fields of the hello, `first` is sent in its place."""

    def __init__(self, engine: Engine, *, json: bool = True, first: Any = None, **hello: Any) -> None:
        protocol = "ng.v1.json" if json else "ng.v1.msgpack"
        self._json = json
        self._open = ExitStack()
        opening = unix_connect(
            str(engine.socket),
            uri="ws://localhost/ws",
            subprotocols=[Subprotocol(protocol)],
            compression=None,
            max_size=None,
        )
        self.socket: ClientConnection = self._open.enter_context(opening)
        self.send(first if first is not None else {"proto": 1, **hello})

    def send(self, message: object) -> None:
        """Sends one message."""
        self.socket.send(msgspec.json.encode(message).decode() if self._json else msgspec.msgpack.encode(message))

    def frame(self, timeout: float = PATIENCE) -> dict[str, Any]:
        """The next frame. Raises TimeoutError, or ConnectionClosed."""
        data = self.socket.recv(timeout)
        if self._json:
            frame: dict[str, Any] = msgspec.json.decode(data)
            return frame
        assert isinstance(data, bytes), "MessagePack comes as bytes"
        frame = msgspec.msgpack.decode(data)
        return frame

    def until(self, key: str) -> Any:
        """The content of the next frame of this kind; others are passed over."""
        while True:
            frame = self.frame()
            if key in frame:
                return frame[key]

    def records(self, count: int) -> list[dict[str, Any]]:
        """The next records, gaps as `{"gap": …}` among them; exactly `count` records."""
        found: list[dict[str, Any]] = []
        while sum("seq" in one for one in found) < count:
            frame = self.frame()
            if "gap" in frame:
                found.append(frame)
            found += frame.get("records", [])
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._open.close()
