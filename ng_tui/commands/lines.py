"""The lines of a file that may still grow."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import suppress

CHUNK = 64 << 10
MOST_BYTES = 1 << 20
"""Longest line that is held, which is the longest event that an engine takes."""


async def lines(descriptor: int, most: int = MOST_BYTES) -> AsyncGenerator[list[tuple[int, bytes | None]], None]:
    """The lines without their ends, as many as came together, each with its number from 1. None = longer than `most`.

    What the caller has not asked for is not read.
    """
    number, rest, is_long = 0, b"", False
    while chunk := await _read(descriptor):
        *whole, last = chunk.split(b"\n")
        found: list[tuple[int, bytes | None]] = []
        for piece in whole:
            number += 1
            line = rest + piece
            found.append((number, None if is_long or len(line) > most else line.removesuffix(b"\r")))
            rest, is_long = b"", False
        if is_long or len(rest) + len(last) > most:
            rest, is_long = b"", True
        else:
            rest += last
        yield found
    if rest or is_long:
        yield [(number + 1, None if is_long else rest)]


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
