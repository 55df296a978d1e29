"""The cases of the Autobahn test suite for a server, sections 1 to 7 and 10, played by `play`.

Where the suite is content with less, ours asks for the right close code and for an end without a reset. Sections 8, 9
and 12 to 13 are not here: the first is empty, the second measures speed, the others need compression, which no server
of ours offers.
"""

from __future__ import annotations

from collections.abc import Sequence

from .cases import closing, framing, utf8
from .cases.model import Case, Chop, Quiet, See
from .rawsocket import Event, RawSocket, close

CASES: list[Case] = sorted(
    [*framing.CASES, *utf8.CASES, *closing.CASES], key=lambda case: [int(part) for part in case.id.split(".")]
)

SOON = 1.0
"""Seconds within which a server has to close."""


async def play(case: Case, url: str) -> list[str]:
    """Plays a case against an echo server; what was not as expected, as sentences."""
    async with await RawSocket.connect(url) as socket:
        try:
            wrong = await _send(case, socket)
            seen = await socket.until(closed=True, timeout=SOON)
        except TimeoutError:
            return [f"no close frame within {SOON} s; seen so far: {_short(socket.seen.events)}"]
        if seen.closed and seen.end is None:
            # Whoever closed first, the server is the one that ends the connection.
            if case.codes is not None and not case.closing:
                await socket.send(close(seen.close_code))
            try:
                await socket.until(timeout=SOON)
            except TimeoutError:
                wrong.append(f"the connection is open {SOON} s after the close frame")
        if tuple(seen.events) != case.events:
            wrong.append(f"seen {_short(seen.events)}, expected {_short(case.events)}")
        codes = case.codes or (1000,)
        if not seen.closed:
            wrong.append(f"no close frame, expected one of {codes}")
        elif seen.close_code not in codes:
            wrong.append(f"closed with {seen.close_code} {seen.close_reason!r}, expected one of {codes}")
        if seen.end == "reset":
            wrong.append("the connection was reset")
        return wrong


async def _send(case: Case, socket: RawSocket) -> list[str]:
    wrong = []
    for step in case.steps:
        match step:
            case bytes():
                await socket.send(step)
            case Chop(data, size):
                await socket.send(data, size)
            case See(events):
                await socket.until(events=events)
            case Quiet(seconds):
                if not await socket.quiet(seconds):
                    wrong.append("something came before the wrong octet")
    if case.codes is None:
        await socket.until(events=len(case.events))
        await socket.send(close(1000))
    if case.rest and await socket.quiet(SOON):
        await socket.send(case.rest)
    return wrong


def _short(events: Sequence[Event]) -> list[str]:
    """The events as a failure shows them."""
    return [
        f"{kind} {payload[:40]!r}" + (f" … of {len(payload)} octets" if len(payload) > 40 else "")
        for kind, payload in events
    ]
