"""The grammar of what the console may write to a terminal; everything else in its output came from somewhere else."""

from __future__ import annotations

import re
import unicodedata

MODES = {7, 25, 1000, 1002, 1003, 1004, 1006, 1015, 1016, 1049, 2004, 2026, 2048}
"""Private modes that Textual switches: wrap, cursor, mouse, focus, alternate screen, paste, frames, resize."""

_SEQUENCE = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]*)m"
    r"|\x1b\[(?P<place>(?:\d+(?:;\d+)?)?H|\d*[CG]|\d+D)"
    r"|\x1b\[(?P<lines>K|\d+[XML])"
    r"|\x1b\[\?(?P<modes>\d+)[hl]"
    r"|\x1b\[\?(?P<asked>2026|2048)\$p"
    r"|\x1b\[(?P<keys>>25u|<u)"
    r"|\x1b\[(?P<region>(?:\d+;\d+)?r)"
    r"|\x1b\[(?P<question>6n)"
    r"|\x1b\](?P<pointer>22;(?:default|pointer|text))\x07"
    r"|\x1b\](?P<clipboard>52;c;[A-Za-z0-9+/]*=*)\x07"
)

HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"}
"""General categories of what is not drawn: controls, formats with bidi and zero width, separators, private use."""


def foreign(raw: bytes, extra: str = "") -> list[str]:
    """What stands in the output and is neither text nor a sequence of ours; empty when the output is clean.

    Scan the whole output of a program that has ended: a sequence may be cut where a read ended. `extra` are more
    characters that the program may write.
    """
    text, found = raw.decode("utf-8", "backslashreplace"), []
    at = 0
    while at < len(text):
        if (match := _SEQUENCE.match(text, at)) is not None:
            if match["modes"] is not None and int(match["modes"]) not in MODES:
                found.append(around(text, at))
            at = match.end()
            continue
        char = text[at]
        if unicodedata.category(char) in HIDDEN and char not in extra and not allowed(text, at):
            found.append(around(text, at))
        at += 1
    return found


def clipboards(raw: bytes) -> list[bytes]:
    """The base64 contents that were sent to the terminal's clipboard."""
    return re.findall(rb"\x1b\]52;c;([^\x07\x1b]*)", raw)


def allowed(text: str, at: int) -> bool:
    """Line ends, a step back, and the joiner between two emoji."""
    char = text[at]
    return char in "\r\n\b" or (char == "\u200d" and 0 < at < len(text) - 1 and text[at - 1] > "\u2000")


def around(text: str, at: int) -> str:
    """The place for a failure message."""
    return ascii(text[max(0, at - 30) : at + 30])
