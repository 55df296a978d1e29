"""A terminal that takes no more: what is written for it is thrown away, so that nobody waits for it.

Textual writes in a thread with a short queue. When a write fails, as after the terminal was closed, the thread ends,
and whoever writes next waits for room in the queue for ever, also on the way out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ng_tui.terminal import textual_internals


def install() -> Callable[[], None]:
    """Lets a writer whose terminal is gone go on taking until it is stopped. Returns a function that undoes it."""
    before = threading.excepthook

    def failed(what: threading.ExceptHookArgs) -> None:
        if textual_internals.is_writer(what.thread) and issubclass(what.exc_type, OSError):
            # Still in that thread, which ends with this function.
            textual_internals.throw_writes_away(what.thread)
            return
        before(what)

    threading.excepthook = failed

    def uninstall() -> None:
        threading.excepthook = before

    return uninstall
