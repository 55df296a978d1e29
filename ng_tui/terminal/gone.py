"""A terminal that takes no more: what is written for it is thrown away, so that nobody waits for it.

Textual writes in a thread with a short queue. When a write fails, as after the terminal was closed, the thread ends,
and whoever writes next waits for room in the queue for ever, also on the way out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from textual.drivers._writer_thread import WriterThread


def install() -> Callable[[], None]:
    """Lets a writer whose terminal is gone go on taking until it is stopped. Returns a function that undoes it."""
    before = threading.excepthook

    def failed(what: threading.ExceptHookArgs) -> None:
        if isinstance(what.thread, WriterThread) and issubclass(what.exc_type, OSError):
            # Still in that thread, which ends with this function.
            while what.thread._queue.get() is not None:
                pass
            return
        before(what)

    threading.excepthook = failed

    def uninstall() -> None:
        threading.excepthook = before

    return uninstall
