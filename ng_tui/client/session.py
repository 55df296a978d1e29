"""One WebSocket connection on the engine's own protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from ng_tui.client.failures import BadAnswer, ConnectionFailed, Refused, declined
from ng_tui.client.reach import Reach
from ng_tui.client.sockets import connected
from ng_tui.client.wire import ErrorCode, ErrorFrame, Frame, Hello, Request, Welcome
from ng_tui.errors import ConsoleError
from ng_tui.i18n import tr

PROTOCOL = "ng.v1.msgpack"
PROTO = 1
"""The version of the protocol that this client speaks."""
RECEIVE_BYTES = 16 << 20
"""Longest message taken. The engine ends a message at 64 KiB, but one record or view may be longer."""
OPEN_S = 10.0
"""Time for making a connection, greetings included, seconds."""
CLOSE_S = 1.0
"""Time for the farewells of a connection that is ended, seconds; then it is cut."""
PING_S = 5.0
"""Seconds between two pings of ours, which measure the round trip."""

frame_decoder = msgspec.msgpack.Decoder(Frame)
_ERROR = b"\x81\xa5error"
"""How a frame with an error begins: a map of one, whose key is `error`."""


class Session:
    """A connection after the greetings."""

    def __init__(
        self, socket: ClientConnection, reach: Reach, greeting: bytes, welcome: Welcome, alive: asyncio.Future[float]
    ) -> None:
        self.greeting = greeting
        """The engine's first message."""
        self.welcome = welcome
        """What it says."""
        self.alive = alive
        """Done when the engine has answered the first ping, thus has taken the hello."""
        self.received_bytes = 0
        """Bytes of all messages."""
        self._socket = socket
        self._reach = reach
        self._spoiled: ConsoleError | None = None

    @property
    def rtt_s(self) -> float | None:
        """The latest round trip, seconds; None before the first."""
        return self._socket.latency or None

    async def send(self, request: Request) -> None:
        """Sends a command; its answer is a later message. Raises ConnectionFailed, and Declined for one too long."""
        data = msgspec.msgpack.encode(request)
        most = self.welcome.limits.message_bytes
        if len(data) > most:
            what = tr("the command has {bytes} bytes, at most {most} are taken", bytes=len(data), most=most)
            raise declined(ErrorFrame(request.id, ErrorCode.TOO_LARGE, what))
        try:
            await self._socket.send(data)
        except ConnectionClosed as closed:
            raise self._over(closed) from None

    async def close(self) -> None:
        """Ends the connection; whoever waits for a message gets ConnectionFailed."""
        await self._socket.close()

    async def receive(self) -> bytes:
        """The next message, a Frame as MessagePack.

        Raises Refused, Declined or FilterError when the engine does not give what the hello asked for, ConnectionFailed
        when the connection is over.
        """
        if self._spoiled is not None:
            raise self._spoiled
        try:
            message = await self._socket.recv(decode=False)
        except ConnectionClosed as closed:
            raise self._over(closed) from None
        self.received_bytes += len(message)
        if message.startswith(_ERROR):
            self._heed(message)
        return message

    def spoil(self, error: ConsoleError) -> None:
        """The latest message was not understood: the next `receive` raises this."""
        self._spoiled = error

    def _heed(self, message: bytes) -> None:
        """Raises what the engine says about the hello itself; answers to commands have a number."""
        error = decode(message, self._reach).error
        if error is not None and error.id == 0:
            raise declined(error)

    def _over(self, closed: ConnectionClosed) -> ConnectionFailed:
        reasons = {
            1001: tr("the engine is shutting down"),
            1012: tr("the engine is restarting"),
            1013: tr("too slow for what the engine has to tell"),
            1008: tr("the engine has ended the connection"),
        }
        code = closed.rcvd.code if closed.rcvd is not None else None
        if code is None and self._reach.forwarder is not None and self._reach.forwarder.said:
            return ConnectionFailed("NG-3313", self._reach.forwarder.said, where=self._reach.address.name)
        why = tr("the connection broke off") if code is None else reasons.get(code)
        reason = closed.rcvd.reason if closed.rcvd is not None else ""
        rights = {
            "RIGHTS_CHANGED": tr("what you may do there has changed"),
            "CREDENTIALS_ENDED": tr("the credentials are not valid any more"),
        }
        text = rights.get(reason) or why or tr("the connection was closed: {code} {reason}", code=code, reason=reason)
        return ConnectionFailed("NG-3311", text, where=self._reach.address.name)


@asynccontextmanager
async def session(reach: Reach, hello: Hello, *, patience_s: float = 20.0) -> AsyncIterator[Session]:
    """Connects and greets; the connection ends with the context.

    `patience_s` is the time without an answer to a ping after which the connection counts as broken. Raises
    ConnectionFailed, BadAnswer or Refused.
    """
    async with _socket(reach, patience_s) as socket:
        try:
            await socket.send(msgspec.msgpack.encode(hello))
            message = await _first(socket)
            greeting = decode(message, reach)
            if greeting.error is not None:
                raise declined(greeting.error)
            if greeting.hello is None:
                raise BadAnswer(tr("it does not greet"), where=reach.address.name)
        except (ConnectionClosed, TimeoutError) as error:
            raise reach.failed(error) from None
        yield Session(socket, reach, message, greeting.hello, await _ping(socket))


async def _ping(socket: ClientConnection) -> asyncio.Future[float]:
    try:
        return asyncio.ensure_future(await socket.ping())
    except ConnectionClosed:
        # Closed already: why stands in the messages that wait to be received.
        never = asyncio.get_running_loop().create_future()
        never.cancel()
        return never


def decode(message: bytes, reach: Reach) -> Frame:
    """The frame of a message. Raises BadAnswer."""
    try:
        return frame_decoder.decode(message)
    except msgspec.MsgspecError as error:
        raise BadAnswer(tr("it speaks another protocol: {error}", error=error), where=reach.address.name) from None


async def _first(socket: ClientConnection) -> bytes:
    async with asyncio.timeout(OPEN_S):
        return await socket.recv(decode=False)


@asynccontextmanager
async def _socket(reach: Reach, patience_s: float) -> AsyncIterator[ClientConnection]:
    url = reach.base.replace("http", "ws", 1) + "/ws"
    common: dict[str, Any] = {
        "subprotocols": [Subprotocol(PROTOCOL)],
        "additional_headers": reach.headers(),
        "compression": None if reach.is_near else "deflate",
        "max_size": RECEIVE_BYTES,
        "open_timeout": OPEN_S,
        "close_timeout": CLOSE_S,
        "ping_interval": PING_S,
        "ping_timeout": patience_s,
    }
    if reach.tls is not None:
        common["ssl"] = reach.tls
    try:
        async with asyncio.timeout(OPEN_S):
            socket = await _open(reach, url, common)
    except InvalidStatus as error:
        raise _status(error, reach) from None
    except (OSError, TimeoutError, EOFError, WebSocketException) as error:
        raise _handshake(error, reach) from None
    try:
        if socket.subprotocol != PROTOCOL:
            raise BadAnswer(tr("it does not speak {protocol}", protocol=PROTOCOL), where=reach.address.name)
        yield socket
    finally:
        try:
            await socket.close()
        finally:
            # Cancelled once more while it says farewell, or not: nobody else knows of it.
            socket.transport.abort()


async def _open(reach: Reach, url: str, common: dict[str, Any]) -> ClientConnection:
    if not reach.is_near and getproxies():
        return await connect(url, **common)
    there = urlsplit(reach.base)
    port = there.port or (443 if reach.tls is not None else 80)
    async with connected(there.hostname or "", port, reach.socket) as one:
        try:
            return await connect(url, **common, sock=one)
        except ValueError as error:
            # A redirect, which is not followed over a socket that is already there.
            raise _cause_of(error) from None


def _cause_of(error: ValueError) -> Exception:
    return error.__cause__ if isinstance(error.__cause__, InvalidStatus) else error


def _handshake(error: Exception, reach: Reach) -> ConnectionFailed:
    if isinstance(error, WebSocketException) and not (reach.forwarder is not None and reach.forwarder.said):
        cause = error.__cause__
        if isinstance(cause, (OSError, EOFError)):
            return reach.failed(cause if isinstance(cause, OSError) else ConnectionResetError(str(error)))
        return BadAnswer(str(error), where=reach.address.name)
    return reach.failed(error)


def _status(error: InvalidStatus, reach: Reach) -> ConsoleError:
    from ng_tui.client.answers import message_of

    status = error.response.status_code
    text = message_of(bytes(error.response.body or b"")) or tr("answered with status {status}", status=status)
    if status in {401, 403}:
        return Refused(text, where=reach.address.name, known=status == 403)
    if status == 429 or status >= 500:
        return ConnectionFailed("NG-3311", text, where=reach.address.name)
    return BadAnswer(text, where=reach.address.name)
