"""Section 6: texts are UTF-8, whole and in time.

The sequences of 6.5 to 6.23 are those of Markus Kuhn's decoder stress test.
"""

from __future__ import annotations

from itertools import product

from ..rawsocket import CONTINUATION, TEXT, frame
from .model import Case, Quiet, Step, echoed

BAD_UTF8 = (1007,)
GREEK = "κ\u1f79σμε".encode()
"""Eleven octets: the accent is of the old block, which takes three."""
LATIN = "Hello-µ@ßöäüàá-UTF-8!!".encode()
SURROGATE = b"\xed\xa0\x80"
TOO_HIGH = b"\xf4\x90\x80\x80"
"""The code point after the last one, U+110000; the second octet settles that it is wrong."""


def _fragmented(payload: bytes, *lengths: int) -> bytes:
    """A text in fragments of these lengths, and of one octet each for what remains."""
    parts, start = [], 0
    for length in [*lengths, *[1] * (len(payload) - sum(lengths))]:
        parts.append(payload[start : start + length])
        start += length
    return b"".join(
        frame(CONTINUATION if place else TEXT, part, fin=place == len(parts) - 1) for place, part in enumerate(parts)
    )


def _valid() -> list[Case]:
    middle = b"middle frame payload"
    rows: list[tuple[str, str, bytes, bytes]] = [
        ("6.1.1", "An empty text.", frame(TEXT), b""),
        ("6.1.2", "A text in three empty fragments.", _fragmented(b"", 0, 0, 0), b""),
        ("6.1.3", "A text in three fragments, the first and the last empty.", _fragmented(middle, 0, 20, 0), middle),
        ("6.2.1", "A text with letters of two octets.", frame(TEXT, LATIN), LATIN),
        (
            "6.2.2",
            "A text in two fragments, split between two letters.",
            _fragmented(LATIN, 11, len(LATIN) - 11),
            LATIN,
        ),
        ("6.2.3", "A text in fragments of one octet, which split letters.", _fragmented(LATIN), LATIN),
        ("6.2.4", "A Greek text in fragments of one octet.", _fragmented(GREEK), GREEK),
    ]
    return [Case(id, about, (sent,), echoed("text", text)) for id, about, sent, text in rows]


def _invalid() -> list[Case]:
    payload = GREEK + SURROGATE + b"edited"
    return [
        Case("6.3.1", "A text with a surrogate.", (frame(TEXT, payload),), codes=BAD_UTF8),
        Case("6.3.2", "A text with a surrogate, in fragments of one octet.", (_fragmented(payload),), codes=BAD_UTF8),
    ]


def _fail_fast() -> list[Case]:
    """A wrong octet is answered when it comes, not when the message is complete."""
    payload = GREEK + TOO_HIGH + b"edited"
    cases = []
    for number, (start, end) in enumerate([(len(GREEK), len(GREEK) + 4), (len(GREEK) + 1, len(GREEK) + 2)], 1):
        what = "the wrong code point" if number == 1 else "the octet that makes it wrong"
        parts = payload[:start], payload[start:end], payload[end:]
        frames = [frame(TEXT if place == 0 else CONTINUATION, part, fin=place == 2) for place, part in enumerate(parts)]
        steps: tuple[Step, ...] = (frames[0], Quiet(), frames[1])
        cases.append(Case(f"6.4.{number}", f"A text up to and with {what}, as fragments.", steps, codes=BAD_UTF8))
        whole = frame(TEXT, payload)
        head = len(whole) - len(payload)
        steps = (whole[: head + start], Quiet(), whole[head + start : head + end])
        about = f"A text up to and with {what}, as pieces of one frame."
        cases.append(Case(f"6.4.{number + 2}", about, steps, codes=BAD_UTF8, rest=whole[head + end :]))
    return sorted(cases, key=lambda case: case.id)


_UNFINISHED = [
    *(b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xf8\x80\x80\x80", b"\xfc\x80\x80\x80\x80"),
    *(b"\xdf", b"\xef\xbf", b"\xf7\xbf\xbf", b"\xfb\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf"),
]
_HIGH = (b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xae\x80", b"\xed\xaf\xbf")
_LOW = (b"\xed\xb0\x80", b"\xed\xbf\xbf")
_LONELY = ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD))
_NO_CHARACTER = [chr(plane << 16 | last).encode() for plane, last in product(range(1, 17), (0xFFFE, 0xFFFF))]

SEQUENCES: list[tuple[str, bool | None, list[bytes]]] = [
    (
        "text",
        True,
        [b"hello$world", b"hello\xc2\xa2world", b"hello\xe2\x82\xacworld", b"hello\xf0\xa4\xad\xa2world", GREEK],
    ),
    ("a beginning of a Greek word", None, [GREEK[:length] for length in range(1, len(GREEK) + 1)]),
    ("the first code point of a length", True, [b"\x00", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80"]),
    ("the first sequence of five or six octets", False, [b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80"]),
    ("the last code point of a length", True, [b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"]),
    (
        "the last sequence of four, five or six octets",
        False,
        [b"\xf7\xbf\xbf\xbf", b"\xfb\xbf\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf\xbf"],
    ),
    (
        "the edge of a range",
        None,
        [b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbd", b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80"],
    ),
    (
        "continuation octets alone",
        False,
        [b"\x80", b"\xbf", *((b"\x80\xbf" * 3)[:length] for length in range(2, 7)), bytes(range(0x80, 0xBF))],
    ),
    (
        "first octets, each with a space after it",
        False,
        [b"".join(bytes([octet, 0x20]) for octet in range(first, last)) for first, last in _LONELY],
    ),
    ("a sequence without its last octet", False, _UNFINISHED),
    ("all the sequences without their last octet", False, [b"".join(_UNFINISHED)]),
    ("octets that UTF-8 does not have", False, [b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"]),
    (
        "a slash that is longer than needed",
        False,
        [b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xf8\x80\x80\x80\xaf", b"\xfc\x80\x80\x80\x80\xaf"],
    ),
    (
        "the highest code point that is longer than needed",
        False,
        [b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xf8\x87\xbf\xbf\xbf", b"\xfc\x83\xbf\xbf\xbf\xbf"],
    ),
    (
        "a NUL that is longer than needed",
        False,
        [b"\xc0\x80", b"\xe0\x80\x80", b"\xf0\x80\x80\x80", b"\xf8\x80\x80\x80\x80", b"\xfc\x80\x80\x80\x80\x80"],
    ),
    ("one surrogate", False, [*_HIGH, b"\xed\xb0\x80", b"\xed\xbe\x80", b"\xed\xbf\xbf"]),
    ("a pair of surrogates", False, [high + low for high, low in product(_HIGH, _LOW)]),
    ("a code point that is no character", True, [b"\xef\xbf\xbe", b"\xef\xbf\xbf", *_NO_CHARACTER]),
    ("a special code point", True, [chr(point).encode() for point in range(0xFFF9, 0x10000)]),
]
"""What a group holds, whether its sequences are UTF-8 (None: some are), and the sequences; the first is 6.5."""


def is_utf8(data: bytes) -> bool:
    """Whether Python reads the bytes as UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _sequences() -> list[Case]:
    cases = []
    for section, (what, _, payloads) in enumerate(SEQUENCES, 5):
        for number, payload in enumerate(payloads, 1):
            about = f"A text of one frame: {what}, {payload.hex(' ')}."
            if is_utf8(payload):
                case = Case(f"6.{section}.{number}", about, (frame(TEXT, payload),), echoed("text", payload))
            else:
                case = Case(f"6.{section}.{number}", about, (frame(TEXT, payload),), codes=BAD_UTF8)
            cases.append(case)
    return cases


CASES: list[Case] = [*_valid(), *_invalid(), *_fail_fast(), *_sequences()]
