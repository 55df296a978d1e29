"""Section 7: the closing handshake."""

from __future__ import annotations

from ..rawsocket import CONTINUATION, PING, TEXT, Event, close, frame
from .model import Case, Step, echoed
from .utf8 import GREEK, SURROGATE

NORMAL = (1000,)
PROTOCOL_ERROR = (1002,)
VALID = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
INVALID = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)
UNDEFINED = (5000, 65535)
"""Codes of which the RFC says nothing; ours is a server that takes them for invalid."""

_HELLO = frame(TEXT, b"Hello World!")
_LONG = (b"BAsd7&jh23" * 26215)[: 256 << 10]
_ROWS: list[tuple[str, str, tuple[Step, ...], tuple[Event, ...], tuple[int | None, ...]]] = [
    ("7.1.1", "A text, then a close frame.", (_HELLO, close(1000)), echoed("text", b"Hello World!"), NORMAL),
    ("7.1.2", "Two close frames.", (close(1000) + close(1000),), (), NORMAL),
    ("7.1.3", "A ping after the close frame is not answered.", (close(1000) + frame(PING),), (), NORMAL),
    ("7.1.4", "A text after the close frame is ignored.", (close(1000) + _HELLO,), (), NORMAL),
    (
        "7.1.5",
        "A close frame between two fragments ends the message.",
        (frame(TEXT, b"fragment1", fin=False) + close(1000) + frame(CONTINUATION, b"fragment2"),),
        (),
        NORMAL,
    ),
    (
        "7.1.6",
        "A text of 256 KiB, a short one, a close frame and a ping; what came before the close frame is answered.",
        (frame(TEXT, _LONG) + _HELLO + close(1000) + frame(PING),),
        (("text", _LONG), ("text", b"Hello World!")),
        NORMAL,
    ),
    ("7.3.1", "A close frame without payload.", (close(),), (), (None, 1000)),
    ("7.3.2", "A close frame of one octet.", (close(reason=b"a"),), (), PROTOCOL_ERROR),
    ("7.3.3", "A close frame with a code.", (close(1000),), (), NORMAL),
    ("7.3.4", "A close frame with a code and a reason.", (close(1000, b"Hello World!"),), (), NORMAL),
    ("7.3.5", "A close frame with the longest reason, 123 octets.", (close(1000, b"*" * 123),), (), NORMAL),
    ("7.3.6", "A close frame with a reason of 124 octets.", (close(1000, b"*" * 124),), (), PROTOCOL_ERROR),
    ("7.5.1", "A reason that is no UTF-8.", (close(1000, GREEK + SURROGATE + b"edited"),), (), (1007,)),
]

CASES: list[Case] = [
    *(Case(*row, closing=True) for row in _ROWS),
    *(
        Case(
            f"7.7.{number}",
            f"The valid code {code} is answered with itself.",
            (close(code),),
            codes=(code, 1000),
            closing=True,
        )
        for number, code in enumerate(VALID, 1)
    ),
    *(
        Case(f"7.9.{number}", f"The invalid code {code}.", (close(code),), codes=PROTOCOL_ERROR, closing=True)
        for number, code in enumerate(INVALID, 1)
    ),
    *(
        Case(f"7.13.{number}", f"The undefined code {code}.", (close(code),), codes=PROTOCOL_ERROR, closing=True)
        for number, code in enumerate(UNDEFINED, 1)
    ),
]
