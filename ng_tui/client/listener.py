"""A Unix socket that others connect to, which can be closed at any moment without forgetting one of them.

A server of asyncio that is closed in the round of the loop in which it takes a connection leaves that one open.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

WAITING = 100
"""Connections that wait to be taken."""


class Listener:
    """Calls `serve` for each connection, in a task of its own that owns it, until `close`. Raises OSError."""

    def __init__(self, path: str, serve: Serve) -> None:
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.setblocking(False)
            self._socket.bind(path)
            self._socket.listen(WAITING)
        except BaseException:
            self._socket.close()
            raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._accept)

    async def close(self) -> None:
        """Takes no more, and ends all connections; may be called twice."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self) -> None:
        try:
            one, _ = self._socket.accept()
        except OSError:
            return  # It went away again, or there is no descriptor left; another one may come.
        one.setblocking(False)
        begun: list[bool] = []
        task = self._loop.create_task(self._own(one, begun))
        self._tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if not begun:
                one.close()  # Cancelled before its first step.

        task.add_done_callback(done)

    async def _own(self, one: socket.socket, begun: list[bool]) -> None:
        begun.append(True)
        reader, writer = await asyncio.open_unix_connection(sock=one)
        try:
            with suppress(OSError):  # The other side went away.
                await self._serve(reader, writer)
            writer.close()
        except BaseException:
            writer.transport.abort()  # Nobody reads what is left.
            raise
