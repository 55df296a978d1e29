"""The console in a real terminal, whose screen is compared with what the console drew."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pyte

from ng_tui.terminal.pacing import QUESTION
from ng_tui.terminal.thin_link import clusters
from tests.end_to_end.terminal import Terminal

SETTLED = ("a", "word ", "     ", "é", "│", "漢字", "я", "⡀⣿", "한")
UNSETTLED = ("👩‍👩‍👧", "e\u0301", "⚠\ufe0f", "😀", "שלום", "क्षि")
"""Texts whose width terminals disagree about, or which some of them reorder."""

NEAR = 14
"""Cells beside an unsettled text that the emulator may show differently: it does not know clusters."""


def wrong_cells(screen: pyte.Screen, rows: list[str]) -> list[str]:
    """Cells of the emulator that differ from the text of the rows; those near unsettled texts are left out."""
    found = []
    for y, text in enumerate(rows):
        cells: list[str | None] = []
        for cluster, width in clusters(text):
            cells += list(cluster) if width == 0 else [cluster, *[""] * (width - 1)]
        odd = [x for x, cell in enumerate(cells) if cell and (len(cell) > 1 or cell in "".join(UNSETTLED))]
        for x, cell in enumerate(cells[: screen.columns]):
            if all(not place - 2 <= x <= place + NEAR for place in odd) and screen.buffer[y][x].data != cell:
                found.append(f"{y}:{x} {screen.buffer[y][x].data!r} for {cell!r} in {text!r}")
    return found


def write_lines(path: Path, count: int, first: int = 0) -> None:
    """Lines with everything that is hard to draw."""
    hard = (*SETTLED, *UNSETTLED)
    with path.open("a") as file:
        for number in range(first, first + count):
            level = ("INFO", "WARN", "ERROR")[number % 3]
            text = f"{number} {hard[number % len(hard)]} of {number * 7919 % 10007} end"
            file.write(f"2026-11-29T10:00:00Z {level} app: {text}\n")


class Linked(Terminal):
    """A console in a real terminal; `settle` waits until the screen is what the console drew."""

    def __init__(self, folder: Path, *, columns: int = 100, rows: int = 30, setting: str = "thin", **more: str) -> None:
        self.drawn, self.log = folder / "drawn.json", folder / "app.log"
        self.log.touch()
        folders = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "STATE", "DATA")}
        runtime = folder / "run"
        runtime.mkdir(mode=0o700, exist_ok=True)
        env = {**folders, "XDG_RUNTIME_DIR": str(runtime), "PYTHONPATH": os.getcwd(), **more}
        program = (sys.executable, "-m", "tests.console.linked_console", str(self.drawn))
        arguments = ["--set", f"console.link={setting}", "--file", str(self.log)]
        super().__init__(arguments, columns=columns, rows=rows, env=env, program=program)

    def pump(self, seconds: float = 0.05) -> bool:
        """Answers where the cursor is, as terminals do."""
        before = len(self.raw)
        alive = super().pump(seconds)
        for _ in range(bytes(self.raw[before:]).count(QUESTION.encode())):
            self.send("\x1b[1;1R")
        return alive

    def settle(self, seconds: float = 20.0) -> None:
        """Waits until not one cell is wrong."""
        end, wrong = time.monotonic() + seconds, ["nothing was told"]
        while time.monotonic() < end:
            self.drawn.unlink(missing_ok=True)
            self.signal(signal.SIGUSR1)
            for _ in range(6):
                self.pump()
            if self.drawn.exists():
                wrong = wrong_cells(self.screen, json.loads(self.drawn.read_text()))
                if not wrong:
                    return
        raise AssertionError("\n".join([*wrong[:20], self.text()]))
