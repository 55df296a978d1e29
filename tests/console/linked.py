"""The console in a real terminal, whose screen is compared with what the console drew."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pyte

from ng_tui.terminal.pacing import QUESTION
from ng_tui.terminal.thin_link import clusters
from tests.console.linked_console import MARK
from tests.end_to_end.terminal import Terminal

ROOT = Path(__file__).parents[2]

SETTLED = ("a", "word ", "     ", "é", "│", "漢字", "я", "⡀⣿", "한")
UNSETTLED = ("👩‍👩‍👧", "e\u0301", "⚠\ufe0f", "😀", "שלום", "क्षि")
"""Texts whose width terminals disagree about, or which some of them reorder."""

NEAR, STRAY = 2, 1000
"""Cells before and behind an unsettled text that the emulator may show differently, for it does not know clusters; and
behind one where the next cell is not addressed, as when Textual writes by itself: the rest of the row has moved."""


Look = list[object]
"""What `linked_console.look_of` says of a style."""

Row = list[tuple[str, Look]]
"""Texts that were drawn beside each other, each with its look."""


@dataclass
class Compared:
    """What a comparison of a screen with what was drawn found."""

    cells: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def report(self) -> str:
        """The first of what is wrong."""
        return "\n".join(self.wrong[:20])


def compare(screen: pyte.Screen, rows: list[Row], behind: int = NEAR) -> Compared:
    """Compares each cell of the emulator with what was drawn; those near unsettled texts are left out.

    `behind`: cells behind such a text that are left out.
    """
    found = Compared()
    for y, row in enumerate(rows):
        cells = list(cells_of(row))
        odd = [x for x, (cell, _) in enumerate(cells) if cell and (len(cell) > 1 or cell in "".join(UNSETTLED))]
        for x, (cell, look) in enumerate(cells[: screen.columns]):
            if not all(not place - NEAR <= x <= place + behind for place in odd):
                continue
            found.cells += 1
            seen = screen.buffer[y][x]
            if seen.data != cell:
                found.wrong.append(f"{y}:{x} {seen.data!r} for {cell!r} in {text_of(row)!r}")
            elif (differs := difference(seen, cell, look)) is not None:
                found.wrong.append(f"{y}:{x} {differs} at {cell!r} in {text_of(row)!r}")
    return found


def cells_of(row: Row) -> Iterator[tuple[str, Look]]:
    """What is to stand in each cell of a row; the second half of a wide cluster is empty."""
    for text, look in row:
        for cluster, width in clusters(text):
            for part in list(cluster) if width == 0 else [cluster, *[""] * (width - 1)]:
                yield part, look


def difference(seen: pyte.screens.Char, cell: str, look: Look) -> str | None:
    """In what a cell looks otherwise than drawn; None when it does not. On a blank one only some of it is seen."""
    names = ("fg", "bg", "bold", "italics", "underscore", "reverse")
    for name, wanted in zip(names, look, strict=False):
        is_seen = cell.strip() or name in {"bg", "underscore", "reverse"}
        if cell and is_seen and wanted != "" and getattr(seen, name) != wanted:
            return f"{name} {getattr(seen, name)!r} for {wanted!r}"
    return None


def text_of(row: Row) -> str:
    """The text of a row."""
    return "".join(text for text, _ in row)


def wrong_cells(screen: pyte.Screen, rows: list[str]) -> list[str]:
    """Cells of the emulator that differ from the text of the rows; those near unsettled texts are left out."""
    return compare(screen, [[(text, [])] for text in rows]).wrong


def write_lines(path: Path, count: int, first: int = 0, hard: tuple[str, ...] = (*SETTLED, *UNSETTLED)) -> None:
    """Lines with everything that is hard to draw."""
    with path.open("a") as file:
        for number in range(first, first + count):
            level = ("INFO", "WARN", "ERROR")[number % 3]
            text = f"{number} {hard[number % len(hard)]} of {number * 7919 % 10007} end"
            file.write(f"2026-11-29T10:00:00Z {level} app: {text}\n")


def environment(folder: Path) -> dict[str, str]:
    """Folders of its own for a console."""
    runtime = folder / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    folders = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "STATE", "DATA")}
    return {**folders, "XDG_RUNTIME_DIR": str(runtime), "PYTHONPATH": str(ROOT)}


def command(drawn: Path, log: Path, setting: str) -> list[str]:
    """What runs the console on a log and tells what it drew."""
    program = [sys.executable, "-m", "tests.console.linked_console", str(drawn)]
    return [*program, "--set", f"console.link={setting}", "--file", str(log)]


class Linked(Terminal):
    """A console in a real terminal; `settle` waits until the screen is what the console drew."""

    def __init__(
        self,
        folder: Path,
        *,
        columns: int = 100,
        rows: int = 30,
        setting: str = "thin",
        delay: float = 0.0,
        **more: str,
    ) -> None:
        """`delay`: seconds until the terminal answers; `answered` counts what was answered while the console ran."""
        self.answered, self._delay, self._asked = 0, delay, list[float]()
        self._behind = STRAY if setting == "stock" else NEAR
        self._cut, self._marked, self._compared = b"", False, Compared()
        self.drawn, self.log = folder / "drawn.json", folder / "app.log"
        self.log.touch()
        first, *rest = command(self.drawn, self.log, setting)
        env = {**environment(folder), "COLORTERM": "truecolor", **more}
        super().__init__(rest, columns=columns, rows=rows, env=env, program=(first,))

    def pump(self, seconds: float = 0.05) -> bool:
        """Answers where the cursor is, as terminals do."""
        before = len(self.raw)
        alive = super().pump(seconds)
        now = time.monotonic()
        self._asked += [now] * bytes(self.raw[before:]).count(QUESTION.encode())
        while self._asked and now - self._asked[0] >= self._delay:
            del self._asked[0]
            if alive and self.status is None:
                self.send("\x1b[1;1R")
                self.answered += 1
        return alive

    def compare(self, seconds: float = 20.0) -> Compared:
        """Compares the screen with what the console has drawn, both at the moment when nothing is left to be sent."""
        end = time.monotonic() + seconds
        self.drawn.unlink(missing_ok=True)
        self._marked = False
        self.signal(signal.SIGUSR1)
        while not self._marked:
            assert self.pump() and time.monotonic() < end, f"nothing was told; the screen shows:\n{self.text()}"
        return self._compared

    def settle(self, seconds: float = 20.0) -> None:
        """Waits until not one cell is wrong."""
        end = time.monotonic() + seconds
        while (found := self.compare(seconds)).wrong:
            assert time.monotonic() < end, "\n".join([found.report, self.text()])

    def show(self, data: bytes) -> None:
        """Puts what was written on the screen; where the console told what it drew, the two are compared."""
        mark, self._cut = MARK.encode(), self._cut + data
        while mark in self._cut:
            before, _, self._cut = self._cut.partition(mark)
            super().show(before)
            self._marked, self._compared = True, compare(self.screen, json.loads(self.drawn.read_text()), self._behind)
        # The beginning of a mark waits for its end.
        held = next((size for size in range(len(mark) - 1, 0, -1) if self._cut.endswith(mark[:size])), 0)
        shown, self._cut = self._cut[: len(self._cut) - held], self._cut[len(self._cut) - held :]
        super().show(shown)


class InTmux:
    """A console inside tmux, which nobody looks at."""

    def __init__(self, folder: Path) -> None:
        self.drawn, self.log, self._socket = folder / "drawn.json", folder / "app.log", str(folder / "tmux")
        self.log.touch()
        variables = [f"{name}={value}" for name, value in {**environment(folder), "LC_ALL": "C.UTF-8"}.items()]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "env", *variables, *self._command())
        self.pid = int(self.tmux("list-panes", "-F", "#{pane_pid}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.tmux("kill-server")

    def tmux(self, *arguments: str) -> str:
        """Asks the server."""
        done = subprocess.run(
            ["tmux", "-u", "-S", self._socket, *arguments], capture_output=True, text=True, check=True, timeout=20
        )
        return done.stdout

    def keys(self, keys: str) -> None:
        """Types."""
        self.tmux("send-keys", keys)

    def settle(self, text: str = "", seconds: float = 20.0) -> None:
        """Waits until every row is as drawn, and a text is among them."""
        end, wrong = time.monotonic() + seconds, ["nothing was told"]
        while time.monotonic() < end:
            time.sleep(0.2)
            self.drawn.unlink(missing_ok=True)
            if "Events" in (seen := self.tmux("capture-pane", "-p")):
                os.kill(self.pid, signal.SIGUSR1)
                time.sleep(0.2)
            if self.drawn.exists():
                rows = [text_of(row).rstrip() for row in json.loads(self.drawn.read_text())]
                seen = self.tmux("capture-pane", "-p")
                shown = [row.rstrip() for row in seen.split("\n")[: len(rows)]]
                wrong = [f"{a!r} for {b!r}" for a, b in zip(shown, rows, strict=True) if a != b]
                if not wrong and text in seen:
                    return
        raise AssertionError("\n".join([*wrong[:20], seen]))

    def _command(self) -> list[str]:
        return command(self.drawn, self.log, "thin")
