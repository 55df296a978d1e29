"""What a person does at the console, as keys: for the rows that look at it for long."""

from __future__ import annotations

SIZES = ((100, 30), (80, 24), (140, 40), (61, 16), (200, 50))
"""Columns and rows of a terminal that is resized."""

DEEDS = (
    ("the screens", ("2", "3", "4", "5", "1")),
    ("modules", ("2", "j", "\r", "j", "\x1b", "s", "1")),
    ("metrics", ("3", "+", "M", "\x1b", "-", "1")),
    ("rules", ("4", "j", "i", "\x1b", "1")),
    ("patterns", ("5", "j", "s", "j", "1")),
    ("help", ("?", "\x1b")),
    ("the palette", (":", "them", "\x1b")),
    ("notices", ("!", "\x1b")),
    ("a theme", ("\x14",)),
    ("reading", ("k", "k", "\x1b[5~", "\x1b[5~", "\x1b[6~", "g", "j", "L")),
    ("a pause", (" ", "\x04", "\x15", "L")),
    ("a filter", ("f", "level>=warn", "\r", "k", "f", "\x15", "\r", "L")),
    ("a search", ("/", "n", "\r", "n", "N", "\x1b", "L")),
    ("a detail", ("k", "\r", "k", "\x1b", "L")),
    ("columns and time", ("x", "T", "l", "h")),
)
"""Each leaves the tail running, as it was before."""

BASE = ("\x1b", "\x1b", "1", "f", "\x15", "\r", "L")
"""Back to the tail, whatever was open: no window, no filter."""
