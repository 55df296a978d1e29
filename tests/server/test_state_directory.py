"""The state directory is this user's alone, and nothing in it leads elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .engine import BINARY, ROOT

CLI = [sys.executable, "-c", "from ng_tui.cli import main; main()", "--set", "server.listen=[]"]
COMMANDS = {
    "engine": ([str(BINARY), "--set", "server.listen=[]"], []),
    "serve": (CLI, ["serve"]),
    "embedded": (CLI, ["--embedded", "modules"]),
}
"""Whoever opens a state directory, each in its own way."""


def refused(folder: Path, command: str, *options: str, **variables: str) -> str:
    """What a command says that ends with a failure; this folder is its home and its place for what is temporary."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(folder), **variables}
    environment["XDG_RUNTIME_DIR"] = str(folder)
    program, arguments = COMMANDS[command]
    line = [*program, *options, *arguments]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    return done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_home_there_is_no_state_directory(tmp_path: Path, command: str) -> None:
    said = refused(tmp_path, command)
    assert said.startswith("NG-3105 XDG_STATE_HOME, HOME: there is no place for the state directory"), said
    assert "set HOME or XDG_STATE_HOME" in said and "--state-dir" in said
    assert not any("neurograph-tui" in one.name for one in tmp_path.iterdir())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_state_directory_that_is_not_ours_alone_is_refused(tmp_path: Path, command: str) -> None:
    state, link = tmp_path / "state", tmp_path / "link"
    state.mkdir()
    link.symlink_to(state)
    cases = [(link, 0o700, 0, "is no folder, but a symbolic link"), (state, 0o777, 0, "mode 0777")]
    if os.geteuid() == 0:
        cases.append((state, 0o700, 65534, "belongs to uid 65534"))
    for path, mode, owner, what in cases:
        state.chmod(mode)
        if owner:
            os.chown(state, owner, owner)
        said = refused(tmp_path, command, "--state-dir", str(path), HOME=str(tmp_path))
        assert said.startswith(f"NG-3106 {path}: the state directory ") and what in said, said
        assert list(state.iterdir()) == []


@pytest.mark.parametrize("name", ["lock", "seq", "auth.lock"])
def test_a_link_in_the_state_directory_is_not_written_through(tmp_path: Path, name: str) -> None:
    state, victim = tmp_path / "state", tmp_path / "victim"
    state.mkdir(mode=0o700)
    victim.write_bytes(b"precious")
    (state / name).symlink_to(victim)
    said = refused(tmp_path, "engine", "--state-dir", str(state), HOME=str(tmp_path))
    assert "symbolic link" in said and victim.read_bytes() == b"precious", said


def test_no_error_brings_raw_bytes_to_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "evil\x1b]0;owned\x07").write_text("")
    for option in (("--state-dir", str(tmp_path / "evil\x1b]0;owned\x07")), ("--set", "server.\x1b[31m=1")):
        program = [str(BINARY), "--set", "server.listen=[]", *option]
        done = subprocess.run(program, env={"HOME": str(tmp_path)}, capture_output=True, timeout=60)
        assert done.returncode != 0 and b"NG-" in done.stderr
        assert b"\x1b" not in done.stderr and b"\x07" not in done.stderr, done.stderr
