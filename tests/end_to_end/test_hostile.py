"""Whatever a log, a name or a setting holds, the terminal receives nothing that the console did not write itself."""

from __future__ import annotations

import base64
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ng_tui.text import safe

from . import hostile
from .conftest import Run
from .escapes import clipboards, foreign
from .payloads import MARKUP, PAYLOADS
from .terminal import COMMAND, Terminal

ACTS = 7
"""Events of the alert rule of the configuration: that it fires, and for which other kinds of event."""
SIZES = [(80, 24), (120, 40)]
OPEN = dict[str, object]
ACCEPTED = ['"\x9b2J\u202e[/x]"', '"[@click=app.quit] %s {x}"']
REFUSED = ["level>=[/x]", "{curly} %s"]

COLOURS = ("--set", "reading.colours=keep")
"""Otherwise colours are left out before anything is shown."""


def shows(*texts: str) -> Callable[[str], bool]:
    """Whether all of them stand on a screen."""
    return lambda screen: all(text in screen for text in texts)


def is_empty(label: str) -> Callable[[str], bool]:
    """Whether nothing is typed in a line; a toast may stand at its other end."""
    return lambda screen: f"\n {label}\n" in screen or f"\n {label}   " in screen


def paste(text: str) -> str:
    """What a terminal sends for pasted text."""
    return f"\x1b[200~{text}\x1b[201~"


def escape(terminal: Terminal, condition: Callable[[str], bool]) -> None:
    """Presses Escape and waits for its effect; a key sent right behind it would be read as Alt and that key."""
    terminal.send("\x1b")
    terminal.wait(condition)


def explained(text: str) -> bool:
    """The explanation of a rule is shown."""
    return "event      #" in text or "It has not objected" in text


def visit(terminal: Terminal) -> None:
    """Opens every screen with what can be opened on it, and every window."""
    terminal.send("2")
    terminal.wait("[2 Modules]")
    for _ in range(9):
        terminal.send("j\r")
        terminal.wait("Settings of")
        escape(terminal, lambda text: "Settings of" not in text)
    terminal.send("3")
    terminal.wait("[3 Metrics]")
    terminal.send("\t\t\t\tM")
    terminal.wait(lambda text: "Sources" in text and "Queues" not in text)
    terminal.send("M4")
    terminal.wait("[4 Guardian]")
    terminal.send("i")
    terminal.wait(explained)
    for _ in range(4):
        terminal.send("j")
        terminal.wait(explained)
    terminal.send("i")
    terminal.wait(lambda text: not explained(text))
    terminal.send("?")
    terminal.wait("esc closes")
    terminal.send("q")
    terminal.wait(lambda text: "esc closes" not in text)
    terminal.send("!")
    terminal.wait("esc closes")
    terminal.send("q")
    terminal.wait(lambda text: "esc closes" not in text)
    terminal.send(":")
    terminal.wait("What to do?")
    terminal.send(paste("[/x]\x9b2J"))
    terminal.wait("[/x]")
    escape(terminal, lambda text: "What to do?" not in text and "[/x]" not in text)


def quit_clean(terminal: Terminal) -> bytes:
    """Ends the console; everything that it wrote is ours. Returns it."""
    terminal.send("\x11")
    assert terminal.finish() == 0
    raw = bytes(terminal.raw)
    assert foreign(raw) == []
    return raw


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_hostile_log_on_every_screen(
    terminal: Callable[..., Terminal], home: dict[str, str], tmp_path: Path, size: tuple[int, int]
) -> None:
    glob, config = hostile.log_folder(tmp_path / "logs"), hostile.configuration(home, tmp_path)
    count = len(hostile.lines()) + 1 + ACTS  # and the gap row of the line that was cut
    console = terminal(
        *("--config", str(config), *COLOURS, "--file", glob, "--set", "guardian.size_limit.mode=observe"),
        columns=size[0],
        rows=size[1],
        env={"DISPLAY": "", "WAYLAND_DISPLAY": ""},
    )
    console.wait(f"{count}/{count}")
    console.send("g\r")
    console.wait(f" 1/{count}")
    markup = {name: body.decode() for name, body in MARKUP}
    for place, (name, _) in enumerate(PAYLOADS, 1):
        console.wait(shows(f" {place}/{count}", f"─ event {place - 1} "))
        if name in markup:
            assert f"{name}: {markup[name]}"[: 40 if size[0] < 100 else 27] in console.text()
        console.send("j")
    for place in range(len(PAYLOADS) + 1, count + 1, 1 if size[0] > 100 else 5):
        console.wait(f" {place}/{count}")
        console.send("j" if size[0] > 100 else "jjjjj")
    escape(console, lambda text: "─ event" not in text)
    console.send("g")
    console.wait(f" 1/{count}")
    for key, label in (("f", "filter"), ("/", "search")):
        for typed in ACCEPTED + REFUSED:
            console.send(key)
            console.wait(shows(f"\n {label}", "esc Back"))
            console.send("\x15")
            console.wait(is_empty(label))
            console.send(paste(typed) if typed in ACCEPTED else typed)
            start = "".join(char for char in typed if char.isascii())[:4]
            console.wait(f"\n {label}  {start}")
            console.send("\r")
            if typed in REFUSED:
                console.wait(lambda text: "▲" in text.splitlines()[-2])
                console.send("\x1b")
            console.wait(lambda text: "esc Back" not in text)
    assert clipboards(bytes(console.raw)) == []
    console.send("F")
    console.wait("filter off")
    console.send("g")
    console.wait(f" 1/{count}")
    console.send("c\x14")
    console.wait("sent to the terminal")
    console.send("\x14" * 6)
    visit(console)
    raw = quit_clean(console)
    first = safe(hostile.lines()[0].decode("utf-8", "replace"))
    assert clipboards(raw) == [base64.b64encode(first.encode())]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_hostile_recording_on_every_screen(
    terminal: Callable[..., Terminal], run: Run, tmp_path: Path, size: tuple[int, int]
) -> None:
    data = b"\n".join(hostile.lines()[:40]) + b"\n"
    path = tmp_path / (hostile.NAME.replace("/", "|") + ".jsonl")
    hostile.recording(path, run("record", "-", input=data).stdout)
    console = terminal("replay", str(path), columns=size[0], rows=size[1])
    console.wait("live")
    console.wait("/40")
    console.send("k\r")
    console.wait("─ event")
    escape(console, lambda text: "─ event" not in text)
    visit(console)
    quit_clean(console)


COMMANDS = {
    "tail": ["tail"],
    "tail-json": ["tail", "--json"],
    "tail-raw": ["tail", "--raw"],
    "record": ["record", "-"],
    "show": ["config", "show"],
    "show-json": ["config", "show", "--json"],
    "path": ["config", "path"],
    "no-config": ["--config", hostile.NAME, "tail"],
    "no-command": [hostile.SHORT],
    "no-option": ["--" + hostile.SHORT],
    "no-recording": ["replay", hostile.NAME],
    "filter": ["tail", "--filter", f"level>={hostile.SHORT}"],
    "setting": ["--set", f"{hostile.SHORT}.x=1", "config", "show"],
    "value": ["--set", f"ring.capacity={hostile.SHORT}", "config", "show"],
    "module": ["modules", "enable", hostile.SHORT],
    "init": ["config", "init", hostile.NAME],
}


def test_commands_write_nothing_foreign_to_a_terminal(
    terminal: Callable[..., Terminal], home: dict[str, str], tmp_path: Path
) -> None:
    config, log = hostile.configuration(home, tmp_path), tmp_path / "log"
    log.write_bytes(b"\n".join(hostile.lines()[:-1]) + b"\n")
    os.chdir(tmp_path)
    opened = []
    for arguments in COMMANDS.values():
        with log.open("rb") as data:
            opened.append(terminal("--config", str(config), *arguments, columns=2000, stdin=data.fileno()))
    for (name, _), one in zip(COMMANDS.items(), opened, strict=True):
        while one.pump(0.05):
            pass
        one.finish()
        output = bytes(one.raw)
        # Tabs stand between the columns of `config path`; the log reader may cut marks from the emoji they belong to.
        assert foreign(output, "\t") == [], name
        assert output and b"Traceback" not in output, name


class Tmux:
    """A tmux server of its own, with the clipboard and the passthrough open."""

    def __init__(self, folder: Path) -> None:
        self.socket = str(folder / "tmux")
        config = folder / "tmux.conf"
        config.write_text(
            "set -g set-clipboard on\nset -g allow-passthrough on\nset -g allow-rename on\n"
            "set -g automatic-rename off\nset -g default-terminal tmux-256color\n"
        )
        self.options = ["-S", self.socket, "-f", str(config)]

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(["tmux", *self.options, *arguments], capture_output=True, timeout=10, check=False)
        return done.stdout.decode("utf-8", "replace")

    def wait(self, condition: Callable[[str], bool]) -> str:
        """Waits until the pane fulfils a condition; returns it."""
        end, text = time.monotonic() + 20, ""
        while time.monotonic() < end:
            text = self("capture-pane", "-p")
            if condition(text):
                return text
        raise AssertionError(f"the pane shows:\n{text}")


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    """A server that is ended by its own socket."""
    server = Tmux(tmp_path)
    yield server
    server("kill-server")


def test_inside_tmux_neither_paste_buffer_nor_title_changes(tmux: Tmux, home: dict[str, str], tmp_path: Path) -> None:
    glob = hostile.log_folder(tmp_path / "logs")
    environment = [f"{name}={value}" for name, value in {**home, "LC_ALL": "C.UTF-8", "DISPLAY": ""}.items()]
    environment.append(f"PYTHONPATH={os.environ.get('PYTHONPATH', '')}")
    tmux("new-session", "-d", "-x", "120", "-y", "40", "-n", "ours", "cat")
    title = "#{pane_title}|#{window_name}|#{cursor_flag}"
    before = tmux("display-message", "-p", title)
    tmux("respawn-pane", "-k", "env", *environment, COMMAND, *COLOURS, "--file", glob)
    count = len(hostile.lines()) + 1
    tmux.wait(lambda text: f"{count}/{count}" in text)
    tmux("send-keys", "g", "Enter")
    for place in range(1, len(PAYLOADS), 6):
        tmux.wait(shows(f" {place}/{count}", "─ event"))
        tmux("send-keys", *"jjjjjj")
    assert tmux("show-buffer") == ""
    tmux("send-keys", "g")
    tmux.wait(lambda text: f" 1/{count}" in text)
    tmux("send-keys", "c")
    tmux.wait(lambda text: "copied to" in text)
    assert tmux("show-buffer") == safe(hostile.lines()[0].decode())
    tmux("send-keys", "C-q")
    assert tmux("display-message", "-p", title).split("|")[:2] == before.split("|")[:2]
