"""Sections 1 to 5 and 10: framing, pings and pongs, reserved bits, opcodes, fragments."""

from __future__ import annotations

from ..rawsocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Event, frame
from .model import Case, Chop, See, Step, echoed

PROTOCOL_ERROR = (1002,)
HELLO = b"Hello, world!"
NOT_TEXT = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"


def _sizes(section: int, opcode: int, octet: bytes) -> list[Case]:
    kind = "text" if opcode == TEXT else "binary"
    sizes = (0, 125, 126, 127, 128, 65535, 65536)
    cases = [
        Case(
            f"1.{section}.{number}",
            f"A {kind} message of {size} octets.",
            (frame(opcode, octet * size),),
            echoed(kind, octet * size),
        )
        for number, size in enumerate(sizes, 1)
    ]
    payload = octet * 65536
    chopped = Chop(frame(opcode, payload), 997)
    about = f"A {kind} message of 65536 octets, sent in pieces of 997."
    return [*cases, Case(f"1.{section}.8", about, (chopped,), echoed(kind, payload))]


def _pings() -> list[Case]:
    longest = b"\xfe" * 125
    ten = [b"payload-%d" % number for number in range(10)]
    pongs: tuple[Event, ...] = tuple(("pong", payload) for payload in ten)
    flood = b"".join(frame(PING, payload) for payload in ten)
    ours = frame(PONG, b"unsolicited pong payload")
    return [
        Case("2.1", "A ping without payload.", (frame(PING),), echoed("pong", b"")),
        Case("2.2", "A ping with text.", (frame(PING, b"Hello, world!"),), echoed("pong", b"Hello, world!")),
        Case("2.3", "A ping with octets that are no UTF-8.", (frame(PING, NOT_TEXT),), echoed("pong", NOT_TEXT)),
        Case("2.4", "A ping of 125 octets.", (frame(PING, longest),), echoed("pong", longest)),
        Case("2.5", "A ping of 126 octets.", (frame(PING, longest + b"\xfe"),), codes=PROTOCOL_ERROR),
        Case("2.6", "A ping of 125 octets, octet by octet.", (Chop(frame(PING, longest)),), echoed("pong", longest)),
        Case("2.7", "A pong that nobody asked for, without payload.", (frame(PONG),)),
        Case("2.8", "A pong that nobody asked for, with payload.", (ours,)),
        Case(
            "2.9",
            "An unasked pong, then a ping.",
            (ours, frame(PING, b"ping payload")),
            echoed("pong", b"ping payload"),
        ),
        Case("2.10", "Ten pings at once.", (flood,), pongs),
        Case("2.11", "Ten pings, octet by octet.", (Chop(flood),), pongs),
    ]


def _reserved_bits() -> list[Case]:
    hello, ping = frame(TEXT, HELLO), frame(PING)
    echo = echoed("text", HELLO)

    def rsv(bits: int, opcode: int = TEXT, payload: bytes = HELLO) -> bytes:
        return frame(opcode, payload, rsv=bits)

    rows: list[tuple[str, tuple[Step, ...], tuple[Event, ...]]] = [
        ("A text with reserved bits 1.", (rsv(1),), ()),
        ("A text, one with reserved bits 2, and a ping.", (hello + rsv(2) + ping,), echo),
        ("A text, one with reserved bits 3, and a ping, frame by frame.", (hello, rsv(3), ping), echo),
        ("A text, one with reserved bits 4, and a ping, octet by octet.", (Chop(hello + rsv(4) + ping),), echo),
        ("A binary message with reserved bits 5.", (rsv(5, BINARY, NOT_TEXT),), ()),
        ("A ping with reserved bits 6.", (rsv(6, PING),), ()),
        ("A close frame with reserved bits 7.", (rsv(7, CLOSE, b"\x03\xe8"),), ()),
    ]
    return [
        Case(f"3.{number}", about, steps, events, PROTOCOL_ERROR)
        for number, (about, steps, events) in enumerate(rows, 1)
    ]


def _opcodes(section: int, first: int) -> list[Case]:
    """Five opcodes without a meaning, from `first` on."""
    hello, ping = frame(TEXT, HELLO), frame(PING)
    cases = []
    for number, opcode in enumerate(range(first, first + 5), 1):
        bad = frame(opcode, HELLO if number in (2, 4, 5) else b"")
        about = f"A frame of the reserved opcode {opcode}"
        if number < 3:
            case = Case(f"4.{section}.{number}", f"{about}.", (bad,), codes=PROTOCOL_ERROR)
        else:
            bad = hello + bad + ping
            step: Step = Chop(bad) if number == 5 else bad
            about += " between a text and a ping" + (", octet by octet." if number == 5 else ".")
            case = Case(f"4.{section}.{number}", about, (step,), echoed("text", HELLO), PROTOCOL_ERROR)
        cases.append(case)
    return cases


def _fragments() -> list[Case]:
    one, two = frame(TEXT, b"fragment1", fin=False), frame(CONTINUATION, b"fragment2")
    ping = frame(PING, b"ping payload")
    whole = echoed("text", b"fragment1fragment2")
    ponged = (*echoed("pong", b"ping payload"), *whole)
    parts = [frame(CONTINUATION, b"fragment%d" % number, fin=number == 5) for number in range(2, 6)]
    ping1, ping2 = frame(PING, b"pongme 1!"), frame(PING, b"pongme 2!")
    five = (("pong", b"pongme 1!"), ("pong", b"pongme 2!"), ("text", b"fragment1fragment2fragment3fragment4fragment5"))
    stray, open_stray = (frame(CONTINUATION, b"non-continuation payload", fin=fin) for fin in (True, False))
    hello = frame(TEXT, HELLO)
    late = frame(CONTINUATION, b"fragment3", fin=False) + frame(TEXT, b"fragment4")
    middle = frame(TEXT, b"fragment2", fin=False) + frame(CONTINUATION, b"fragment3")
    ways = ("at once", "frame by frame", "octet by octet")

    def sent(*frames: bytes) -> list[tuple[Step, ...]]:
        joined = b"".join(frames)
        return [(joined,), frames, (Chop(joined),)]

    rows: list[tuple[str, tuple[Step, ...], tuple[Event, ...], bool]] = [
        ("A ping in two fragments.", (frame(PING, b"fragment1", fin=False) + two,), (), True),
        ("A pong in two fragments.", (frame(PONG, b"fragment1", fin=False) + two,), (), True),
    ]
    for way, steps in zip(ways, sent(one, two), strict=True):
        rows.append((f"A text in two fragments, {way}.", steps, whole, False))
    for way, steps in zip(ways, sent(one, ping, two), strict=True):
        rows.append((f"A ping between two fragments, {way}.", steps, ponged, False))
    for last, first in (("a last", stray), ("a further", open_stray)):
        for way, steps in zip(ways, sent(first, hello), strict=True):
            rows.append((f"Where nothing is to be continued: {last} fragment, then a text, {way}.", steps, (), True))
    rows += [
        (
            "A text in two fragments, then a fragment that continues nothing, then a text.",
            (one + two + late,),
            whole,
            True,
        ),
        (
            "Twice: a fragment that continues nothing, then a text in two fragments.",
            ((open_stray + middle) * 2,),
            (),
            True,
        ),
        (
            "Twice: a last fragment that continues nothing, then a text in two fragments.",
            ((stray + middle) * 2,),
            (),
            True,
        ),
        ("A text in two fragments that both have the opcode of a text.", (one + frame(TEXT, b"fragment2"),), (), True),
        (
            "A text in five fragments with two pings; the first is answered before the rest is sent.",
            (one + parts[0] + ping1, See(1), parts[1] + parts[2] + ping2 + parts[3]),
            five,
            False,
        ),
        (
            "A text in five fragments with two pings, frame by frame.",
            (one, parts[0], ping1, See(1), parts[1], parts[2], ping2, parts[3]),
            five,
            False,
        ),
    ]
    return [
        Case(f"5.{number}", about, steps, events, PROTOCOL_ERROR if fails else None)
        for number, (about, steps, events, fails) in enumerate(rows, 1)
    ]


def _many_fragments() -> Case:
    payload, size = b"*" * 65536, 1300
    starts = range(0, len(payload), size)
    frames = b"".join(
        frame(CONTINUATION if start else TEXT, payload[start : start + size], fin=start == starts[-1])
        for start in starts
    )
    return Case("10.1.1", "A text of 65536 octets in fragments of 1300.", (frames,), echoed("text", payload))


CASES: list[Case] = [
    *_sizes(1, TEXT, b"*"),
    *_sizes(2, BINARY, b"\xfe"),
    *_pings(),
    *_reserved_bits(),
    *_opcodes(1, 3),
    *_opcodes(2, 11),
    *_fragments(),
    _many_fragments(),
]
