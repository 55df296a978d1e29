"""The console as a process whose screen can be compared with what it drew: `python -m … FILE ARGUMENTS`.

On SIGUSR1 it writes the rows that it drew into FILE. On SIGUSR2 it writes over its own screen, as another program
would, and lets every row heal.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from ng_tui.cli import main
from ng_tui.terminal.linked_app import LinkedApp


def watched(file: Path) -> None:
    """Has the app listen to both signals."""
    begin = LinkedApp.on_mount

    def on_mount(self: LinkedApp) -> None:
        begin(self)
        loop = asyncio.get_running_loop()

        def tell() -> None:
            rows = [[segment.text for segment in line] for line in self.screen._compositor.render_strips()]
            draft = file.with_suffix(".draft")
            draft.write_text(json.dumps(["".join(row) for row in rows]))
            os.replace(draft, file)

        def spoil() -> None:
            assert self._driver is not None and self.thin_link is not None
            self._driver.write("\x1b[3;3H\x1b[31mwall: a message for everybody\x1b[K\x1b[m")
            for _ in range(self.size.height):
                self.thin_link._screen.heal()
                self.thin_link._send()

        loop.add_signal_handler(signal.SIGUSR1, tell)
        loop.add_signal_handler(signal.SIGUSR2, spoil)

    LinkedApp.on_mount = on_mount  # type: ignore[method-assign]


if __name__ == "__main__":
    watched(Path(sys.argv.pop(1)))
    main()
