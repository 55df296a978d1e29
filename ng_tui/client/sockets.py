"""Sockets of connections that are being made: whoever begins one owns its socket until somebody else does.

A connection may be cancelled or cut between the making of its socket and the moment when a library hands it over. What
the libraries forget then, above all in the handshake of TLS, is closed here.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpcore
import httpx

from ng_tui.client.unix_socket import check_folder, check_peer, open_connection

ROUNDS = 100
"""Rounds of the loop after which a transport that was told of the end of its socket has closed it."""


@asynccontextmanager
async def connected(host: str, port: int, path: str | None) -> AsyncIterator[socket.socket]:
    """A connected socket, to the Unix socket at `path` or else to a port. Raises OSError and Untrusted.

    Whoever takes it over in the context closes it; when the context ends by an exception, it is closed in any case.
    """
    one = await _connect(host, port, path)
    try:
        yield one
    except BaseException:
        await _dispose(one)
        raise


async def _connect(host: str, port: int, path: str | None) -> socket.socket:
    loop = asyncio.get_running_loop()
    if path is not None:
        return await open_connection(path)
    failure: OSError | None = None
    for family, _, number, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            return await _try(family, number, address)
        except OSError as error:
            failure = failure or error
    raise failure or OSError(f"{host} has no address")


async def _try(family: int, number: int, address: object) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM, number)
    try:
        one.setblocking(False)
        await asyncio.get_running_loop().sock_connect(one, address)  # type: ignore[arg-type]
    except BaseException:
        one.close()
        raise
    return one


async def _dispose(one: socket.socket) -> None:
    """Closes a socket that a transport may have: it closes it itself when it sees the end.

    asyncio forgets a transport of TLS that is cancelled before its handshake has begun.
    """
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    cancelled: asyncio.CancelledError | None = None
    for _ in range(ROUNDS):
        if one.fileno() < 0:
            break
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError as again:
            cancelled = again
    if cancelled is not None:
        raise cancelled


class OwningStream(httpcore.AsyncNetworkStream):
    """A stream that is closed when its handshake of TLS is cancelled; httpcore closes it only when it fails."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As httpcore asks for it."""
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As httpcore asks for it."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """As httpcore asks for it."""
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        """As httpcore asks for it."""
        return self._stream.get_extra_info(info)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """As httpcore asks for it."""
        try:
            return OwningStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))
        except asyncio.CancelledError:
            # In a task of its own: here every further wait may be cancelled at once.
            await asyncio.shield(asyncio.ensure_future(self.aclose()))
            raise


class OwningBackend(httpcore.AsyncNetworkBackend):
    """Connects as another backend does, with streams that are never forgotten."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """As httpcore asks for it."""
        return OwningStream(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """As httpcore asks for it; to sockets of whom we trust."""
        check_folder(path)
        stream = OwningStream(await self._backend.connect_unix_socket(path, timeout, socket_options))
        try:
            check_peer(stream.get_extra_info("socket"), path)
        except BaseException:
            await stream.aclose()
            raise
        return stream

    async def sleep(self, seconds: float) -> None:
        """As httpcore asks for it."""
        await self._backend.sleep(seconds)


def own(client: httpx.AsyncClient) -> None:
    """Lets a client connect through OwningBackend, also by proxies. httpx has no public name for that."""
    for transport in (client._transport, *client._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = OwningBackend(pool._network_backend)
