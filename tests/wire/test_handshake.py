"""The opening handshake: what is no request for a WebSocket of version 13 gets no WebSocket."""

from __future__ import annotations

import pytest

from .rawsocket import TEXT, RawSocket, Refused, frame

REFUSED: dict[str, tuple[dict[str, str | None], int]] = {
    "no version": ({"Sec-WebSocket-Version": None}, 426),
    "an old version": ({"Sec-WebSocket-Version": "8"}, 426),
    "no key": ({"Sec-WebSocket-Key": None}, 400),
    "an upgrade to something else": ({"Upgrade": "h2c"}, 400),
    "no wish to upgrade": ({"Connection": "keep-alive"}, 400),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_wrong_request_is_refused(name: str, echo_url: str) -> None:
    headers, status = REFUSED[name]
    with pytest.raises(Refused) as refused:
        await RawSocket.connect(echo_url, headers=headers)
    assert refused.value.status == status
    if status == 426:
        assert refused.value.headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize(
    "headers",
    [
        {"Connection": "keep-alive, Upgrade"},
        {"Connection": "upgrade", "Upgrade": "WebSocket"},
        {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"},
        {"Sec-WebSocket-Protocol": "nothing.that.exists"},
    ],
)
async def test_a_right_request_is_accepted(headers: dict[str, str | None], echo_url: str) -> None:
    async with await RawSocket.connect(echo_url, headers=headers) as socket:
        assert "sec-websocket-extensions" not in socket.headers
        assert "sec-websocket-protocol" not in socket.headers
        await socket.send(frame(TEXT, b"hello"))
        assert (await socket.until(events=1)).events == [("text", b"hello")]


async def test_frames_may_follow_the_request_at_once(echo_url: str) -> None:
    """What arrives together with the request belongs to the WebSocket."""
    async with await RawSocket.connect(echo_url, after=frame(TEXT, b"early")) as socket:
        assert (await socket.until(events=1)).events == [("text", b"early")]
