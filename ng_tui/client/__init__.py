"""Clients of an engine. Nothing in this package imports textual.

`NeuroGraphClient` and `NeuroGraphClientSync` are for programs; the console uses what is below them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ng_tui.client.library import NeuroGraphClient
    from ng_tui.client.sync import NeuroGraphClientSync

__all__ = ["NeuroGraphClient", "NeuroGraphClientSync"]

_PLACES = {"NeuroGraphClient": "library", "NeuroGraphClientSync": "sync"}


def __getattr__(name: str) -> object:
    """Loads what needs HTTP and WebSockets when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
