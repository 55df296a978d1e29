"""The events in a file or a pipe that may still grow."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import suppress

from ng_tui._engine import EventReader

CHUNK = 64 << 10
MOST_BYTES = 1 << 20
"""Longest line that is held, which is the longest event that an engine takes."""
SETTLES_S = 0.5
"""An event that could go on is over when nothing came for so long, seconds; as with files that are followed."""

Found = bytes | int | str
"""An event, the length of a line that is too long, or why the rest cannot be read."""


class Inflow:
    """Reads one descriptor. What nobody has asked for is not read."""

    def __init__(self, descriptor: int, most: int = MOST_BYTES) -> None:
        """Lines of more than `most` bytes are too long."""
        self._descriptor = descriptor
        self._reader = EventReader(most)

    async def __aiter__(self) -> AsyncGenerator[list[Found], None]:
        """What was read, as much as came together. What follows the last of it is left to `rest`."""
        while True:
            try:
                async with asyncio.timeout(SETTLES_S if self.is_waiting else None):
                    chunk = await _read(self._descriptor)
            except TimeoutError:
                found = self._reader.settle()
            else:
                if not chunk:
                    return
                found = self._reader.feed(chunk)
            if found:
                yield found

    @property
    def is_waiting(self) -> bool:
        """Something was read that could go on."""
        return self._reader.is_waiting()

    def rest(self) -> list[Found]:
        """That, as it is; nothing is read afterwards."""
        return self._reader.finish()


async def _read(descriptor: int) -> bytes:
    while True:
        await _readable(descriptor)
        with suppress(BlockingIOError):  # Another reader of the same pipe was faster.
            return os.read(descriptor, CHUNK)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def is_ready() -> None:
        if not ready.done():
            ready.set_result(None)

    try:
        loop.add_reader(descriptor, is_ready)
    except PermissionError:
        await asyncio.sleep(0)  # A file on disk is always ready, and no selector takes it.
        return
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
