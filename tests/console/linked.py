"""The console in a real terminal, whose screen is compared with what the console drew."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import pyte

from ng_tui.terminal.pacing import QUESTION
from ng_tui.terminal.thin_link import clusters
from tests.end_to_end.terminal import Terminal

ROOT = Path(__file__).parents[2]

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
        self.drawn, self.log = folder / "drawn.json", folder / "app.log"
        self.log.touch()
        first, *rest = command(self.drawn, self.log, setting)
        env = {**environment(folder), **more}
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
                rows = [row.rstrip() for row in json.loads(self.drawn.read_text())]
                seen = self.tmux("capture-pane", "-p")
                shown = [row.rstrip() for row in seen.split("\n")[: len(rows)]]
                wrong = [f"{a!r} for {b!r}" for a, b in zip(shown, rows, strict=True) if a != b]
                if not wrong and text in seen:
                    return
        raise AssertionError("\n".join([*wrong[:20], seen]))

    def _command(self) -> list[str]:
        return command(self.drawn, self.log, "thin")
