"""The console as a process that can be asked what it holds: `counted_console.py SOCKET ARGUMENTS`.

Who connects to the Unix socket hears one line of JSON: keys that wait for their turn, widgets of all screens, tasks,
objects that the garbage collector knows, and the types of most of them. On SIGUSR2 it writes where its threads are to
SOCKET.stacks.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import json
import os
import signal
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from ng_tui.cli import main
from ng_tui.terminal.capabilities import prepare_environment

if TYPE_CHECKING:
    from ng_tui.terminal.linked_app import LinkedApp

TYPES = 60
"""Types that are told, those with most objects."""


def counts(app: LinkedApp) -> dict[str, Any]:
    """What the console holds, after what is garbage was collected; toasts, which go by themselves, are left out."""
    from textual.widgets._toast import Toast, ToastHolder

    gc.collect()
    types = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
    widgets = [widget for screen in app.screen_stack for widget in screen.query("*")]
    toasts = sum(isinstance(widget, (Toast, ToastHolder)) for widget in widgets)
    return {
        "typed": len(app._typed),
        "widgets": len(widgets) - toasts,
        "tasks": len(asyncio.all_tasks()) - toasts,
        "objects": types.total(),
        "types": dict(types.most_common(TYPES)),
    }


def counted(path: str) -> None:
    """Has the app answer on the socket."""
    prepare_environment(os.environ)
    from ng_tui.terminal.linked_app import LinkedApp  # After that, which says what Textual finds.

    faulthandler.register(signal.SIGUSR2, os.open(f"{path}.stacks", os.O_WRONLY | os.O_CREAT, 0o600))
    begin = LinkedApp.on_mount

    def on_mount(self: LinkedApp) -> None:
        begin(self)

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(json.dumps(counts(self)).encode())
            await writer.drain()
            writer.close()

        self._answers = asyncio.create_task(asyncio.start_unix_server(answer, path))  # type: ignore[attr-defined]

    LinkedApp.on_mount = on_mount  # type: ignore[method-assign]


if __name__ == "__main__":
    counted(sys.argv.pop(1))
    main()
