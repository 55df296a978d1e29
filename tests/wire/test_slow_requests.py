"""Clients that never finish the head of a request (slow-loris) are closed in time, and others are served."""

from __future__ import annotations

import asyncio
import time

import pytest

from .rawsocket import dial, read_head

pytestmark = pytest.mark.measures

HEADER_TIMEOUT = 10.0
"""Seconds that the server gives a client for the head of a request."""

SLACK = 5.0
"""Seconds by which a server may be late on a busy machine, with a timeout as with an answer."""

CONNECTIONS = 150

BEGINNINGS = (b"", b"GET / HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
"""What a slow client has sent before it goes on with one octet every second."""


async def outlast(url: str, sent: bytes) -> float:
    """The seconds until the server has ended the connection of a slow client."""
    reader, writer = await dial(url)
    started = time.monotonic()
    try:
        writer.write(sent)
        while True:
            try:
                # A server may say why: with 408, before it closes.
                if not await asyncio.wait_for(reader.read(1024), 1):
                    break
            except TimeoutError:
                writer.write(b"x" if sent else b"")
            except ConnectionError:
                break
            assert time.monotonic() - started < HEADER_TIMEOUT + SLACK, "still open"
        return time.monotonic() - started
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def status_of(url: str) -> int:
    """The status with which a whole request is answered."""
    reader, writer = await dial(url)
    try:
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(SLACK):
            status, _ = await read_head(reader)
        return status
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def test_slow_heads_are_closed_in_time_and_others_served(http_url: str) -> None:
    async with asyncio.TaskGroup() as group:
        slow = [
            group.create_task(outlast(http_url, BEGINNINGS[number % len(BEGINNINGS)])) for number in range(CONNECTIONS)
        ]
        served = 0
        while not all(task.done() for task in slow):
            assert await status_of(http_url) == 200
            served += 1
            await asyncio.sleep(0.1)
    took = [task.result() for task in slow]
    assert served >= HEADER_TIMEOUT
    assert min(took) > HEADER_TIMEOUT - 1, f"closed after {min(took):.1f} s"
