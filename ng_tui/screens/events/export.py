"""Writing the records of history and of a view to a private file, in slices so that the console stays quick."""

from __future__ import annotations

import os
import time
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from ng_tui.client.interface import Page, PageQuery, Ring
from ng_tui.client.wire import Row
from ng_tui.screens.events.time_budget import SLICE_SECONDS
from ng_tui.screens.events.window import Window
from ng_tui.text import fmt_stamp

_BATCH = 64
_PAGE = 1000
"""Records of history that are asked for at a time."""


class Export:
    """One export under way: JSON lines, one record each, with the raw bytes as the engine has them."""

    def __init__(self, ring: Ring, window: Window, filter: str, path: Path) -> None:
        """Creates the file with mode 0600; it must not exist, and a link is not followed. Raises OSError.

        Before the records of the window come those of history that pass the filter.
        """
        self.path = path
        self.written = 0
        self.missing = 0
        """Records that left the ring before they could be written, and gaps."""
        self._ring = ring
        self._view = window.view
        self._until = window.state.next_seq
        self._next = 0
        self._first = window.state.first_seq
        self._past = ring.past
        self._query = PageQuery(filter, limit=_PAGE)
        self._page: Future[Page] | None = None
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        self._file = os.fdopen(os.open(path, flags, 0o600), "wb")

    def step(self) -> bool:
        """Writes for one slice of time; True when everything up to `until` is written. Raises OSError, ConsoleError."""
        begin = time.perf_counter()
        while time.perf_counter() - begin < SLICE_SECONDS:
            if self._past is not None:
                if self._page is None:
                    self._page = self._past.page(self._query)
                if not self._page.done():
                    return False
                self._take(self._page.result())
                continue
            rows = self._view.rows(self._view.index_of(self._next), _BATCH)
            rows = [row for row in rows if row.seq < self._until]
            if not rows:
                self._file.close()
                return True
            self._write(self._ring, rows)
            self._next = rows[-1].seq + 1
        return False

    def _take(self, page: Page) -> None:
        """Writes a page of history, and asks for what follows."""
        self._write(page.ring, [row for row in page.view.rows(0, page.count) if row.seq < self._first])
        self._page = None
        self._query = replace(self._query, from_seq=page.end)
        if page.is_newest or page.end >= self._first:
            self._past = None

    def _write(self, ring: Ring, rows: list[Row]) -> None:
        for row in rows:
            line = None if row.gap is not None else ring.export(row.seq)
            if line is None:
                self.missing += row.gap or 1
            else:
                self._file.write(line + b"\n")
                self.written += 1

    def close(self) -> None:
        """Ends an export that is not finished; what was written stays."""
        if self._page is not None:
            self._page.cancel()
        self._file.close()


def export_path(folder: Path, now_ns: int) -> Path:
    """A name that says when: `neurograph-20260728-123456.jsonl`."""
    return folder / f"neurograph-{fmt_stamp(now_ns)}.jsonl"
