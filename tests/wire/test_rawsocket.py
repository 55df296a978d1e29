"""The client of this suite sees what a server does wrong, and speaks over Unix sockets too."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from .rawsocket import CONTINUATION, PING, TEXT, BadServer, RawSocket, Refused, close, frame


def bare(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0) -> bytes:
    """A frame as a server sends it, without a mask."""
    return frame(opcode, payload, fin=fin, rsv=rsv, mask=None)


def accepting(key: str) -> bytes:
    digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
    return b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"


@asynccontextmanager
async def server(folder: Path, answer: Callable[[str], bytes]) -> AsyncIterator[str]:
    """The URL of a Unix socket that answers one request by its key, and ends the connection when the client did."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line.split(": ")[1] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
        assert head.startswith("GET /ws?a=b HTTP/1.1\r\n")
        writer.write(answer(key))
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        done.set()

    done = asyncio.Event()
    async with await asyncio.start_unix_server(serve, folder / "s"):
        yield f"unix:{folder / 's'}"
        await done.wait()


async def test_frames_are_put_together(tmp_path: Path) -> None:
    sent = bare(TEXT, b"a", fin=False) + bare(PING, b"p") + bare(CONTINUATION, b"b" * 70000)
    sent += close(1001, b"WHY")[:1] + bare(8, b"\x03\xe9WHY")[1:]
    async with (
        server(tmp_path, lambda key: accepting(key) + sent) as url,
        await RawSocket.connect(url, path="/ws?a=b") as socket,
    ):
        seen = await socket.until()
    assert seen.events == [("ping", b"p"), ("text", b"a" + b"b" * 70000)]
    assert (seen.closed, seen.close_code, seen.close_reason, seen.end) == (True, 1001, "WHY", "eof")


@pytest.mark.parametrize(
    "sent",
    [
        frame(TEXT, b"masked"),
        bare(TEXT, b"reserved bits", rsv=1),
        bare(TEXT, b"cut off")[:4],
        bare(CONTINUATION, b"nothing to continue"),
        bare(TEXT, b"a", fin=False) + bare(TEXT, b"b"),
        bare(PING, fin=False),
        bare(PING, bytes(126)),
        bare(8, b"\x03"),
        bare(8, b"\x03\xe8") + bare(TEXT, b"after the end"),
        bare(11),
    ],
)
async def test_a_server_that_breaks_the_rules_is_seen(sent: bytes, tmp_path: Path) -> None:
    async with (
        server(tmp_path, lambda key: accepting(key) + sent) as url,
        await RawSocket.connect(url, path="/ws?a=b") as socket,
    ):
        with pytest.raises(BadServer):
            await socket.until(timeout=1)


async def test_a_refusal_is_read_whole(tmp_path: Path) -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Why: no\r\n\r\nstop"
    async with server(tmp_path, lambda _: refusal) as url:
        with pytest.raises(Refused) as refused:
            await RawSocket.connect(url, path="/ws?a=b")
    assert (refused.value.status, refused.value.headers["x-why"], refused.value.body) == (403, "no", b"stop")


async def test_a_wrong_answer_to_the_key_is_seen(tmp_path: Path) -> None:
    async with server(tmp_path, lambda _: accepting("another")) as url:
        with pytest.raises(BadServer):
            await RawSocket.connect(url, path="/ws?a=b")


def test_every_field_of_a_frame_can_be_wrong() -> None:
    assert frame(TEXT, b"ab", mask=b"\0\0\0\0") == b"\x81\x82\0\0\0\0ab"
    assert frame(TEXT, b"ab", mask=b"\x01\x02\x03\x04") == b"\x81\x82\x01\x02\x03\x04\x60\x60"
    assert frame(3, b"ab", fin=False, rsv=5, mask=None) == b"\x53\x02ab"
    assert frame(TEXT, b"ab", mask=None, width=2) == b"\x81\x7e\0\x02ab"
    assert frame(TEXT, b"ab", mask=None, width=8) == b"\x81\x7f\0\0\0\0\0\0\0\x02ab"
    assert frame(TEXT, mask=None, length=70000) == b"\x81\x7f\0\0\0\0\0\x01\x11\x70"
