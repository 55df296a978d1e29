"""Peers that break the rules: each is closed with the right code within a second, and nobody else notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from .conftest import Server
from .rawsocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawSocket, Seen, close, frame

pytestmark = pytest.mark.measures

FRAME_LIMIT = 256 << 10
MESSAGE_LIMIT = 1 << 20
SOON = 1.0
"""Seconds within which a server has to close, and within which everybody else gets an answer."""
ROOM = 8 << 20
"""Bytes by which one peer may make a server grow: its buffers, and what the allocator keeps."""

START = frame(BINARY, bytes(FRAME_LIMIT), fin=False)
MORE = frame(CONTINUATION, bytes(FRAME_LIMIT), fin=False)

HOSTILE: dict[str, tuple[bytes, int]] = {
    "the head of a frame one octet too long": (frame(BINARY, length=FRAME_LIMIT + 1), 1009),
    "a frame one octet too long": (frame(BINARY, bytes(FRAME_LIMIT + 1)), 1009),
    "a frame of 4 MiB, sent whole": (frame(BINARY, bytes(4 << 20)), 1009),
    "the head of the longest frame": (frame(BINARY, length=(1 << 63) - 1), 1009),
    "the head of a frame whose length is negative": (frame(BINARY, length=(1 << 64) - 1), 1009),
    "the head of a long ping": (frame(PING, length=FRAME_LIMIT + 1), 1009),
    "a message one octet too long": (START + MORE * 3 + frame(CONTINUATION, b"x"), 1009),
    "a text one octet too long": (frame(TEXT, b"x", fin=False) + MORE * 4, 1009),
    "endless fragments of 1 KiB": (START + frame(CONTINUATION, bytes(1024), fin=False) * 2048, 1009),
    "a text that is no UTF-8": (frame(TEXT, b"\xff"), 1007),
    "a fragment that is no UTF-8": (frame(TEXT, b"\xc3", fin=False) + frame(CONTINUATION, b"x", fin=False), 1007),
    "a text that ends inside a letter": (frame(TEXT, b"\xe2\x82"), 1007),
    "a close frame whose reason is no UTF-8": (close(1000, b"\xff"), 1007),
    "an unmasked text": (frame(TEXT, b"hello", mask=None), 1002),
    "an unmasked ping": (frame(PING, mask=None), 1002),
    "an unmasked close frame": (frame(CLOSE, b"\x03\xe8", mask=None), 1002),
    **{f"reserved bits {bits}": (frame(TEXT, b"hello", rsv=bits), 1002) for bits in (1, 2, 4)},
    **{f"reserved opcode {opcode}": (frame(opcode, b"hello"), 1002) for opcode in (3, 7, 11, 15)},
    **{f"opcode {opcode} with 126 octets": (frame(opcode, bytes(126)), 1002) for opcode in (CLOSE, PING, PONG)},
    **{
        f"opcode {opcode} in fragments": (frame(opcode, b"\x03\xe8", fin=False), 1002) for opcode in (CLOSE, PING, PONG)
    },
    "a fragment of nothing": (frame(CONTINUATION, b"hello"), 1002),
    "a text between two fragments": (frame(TEXT, b"hello", fin=False) + frame(TEXT, b"hello"), 1002),
    "half a code": (frame(CLOSE, b"\x03"), 1002),
    "a request for a page": (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 1002),
}


@asynccontextmanager
async def neighbour(url: str) -> AsyncIterator[None]:
    """A well-behaved connection that sends one message after the other, and gets each back within a second."""
    done = asyncio.Event()

    async def talk() -> None:
        async with await RawSocket.connect(url, timeout=SOON) as socket:
            number = 0
            while not (done.is_set() and number > 10):
                number += 1
                await socket.send(frame(TEXT, b"%d" % number))
                async with asyncio.timeout(SOON):
                    while ("text", b"%d" % number) not in socket.seen.events[-2:]:
                        assert await socket.step(), socket.seen.end
                await asyncio.sleep(0.001)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(talk())
        yield
        done.set()


async def ended(socket: RawSocket, code: int) -> Seen:
    """Waits for the close frame with this code, answers it, and waits for the end of the connection."""
    seen = await socket.until(closed=True, timeout=SOON)
    assert (seen.closed, seen.close_code) == (True, code), seen
    await socket.send(close(code))
    await socket.until(timeout=SOON)
    assert seen.end == "eof", seen
    return seen


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_broken_rule_is_answered_with_its_code(name: str, echo: Server) -> None:
    data, code = HOSTILE[name]
    before = echo.memory()
    async with neighbour(echo.url), await RawSocket.connect(echo.url) as socket:
        await socket.send(data)
        seen = await ended(socket, code)
    assert seen.events == []
    assert seen.close_reason.isascii() and seen.close_reason, "the reason is a code that a program can read"
    assert echo.memory() - before < ROOM


async def test_what_is_as_long_as_allowed_is_echoed(echo_url: str) -> None:
    async with await RawSocket.connect(echo_url) as socket:
        await socket.send(frame(BINARY, bytes(FRAME_LIMIT)))
        await socket.send(START + MORE * 2 + frame(CONTINUATION, bytes(FRAME_LIMIT)))
        seen = await socket.until(events=2)
    assert seen.events == [("binary", bytes(FRAME_LIMIT)), ("binary", bytes(MESSAGE_LIMIT))]


async def test_ten_thousand_pings_are_answered_and_cost_nothing(echo: Server) -> None:
    before = echo.memory()
    async with neighbour(echo.url), await RawSocket.connect(echo.url) as socket:
        for number in range(100):
            await socket.send(b"".join(frame(PING, b"%0125d" % (number * 100 + one)) for one in range(100)))
            await socket.until(events=number * 100 + 100)
        await socket.send(frame(TEXT, b"still here"))
        seen = await socket.until(events=10_001)
    assert seen.events == [*(("pong", b"%0125d" % number) for number in range(10_000)), ("text", b"still here")]
    assert echo.memory() - before < ROOM


async def test_pings_of_a_peer_that_reads_no_pong_are_bounded(echo: Server) -> None:
    """Pongs that cannot be sent are left out, which the RFC allows; they do not pile up."""
    before = echo.memory()
    async with neighbour(echo.url), await RawSocket.connect(echo.url) as socket:
        pings = frame(PING, bytes(125)) * 1000
        for _ in range(300):
            await socket.send(pings)
        peak = echo.memory()
        # Reads at last: the server is alive, and answers what comes now.
        await socket.send(frame(TEXT, b"still here"))
        async with asyncio.timeout(10):
            while ("text", b"still here") not in socket.seen.events[-1:]:
                assert await socket.step(), socket.seen.end
    assert peak - before < ROOM


async def test_empty_fragments_without_an_end_are_bounded(echo: Server) -> None:
    """They add up to no message that is too long, so they only have to harm nobody."""
    before = echo.memory()
    async with neighbour(echo.url), await RawSocket.connect(echo.url) as socket:
        await socket.send(frame(TEXT, fin=False))
        for _ in range(100):
            await socket.send(frame(CONTINUATION, fin=False) * 2000)
        assert echo.memory() - before < ROOM
        await socket.send(frame(CONTINUATION, b"the end"))
        seen = await socket.until(events=1, closed=True)
    assert seen.events == [("text", b"the end")] or seen.close_code in (1002, 1008, 1009)


async def test_half_a_frame_is_waited_for(echo_url: str) -> None:
    whole = frame(TEXT, b"hello")
    async with neighbour(echo_url), await RawSocket.connect(echo_url) as socket:
        await socket.send(whole[:8])
        assert await socket.quiet(0.3)
        await socket.send(whole[8:])
        seen = await socket.until(events=1, timeout=SOON)
        assert seen.events == [("text", b"hello")]


@pytest.mark.parametrize("sent", [b"", frame(TEXT, b"hello")[:1], frame(TEXT, b"hello")[:8]])
async def test_a_peer_that_leaves_is_let_go(sent: bytes, echo_url: str) -> None:
    """The end of its side ends the connection, with or without a close frame, inside a frame too."""
    async with neighbour(echo_url), await RawSocket.connect(echo_url) as socket:
        await socket.send(sent)
        socket.writer.write_eof()
        seen = await socket.until(timeout=SOON)
        assert seen.end == "eof"


@pytest.mark.parametrize("sent", [b"", frame(TEXT, b"hello")[:8]])
async def test_silence_is_dropped_after_two_missed_pings(sent: bytes, impatient_url: str) -> None:
    async with neighbour(impatient_url), await RawSocket.connect(impatient_url) as socket:
        await socket.send(sent)
        seen = await socket.until(closed=True, timeout=SOON)
        assert seen.events == [("ping", b"")] * 2
        assert seen.closed and seen.close_code in (1008, 1011), seen
        # Without the answer to its close frame the server does not wait for long either.
        await socket.until(timeout=2 * SOON)


async def test_a_peer_that_answers_pings_may_be_silent(impatient_url: str) -> None:
    async with await RawSocket.connect(impatient_url) as socket:
        for number in range(1, 8):
            seen = await socket.until(events=number, timeout=SOON)
            assert seen.events == [("ping", b"")] * number and not seen.closed
            await socket.send(frame(PONG))
