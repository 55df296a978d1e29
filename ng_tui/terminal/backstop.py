"""The last barrier against foreign escapes: what textual and rich strip from every text they draw.

Event text is made safe by the engine. The tables here catch what reaches a widget by another way (a file name, an
error text, a translation). Both tables are private in their libraries, so `install` looks whether they work.
"""

from __future__ import annotations

from ng_tui.terminal import textual_internals

FORBIDDEN = frozenset(
    [code for code in range(0x20) if code not in (0x09, 0x0A)]
    + [0x7F]
    + list(range(0x80, 0xA0))
    + [0x200E, 0x200F]
    + list(range(0x202A, 0x202F))
    + list(range(0x2066, 0x206A))
)
"""Code points that no text may carry to the terminal: C0 except TAB and LF, DEL, C1, and bidi controls."""


def install() -> list[str]:
    """Extends both tables; returns what does not hold, empty when the barrier stands."""
    problems = []
    for name, table, strip in textual_internals.control_tables():
        if not isinstance(table, dict) or not callable(strip):
            problems.append(f"{name}: no strip table")
            continue
        table.update(dict.fromkeys(FORBIDDEN))
        if leaked := [code for code in sorted(FORBIDDEN) if strip(chr(code))]:
            problems.append(f"{name}: lets U+{leaked[0]:04X} through")
    return problems


_VISIBLE = {code: f"<{code:02x}>" for code in FORBIDDEN}


def clean(text: str) -> str:
    """The text with forbidden code points made visible as `<hex>`; for text that did not pass the engine."""
    return text.translate(_VISIBLE)
