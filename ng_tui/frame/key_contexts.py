"""Which keys work where the focus is: the contexts of the table of keys, from the innermost node outwards."""

from __future__ import annotations

from collections.abc import Sequence

from textual.dom import DOMNode

from ng_tui.keymap import Action
from ng_tui.terminal.textual_internals import bindings_at


def contexts_of(chain: Sequence[DOMNode]) -> list[str]:
    """The contexts of the nodes, the first node's first; `app` last."""
    found: list[str] = []
    for node in chain:
        for binding in bindings_at(node):
            context = (binding.id or "").split(".", 1)[0]
            if context and context not in found:
                found.append(context)
    return [*[context for context in found if context != "app"], "app"]


def owner_of(action: Action, chain: Sequence[DOMNode]) -> DOMNode:
    """The first node that has a key for the action; the last where none has."""
    return next((node for node in chain if any(binding.id == action.id for binding in bindings_at(node))), chain[-1])
