"""A WebSocket client that sends any bytes, right or wrong, and reports everything that comes back.

It never answers on its own: no pongs, no close frames. What a server does with a peer that breaks the rules is visible
only to a peer that may break them.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

KEY = b"\x37\xfa\x21\x3d"
"""The mask of every frame. A server has to take any, so one that is known makes a failure readable."""

Event = tuple[str, bytes]
"""`text`, `binary`, `ping` or `pong`, and its payload; fragments are put together."""


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = KEY,
    length: int | None = None,
    width: int | None = None,
) -> bytes:
    """The bytes of a frame.

    `rsv` are the three reserved bits as a number, `mask` four bytes or None for none. `length` claims another length
    than that of the payload; `width` is the number of octets that hold it, 1, 2 or 8, for an encoding longer than
    needed.
    """
    size = len(payload) if length is None else length
    width = width or (1 if size < 126 else 2 if size < 65536 else 8)
    short = {1: size, 2: 126, 8: 127}[width]
    head = struct.pack("!BB", fin << 7 | rsv << 4 | opcode, (mask is not None) << 7 | short)
    head += {1: b"", 2: struct.pack("!H", size & 0xFFFF), 8: struct.pack("!Q", size)}[width]
    return head + payload if mask is None else head + mask + masked(payload, mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    """The payload under the mask, or what was under it."""
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")


def close(code: int | None = None, reason: bytes = b"") -> bytes:
    """A close frame; without a code it has no payload but the reason."""
    return frame(CLOSE, (b"" if code is None else struct.pack("!H", code)) + reason)


class Refused(Exception):
    """The server answered the handshake with something else than 101."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"{status}: {body[:200]!r}")
        self.status, self.headers, self.body = status, headers, body


class BadServer(AssertionError):
    """The server broke the protocol itself."""


@dataclass
class Seen:
    """What came from the server so far."""

    events: list[Event] = field(default_factory=list)
    close_code: int | None = None
    """None while no close frame came, and when it has no code; `closed` tells the two apart."""
    close_reason: str = ""
    closed: bool = False
    """A close frame came."""
    end: str | None = None
    """How the TCP connection ended: `eof`, `reset`, or None while it is open."""


class RawSocket:
    """One connection after its handshake; `async with` ends it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str]
    ) -> None:
        self.reader, self.writer, self.status, self.headers = reader, writer, status, headers
        self.seen = Seen()
        self._unread = bytearray()
        self._message: tuple[str, bytearray] | None = None

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        path: str | None = None,
        protocols: Iterable[str] = (),
        headers: Mapping[str, str | None] | None = None,
        after: bytes = b"",
        timeout: float = 5,
    ) -> Self:
        """Shakes hands with `ws://host:port/path`, or with `unix:/the/socket` and a `path`.

        `headers` are added to the request, or replace those of the same name; None leaves one out.
        `after` is sent together with the request, before the answer is there.

        Raises:
            Refused: The server answered, but not with 101.
            BadServer: It accepted with a wrong answer to the key.
        """
        async with asyncio.timeout(timeout):
            reader, writer = await dial(url)
            try:
                key = base64.b64encode(os.urandom(16)).decode()
                request: dict[str, str | None] = {
                    "Host": urlsplit(url).netloc or "localhost",
                    "Upgrade": "websocket",
                    "Connection": "Upgrade",
                    "Sec-WebSocket-Key": key,
                    "Sec-WebSocket-Version": "13",
                }
                if protocols:
                    request["Sec-WebSocket-Protocol"] = ", ".join(protocols)
                request |= headers or {}
                lines = [f"GET {path or target(url)} HTTP/1.1"]
                lines += [f"{name}: {text}" for name, text in request.items() if text is not None]
                writer.write("\r\n".join([*lines, "", ""]).encode() + after)
                status, answer = await read_head(reader)
                if status != 101:
                    body = await reader.readexactly(int(answer.get("content-length", "0")))
                    raise Refused(status, answer, body)
                digest = hashlib.sha1(f"{request['Sec-WebSocket-Key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode())
                if answer.get("sec-websocket-accept") != base64.b64encode(digest.digest()).decode():
                    raise BadServer(f"Sec-WebSocket-Accept is {answer.get('sec-websocket-accept')!r}")
            except BaseException:
                writer.transport.abort()
                raise
        return cls(reader, writer, status, answer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()
        # The transport is gone one turn of the loop later.
        await asyncio.sleep(0)

    async def send(self, data: bytes, chop: int | None = None) -> None:
        """Writes the bytes, in pieces of `chop` octets that leave one by one. A server that is gone is no error."""
        try:
            for start in range(0, len(data), chop or max(len(data), 1)):
                self.writer.write(data[start : start + chop] if chop else data)
                await self.writer.drain()
                if chop:
                    await asyncio.sleep(0)
        except ConnectionError:
            self.seen.end = self.seen.end or "reset"

    async def step(self) -> bool:
        """Takes in the next frame; False when the connection has ended."""
        while (size := frame_size(self._unread)) is None:
            try:
                data = await self.reader.read(65536)
            except ConnectionError:
                self.seen.end = "reset"
                return False
            if not data:
                if self._unread:
                    raise BadServer(f"the connection ended inside a frame: {bytes(self._unread[:20])!r}")
                self.seen.end = "eof"
                return False
            self._unread += data
        head, end = size
        first, second, payload = self._unread[0], self._unread[1], bytes(self._unread[head:end])
        del self._unread[:end]
        if first & 0x70 or second & 0x80:
            raise BadServer(f"the frame begins with {first:#x} {second:#x}: reserved bits or a mask")
        self._take(first & 0x0F, bool(first & 0x80), payload)
        return True

    async def until(self, *, events: int | None = None, closed: bool = False, timeout: float = 5) -> Seen:
        """Reads until so many events are there, or a close frame came, or else until the connection ended.

        Raises:
            TimeoutError: That did not come within `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            while not (events is not None and len(self.seen.events) >= events) and not (closed and self.seen.closed):
                if not await self.step():
                    break
        return self.seen

    async def quiet(self, seconds: float) -> bool:
        """Whether nothing at all comes within the time, the end of the connection included."""
        try:
            await asyncio.wait_for(self.step(), seconds)
        except TimeoutError:
            return True
        return False

    def _take(self, opcode: int, fin: bool, payload: bytes) -> None:
        if self.seen.closed:
            raise BadServer(f"a frame of opcode {opcode} after the close frame")
        if opcode in (TEXT, BINARY, CONTINUATION):
            if (opcode == CONTINUATION) != (self._message is not None):
                raise BadServer(f"a frame of opcode {opcode} at the wrong place")
            kind, data = self._message or ("text" if opcode == TEXT else "binary", bytearray())
            data += payload
            self._message = None if fin else (kind, data)
            if fin:
                self.seen.events.append((kind, bytes(data)))
        elif opcode in (PING, PONG) and fin and len(payload) < 126:
            self.seen.events.append(("ping" if opcode == PING else "pong", payload))
        elif opcode == CLOSE and fin and len(payload) < 126 and len(payload) != 1:
            self.seen.closed = True
            self.seen.close_code = int.from_bytes(payload[:2], "big") if payload else None
            self.seen.close_reason = payload[2:].decode()
        else:
            raise BadServer(f"a frame of opcode {opcode}, fin {fin}, with {len(payload)} octets")


def frame_size(data: bytearray) -> tuple[int, int] | None:
    """Where the payload of the first unmasked frame begins and ends; None while a part is missing."""
    width = {126: 2, 127: 8}.get(data[1] & 0x7F, 0) if len(data) > 1 else 0
    head = 2 + width
    if len(data) < head:
        return None
    end = head + (int.from_bytes(data[2:head], "big") if width else data[1] & 0x7F)
    return (head, end) if len(data) >= end else None


async def dial(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connects to the host of a `ws:` or `http:` URL, or to the socket that `unix:` names."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return await asyncio.open_unix_connection(parts.path)
    return await asyncio.open_connection(parts.hostname, parts.port or 80)


def target(url: str) -> str:
    """The path and the query of a URL, as a request names them."""
    parts = urlsplit(url)
    path = "/" if parts.scheme == "unix" else parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


async def read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """The status and the headers of an HTTP response, the names in lower case."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    pairs = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.lower(): text.strip() for name, _, text in pairs}
