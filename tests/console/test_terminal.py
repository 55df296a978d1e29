"""The terminal's side: capabilities, backstop, clipboard, restoring, searching in slices."""

from __future__ import annotations

import base64
import os
import signal
import stat
from pathlib import Path

import pytest
from textual.content import Content

from ng_tui.screens.events.search import Search
from ng_tui.terminal import backstop, clipboard, restore
from ng_tui.terminal.capabilities import Capabilities, detect, prepare_environment
from tests.console.fake import ScriptedRing

UTF8 = {"LANG": "en_US.UTF-8"}


@pytest.mark.parametrize(
    ("environment", "glyphs", "colour"),
    [
        ({"TERM": "xterm-256color", **UTF8}, "braille", True),
        ({"TERM": "linux", **UTF8}, "ascii", False),
        ({"TERM": "xterm-256color", "LC_ALL": "C"}, "ascii", True),
        ({"TERM": "xterm-256color", "LC_ALL": "C", **UTF8}, "ascii", True),
        ({"TERM": "vt220", **UTF8}, "block", False),
        ({"TERM": "xterm", "NO_COLOR": "1", **UTF8}, "braille", False),
    ],
)
def test_capabilities(environment: dict[str, str], glyphs: str, colour: bool) -> None:
    found = detect(environment)
    assert (found.glyphs, found.colour) == (glyphs, colour)


def test_the_environment_over_ssh() -> None:
    environment = {"TERM": "xterm", "SSH_CONNECTION": "a", "NO_COLOR": "1", "TEXTUAL_ANIMATIONS": "full", **UTF8}
    found = prepare_environment(environment)
    assert found.remote and found.monochrome and not found.display
    assert environment["TEXTUAL_FPS"] == "15" and environment["TEXTUAL_SMOOTH_SCROLL"] == "0"
    assert environment["TEXTUAL_ANIMATIONS"] == "full" and "NO_COLOR" not in environment


def test_the_backstop_stands() -> None:
    assert backstop.install() == []
    hostile = "a\x1b]52;c;x\x07b\x9b2Jc\u202ed\x7f\te\nf"
    assert Content(hostile).plain == "a]52;c;xb2Jcd\te\nf"
    assert backstop.clean("\x1bx\u202e") == "<1b>x<202e>"


def test_osc52_is_capped_and_passes_tmux() -> None:
    plain = clipboard.osc52(b"hello", tmux=False)
    assert plain == "\x1b]52;c;" + base64.b64encode(b"hello").decode() + "\x07"
    wrapped = clipboard.osc52(b"hello", tmux=True)
    assert wrapped == f"{plain}\x1bPtmux;\x1b{plain}\x1b\\"
    assert clipboard.osc52(b"x" * 60_000, tmux=False) is None


def test_a_long_copy_goes_to_the_file(tmp_path: Path) -> None:
    written: list[str] = []
    done = clipboard.copy("x" * 100_000, Capabilities(), tmp_path / "new" / "state", written.append)
    assert (done.channel, done.size, written) == ("file", 100_000, [])
    assert done.path is not None and stat.S_IMODE(done.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(done.path.parent.stat().st_mode) == 0o700


def test_a_copy_does_not_follow_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "copied.txt").symlink_to(victim)
    done = clipboard.copy("new", Capabilities(), tmp_path, lambda sequence: None)
    assert victim.read_text() == "precious"
    assert done.path is not None and done.path.read_text() == "new" and not done.path.is_symlink()


def test_a_signal_ends_the_app_once() -> None:
    left: list[int] = []
    uninstall = restore.install(left.append)
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        assert left == [143]
    finally:
        uninstall()
    for mode in ("?1000l", "?1003l", "?1006l", "?1049l", "?2004l", "?25h"):
        assert mode in restore.RESTORE


def test_a_search_in_slices_reads_everything_once() -> None:
    ring = ScriptedRing()
    ring.add(3000)
    view = ring.view("")
    view.advance(10_000)
    search = Search(view, "#2999", "x", True, 1500, 1, 3001)
    search.pace.budget = 100
    while (answer := search.step()) == "more":
        pass
    assert (answer, search.seq, search.wrapped) == ("found", 2999, False)
    search = Search(view, "#1499", "x", True, 1500, 1, 3001)
    while (answer := search.step()) == "more":
        pass
    assert (answer, search.seq, search.wrapped) == ("found", 1499, True)
    search = Search(view, "nowhere", "x", False, 1500, 1, 3001)
    while (answer := search.step()) == "more":
        pass
    assert answer == "nothing"
