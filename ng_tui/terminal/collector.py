"""The collector of garbage stands still until the first frame: what a start makes stays, so it would find nothing."""

from __future__ import annotations

import gc


def hold() -> None:
    """Looks for no garbage until `let_go`."""
    gc.disable()


def let_go() -> None:
    """Looks for garbage again, and never among what is there now."""
    gc.freeze()
    gc.enable()
