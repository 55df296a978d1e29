"""Writing the records of a view to a private file, in slices so that the console stays quick."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ng_tui.client.interface import Ring, View
from ng_tui.screens.events.time_budget import SLICE_SECONDS
from ng_tui.text import fmt_stamp

_BATCH = 64


class Export:
    """One export under way: JSON lines, one record each, with the raw bytes as the engine has them."""

    def __init__(self, ring: Ring, view: View, until: int, path: Path) -> None:
        """Creates the file with mode 0600; it must not exist, and a link is not followed. Raises OSError."""
        self.path = path
        self.written = 0
        self.missing = 0
        """Records that left the ring before they could be written, and gaps."""
        self._ring = ring
        self._view = view
        self._until = until
        self._next = 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        self._file = os.fdopen(os.open(path, flags, 0o600), "wb")

    def step(self) -> bool:
        """Writes for one slice of time; True when everything up to `until` is written. Raises OSError."""
        begin = time.perf_counter()
        while time.perf_counter() - begin < SLICE_SECONDS:
            rows = self._view.rows(self._view.index_of(self._next), _BATCH)
            rows = [row for row in rows if row.seq < self._until]
            if not rows:
                self._file.close()
                return True
            for row in rows:
                line = None if row.gap is not None else self._ring.export(row.seq)
                if line is None:
                    self.missing += row.gap or 1
                else:
                    self._file.write(line + b"\n")
                    self.written += 1
            self._next = rows[-1].seq + 1
        return False

    def close(self) -> None:
        """Ends an export that is not finished; what was written stays."""
        self._file.close()


def export_path(folder: Path, now_ns: int) -> Path:
    """A name that says when: `neurograph-20260728-123456.jsonl`."""
    return folder / f"neurograph-{fmt_stamp(now_ns)}.jsonl"
