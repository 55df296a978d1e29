"""The console in a real pseudo-terminal: whatever ends it, the terminal is given back."""

from __future__ import annotations

import io
import signal
import sys
import threading
from pathlib import Path

import pytest
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread

from ng_tui.terminal import gone
from tests.end_to_end.terminal import Terminal

ROOT = Path(__file__).parents[2]
MODES = (b"\x1b[?1000", b"\x1b[?1003", b"\x1b[?1006", b"\x1b[?1049", b"\x1b[?2004", b"\x1b[?1004")
PROGRAM = """
import os, pathlib, sys
from ng_tui.terminal.capabilities import prepare_environment
capabilities = prepare_environment(os.environ)
from ng_tui.app import ConsoleApp
from ng_tui.options import Options
from tests.console.fake import FakeClient
client = FakeClient()
calls, frames = [], client.frames
def failing():
    calls.append(1)
    if len(calls) > 3:
        raise RuntimeError("boom \\x1b]0;title\\x07 [/foo]")
    return frames()
if sys.argv[1] == "fail":
    client.frames = failing
app = ConsoleApp(client, Options(state_dir=pathlib.Path("/nonexistent"), capabilities=capabilities))
result = app.run()
sys.exit(app.return_code or result or 0)
"""


@pytest.mark.parametrize(
    ("end", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), ("fail", 1), (b"\x11", 0)], ids=str
)
def test_the_terminal_is_given_back(end: int | str | bytes, code: int) -> None:
    program = (sys.executable, "-c", PROGRAM)
    with Terminal((str(end),), env={"PYTHONPATH": str(ROOT)}, program=program) as console:
        if isinstance(end, bytes):
            console.wait("live")
            console.send(end.decode())
        elif isinstance(end, int):
            console.wait("live")
            console.signal(signal.Signals(end))
        assert console.finish(timeout=30) == code, console.text()
        output = bytes(console.raw)
    assert b"live" in output
    for mode in MODES:
        assert output.rfind(mode + b"l") > output.rfind(mode + b"h"), mode
    assert output.rfind(b"\x1b[?25h") > output.rfind(b"\x1b[?25l")
    assert b"\x1b]0;" not in output
    if end == "fail":
        assert b"NG-3901 console: RuntimeError: boom <1b>]0;title<07> [/foo]" in output


def test_a_terminal_that_is_gone_holds_nobody_up() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    undo = gone.install()
    try:
        writer = WriterThread(Gone())
        writer.start()

        def fill() -> None:
            for _ in range(3 * MAX_QUEUED_WRITES):
                writer.write("x")

        done = threading.Thread(target=fill, daemon=True)
        done.start()
        done.join(timeout=10)
        assert not done.is_alive()
        writer.stop()
        assert not writer.is_alive()
    finally:
        undo()
