"""What a case is."""

from __future__ import annotations

from dataclasses import dataclass

from ..rawsocket import Event


@dataclass(frozen=True)
class Chop:
    """Bytes that leave in pieces of `size` octets."""

    data: bytes
    size: int = 1


@dataclass(frozen=True)
class See:
    """Goes on when so many events have come."""

    events: int


@dataclass(frozen=True)
class Quiet:
    """Nothing may come within the time, not even the end of the connection."""

    seconds: float = 0.2


Step = bytes | Chop | See | Quiet
"""Bytes are written at once; so a frame is split or joined with others only where a case wants it."""


@dataclass(frozen=True)
class Case:
    """What is sent to an echo server, and what has to come back.

    Whatever is expected, the server has to end the connection without a reset.
    """

    id: str
    """The number in the Autobahn test suite."""
    about: str
    steps: tuple[Step, ...]
    events: tuple[Event, ...] = ()
    """All that may come before the close frame, in this order."""
    codes: tuple[int | None, ...] | None = None
    """Codes of which the server's close frame has one, at most a second after the last step; None stands for a close
    frame without a code. Left out, the connection stays open until we close it with 1000, and the server answers so."""
    closing: bool = False
    """The steps hold our own close frame; so the server's is the answer to it, and is not answered again."""
    rest: bytes = b""
    """Sent if the close frame is not there after the steps: a server that looks at whole frames closes only now. The
    Autobahn test suite calls that not strict, and the RFC allows it."""


def echoed(kind: str, payload: bytes) -> tuple[Event, ...]:
    """The one message that comes back."""
    return ((kind, payload),)
