"""Filters as text, put together."""

from __future__ import annotations


def both(first: str, second: str) -> str | None:
    """The filter for what two of them let through; None where one is written in JSON, which stands alone."""
    parts = [part for part in (first.strip(), second.strip()) if part]
    if len(parts) == 2 and any(part.startswith("{") for part in parts):
        return None
    return " ".join(f"({part})" for part in parts) if len(parts) == 2 else "".join(parts)
