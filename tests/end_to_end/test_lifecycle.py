"""However the console ends, the terminal is as before; and what it does on terminals that can do less."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run
from .terminal import COMMAND, Terminal

QUIET = ("--set", "sensors.host.enabled=true", "--set", "sensors.journald.enabled=false")
MODES = ("?1000", "?1003", "?1004", "?1006", "?1015", "?1049", "?2004")
FAILING = """
import os, sys
from pathlib import Path
from ng_tui.terminal.capabilities import prepare_environment
capabilities = prepare_environment(os.environ)
from ng_tui.app import ConsoleApp
from ng_tui.options import Options
from tests.console.fake import FakeClient
class Failing(ConsoleApp):
    def on_mount(self):
        super().on_mount()
        def fail(state):
            raise RuntimeError("boom \\x1b]0;owned\\x07")
        self._panes.pane("metrics").present = fail
app = Failing(FakeClient(), Options(state_dir=Path("/nonexistent"), capabilities=capabilities))
app.run()
sys.exit(app.return_code or 0)
"""


def start(terminal: Callable[..., Terminal], *arguments: str, **more: object) -> tuple[Terminal, list[Any]]:
    """A console that shows its first screen, and the line mode that its terminal had before."""
    gate, opened = os.pipe()
    shell = f'read -r _ <&{gate}; exec "$0" "$@"'
    os.set_inheritable(gate, True)
    program = more.pop("program", (COMMAND, *QUIET))
    console = terminal(*arguments, program=("bash", "-c", shell, *program), **more)  # type: ignore[misc]
    mode = termios.tcgetattr(console.fd)
    os.write(opened, b"\n")
    os.close(gate)
    os.close(opened)
    console.wait("live")
    assert termios.tcgetattr(console.fd) != mode
    return console, mode


def assert_restored(console: Terminal, mode: list[Any]) -> None:
    """Mouse, alternate screen and bracketed paste are off, the cursor is shown, and the line mode is the one before."""
    output = bytes(console.raw).decode()
    for name in MODES:
        assert output.rfind(f"\x1b[{name}l") > output.rfind(f"\x1b[{name}h"), name
    assert output.rfind("\x1b[?25h") > output.rfind("\x1b[?25l")
    assert output.rfind("\x1b[<u") > output.rfind("\x1b[>25u")
    assert termios.tcgetattr(console.fd) == mode


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)], ids=str
)
def test_a_signal_gives_the_terminal_back(terminal: Callable[..., Terminal], number: signal.Signals, code: int) -> None:
    console, mode = start(terminal)
    console.signal(number)
    assert console.finish(timeout=2) == code
    assert_restored(console, mode)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP])
def test_stopped_and_continued_it_goes_on_and_gives_the_terminal_back(
    terminal: Callable[..., Terminal], number: signal.Signals
) -> None:
    console, mode = start(terminal)
    for _ in range(2):
        console.signal(number)
        while Path(f"/proc/{console.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            console.pump()
        # What was there is gone, as after another program; the console draws it anew.
        console.screen.reset()
        console.signal(signal.SIGCONT)
        console.wait("live")
    for key, title in (("2", "[2 Modules]"), ("3", "[3 Metrics]"), ("1", "[1 Events]")) * 3:
        console.send(key)
        console.wait(title)
    console.send("\x11")
    assert console.finish() == 0
    assert_restored(console, mode)


def stopped(console: Terminal, number: signal.Signals = signal.SIGSTOP) -> None:
    """Stops the console, and takes in all that it had written."""
    console.signal(number)
    while Path(f"/proc/{console.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        console.pump()
    while select.select([console.fd], [], [], 0)[0]:
        console.pump()
    console.screen.reset()


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP])
def test_keys_that_were_typed_before_it_has_the_terminal_again_are_not_lost(
    terminal: Callable[..., Terminal], number: signal.Signals
) -> None:
    console, mode = start(terminal)
    stopped(console, number)
    console.send("2")
    console.signal(signal.SIGCONT)
    console.wait("[2 Modules]")
    console.send("\x11")
    assert console.finish() == 0
    assert_restored(console, mode)


@pytest.mark.parametrize("first", ["", "?", "f"])
def test_ctrl_z_gives_the_terminal_to_the_shell_until_fg(terminal: Callable[..., Terminal], first: str) -> None:
    """`first`: over the screen, over a window, and in the input."""
    shell = ("bash", "--norc", "--noprofile", "-i")
    console = terminal(program=shell, env={"PS1": "ready> ", "BASH_SILENCE_DEPRECATION_WARNING": "1"})
    console.wait("ready>")
    # What the shell itself turns on at its prompt is not of the console.
    console.send("bind 'set enable-bracketed-paste off'; echo $((40 + 1)) set\n")
    console.wait(lambda text: re.search("41 set\nready>", text) is not None)
    mode = termios.tcgetattr(console.fd)
    # A job of two processes, of which both stop.
    console.send(f'sh -c \'"$0" "$@"; :\' {" ".join([COMMAND, *QUIET, "--embedded"])}\n')
    console.wait("live")
    console.send(first)
    there = {"": "^ ● live", "?": "─ Help ─", "f": "^ *filter +@quiet"}[first]
    console.wait(lambda text: re.search(there, text, re.M) is not None)
    for _ in range(2):
        console.send("\x1a")
        console.wait(lambda text: re.search("Stopped.*\nready>", text, re.S) is not None)
        assert_restored(console, mode)
        console.send("clear; echo $((40 + 2)) back; jobs\n")
        assert "Running" not in console.wait("42 back")
        console.send("fg\n")
        console.wait(lambda text: re.search(there, text, re.M) is not None)
    console.send("\x11")
    console.wait("ready>")
    assert_restored(console, mode)
    console.send("exit\n")
    assert console.finish() == 0


def test_ctrl_z_stops_nothing_that_nobody_could_let_go_on(terminal: Callable[..., Terminal]) -> None:
    console, mode = start(terminal)
    console.send("\x1a")
    console.wait("No shell waits behind the console")
    console.send("\x11")
    assert console.finish() == 0
    assert_restored(console, mode)


def test_stops_in_quick_succession_leave_one_reader_of_keys(terminal: Callable[..., Terminal]) -> None:
    console, mode = start(terminal)
    for number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGSTOP, signal.SIGTSTP, signal.SIGSTOP) * 4:
        console.signal(number)
        console.signal(signal.SIGCONT)
    # What came last holds: it was let go on, and stays so.
    for key, title in (("2", "[2 Modules]"), ("3", "[3 Metrics]"), ("1", "[1 Events]")) * 3:
        console.send(key)
        console.wait(title)
    console.send("\x11")
    assert console.finish() == 0
    assert_restored(console, mode)


def test_a_shell_that_sets_the_line_mode_late_does_not_keep_the_keys(terminal: Callable[..., Terminal]) -> None:
    console, mode = start(terminal)
    stopped(console)
    termios.tcsetattr(console.fd, termios.TCSANOW, mode)
    console.signal(signal.SIGCONT)
    console.wait("live")
    for key, title in (("2", "[2 Modules]"), ("3", "[3 Metrics]")):
        termios.tcsetattr(console.fd, termios.TCSANOW, mode)
        while termios.tcgetattr(console.fd) == mode:
            assert console.pump()
        console.send(key)
        console.wait(title)
    console.send("\x11")
    assert console.finish() == 0
    assert_restored(console, mode)


def test_a_failure_gives_the_terminal_back_and_is_one_line(terminal: Callable[..., Terminal]) -> None:
    environment = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])}
    console, mode = start(terminal, program=(sys.executable, "-c", FAILING), env=environment)
    console.send("3")
    assert console.finish(timeout=3) == 1
    assert_restored(console, mode)
    last = bytes(console.raw).decode().rsplit("\x1b[?25h", 1)[1]
    assert "NG-3901 console: RuntimeError: boom <1b>]0;owned<07>" in last and "Traceback" not in last


def test_an_interrupted_tail_exits_130(terminal: Callable[..., Terminal]) -> None:
    tail = terminal("tail", program=(COMMAND, *QUIET))
    tail.wait("cpu")
    mode = termios.tcgetattr(tail.fd)
    tail.send("\x03")
    assert tail.finish(timeout=2) == 130
    assert termios.tcgetattr(tail.fd) == mode
    assert "Traceback" not in tail.text()


def test_a_closed_terminal_ends_the_console(home: dict[str, str]) -> None:
    console = Terminal((), env=home, program=(COMMAND, *QUIET))
    console.wait("live")
    os.close(console.fd)
    with os.fdopen(os.pidfd_open(console.pid)) as handle:
        assert select.select([handle], [], [], 2)[0], "still running two seconds after its terminal was closed"
    _, status = os.waitpid(console.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 129


def test_standard_input_that_is_closed_is_named(home: dict[str, str]) -> None:
    """A terminal for the screen, nothing to read keys from, and no controlling terminal."""
    master, slave = pty.openpty()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.dup2(slave, 1)
        os.dup2(slave, 2)
        os.close(0)
        os.execvpe(COMMAND, [COMMAND], {**os.environ, **home, "TERM": "xterm-256color"})
    os.close(slave)
    output = b""
    with os.fdopen(os.pidfd_open(pid)) as handle:
        while not select.select([handle], [], [], 0)[0]:
            if select.select([master, handle.fileno()], [], [], 10)[0] == []:
                raise AssertionError(f"still running: {output!r}")
            try:
                output += os.read(master, 65536) if select.select([master], [], [], 0)[0] else b""
            except OSError:
                break
    _, status = os.waitpid(pid, 0)
    os.close(master)
    assert os.waitstatus_to_exitcode(status) == 2, output
    assert b"there is no terminal to read keys from" in output and b"Traceback" not in output


def test_a_window_of_one_cell_and_back(terminal: Callable[..., Terminal]) -> None:
    console = terminal(program=(COMMAND, *QUIET))
    console.wait("live")
    for columns, rows in ((1, 1), (40, 10), (1, 24), (80, 1)):
        console.resize(columns, rows)
        console.signal(signal.SIGWINCH)
        console.send("j")
    console.resize(70, 20)
    console.wait(lambda text: "[1 Events]" in text and "? Help" in text)
    console.send("\x11")
    assert console.finish() == 0


def test_a_terminal_without_cursor_addressing_gets_lines(terminal: Callable[..., Terminal]) -> None:
    console = terminal(env={"TERM": "dumb"}, program=(COMMAND, *QUIET))
    console.wait("cpu")
    assert b"\x1b" not in console.raw
    console.send("\x03")
    assert console.finish() == 130


def test_a_locale_without_utf_8_gets_ascii(terminal: Callable[..., Terminal], run: Run) -> None:
    console = terminal(env={"LC_ALL": "C"}, program=(COMMAND, *QUIET))
    console.wait("live")
    for key, title in (("2", "Modules"), ("3", "Metrics"), ("4", "Guardian"), ("1", "Events")):
        console.send(key)
        console.wait(f"[{key} {title}]")
    console.send("k\r")
    console.wait(" event ")
    console.send("?")
    console.wait("esc closes")
    console.send("\x11")
    assert console.finish() == 0
    assert bytes(console.raw).isascii(), set(re.findall(r"[^\x00-\x7f]", bytes(console.raw).decode()))


def test_no_color_means_no_colour(terminal: Callable[..., Terminal]) -> None:
    console = terminal(env={"NO_COLOR": "1"}, program=(COMMAND, *QUIET))
    console.wait("live")
    console.send("2")
    console.wait("[2 Modules]")
    console.send("\x11")
    assert console.finish() == 0
    used = {code for found in re.findall(rb"\x1b\[([0-9;]*)m", bytes(console.raw)) for code in found.split(b";")}
    assert used <= {b"", b"0", b"1", b"2", b"3", b"4", b"7", b"9", b"39", b"49"}, used


def test_killed_while_switching_the_flags_are_whole(terminal: Callable[..., Terminal], home: dict[str, str]) -> None:
    state = Path(home["XDG_STATE_HOME"]) / "neurograph-tui" / "state.json"
    for presses in (1, 2, 3):
        console = terminal(program=(COMMAND, *QUIET))
        console.wait("live")
        console.send("2")
        console.wait("gateway")
        console.send("G" + " y" * presses)
        console.wait("[2 Modules]")
        console.signal(signal.SIGKILL)
        assert console.finish() == -9
        if state.exists():
            assert isinstance(json.loads(state.read_text())["enabled"], dict)
    console = terminal(program=(COMMAND, *QUIET))
    console.wait("live")
    console.send("\x11")
    assert console.finish() == 0


def test_a_second_console_on_the_same_state_names_the_first(terminal: Callable[..., Terminal]) -> None:
    first = terminal(program=(COMMAND, *QUIET))
    first.wait("live")
    second = terminal(program=(COMMAND, *QUIET))
    assert second.finish() == 75
    assert str(first.pid) in second.text() and b"?1049h" not in second.raw
    first.send("\x11")
    assert first.finish() == 0
