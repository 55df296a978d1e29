"""The Unix socket of an engine: what stands in its place is left, what was left behind is replaced, and its usual
folder is this user's alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.quiet import QUIET

from .engine import BINARY, Engine


def refused(folder: Path, *settings: str, **environment: str) -> str:
    """What an engine says that does not start."""
    words = [word for one in ("server.listen=[]", *QUIET, *settings) for word in ("--set", one)]
    command = [str(BINARY), "--state-dir", str(folder / "state"), *words]
    given = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    surroundings = {**given, "XDG_CONFIG_HOME": str(folder), **environment}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=surroundings)
    assert done.returncode == 1, done.stderr
    return done.stderr


def test_what_stands_in_the_place_of_the_socket_is_left(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(precious)
    (tmp_path / "folder").mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    for name in ("precious", "pipe", "link", "folder"):
        said = refused(tmp_path, f"server.socket={tmp_path / name}")
        assert "NG-3303" in said and str(tmp_path / name) in said and "server.socket" in said
    assert precious.read_text() == "precious" and (tmp_path / "link").is_symlink() and (tmp_path / "pipe").is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "state") == before


def test_a_socket_of_a_killed_engine_is_replaced_and_ours_is_removed(start: Callable[..., Engine]) -> None:
    engine = start()
    engine.kill()
    left = engine.socket.lstat()
    engine.start()
    assert engine.socket.lstat().st_ino != left.st_ino and engine.socket.lstat().st_mode & 0o777 == 0o600
    assert engine.stop(signal.SIGTERM) == 0 and not os.path.lexists(engine.socket)
    engine.start()
    engine.socket.unlink()
    engine.socket.write_text("precious")
    assert engine.stop(signal.SIGTERM) == 0 and engine.socket.read_text() == "precious"


def test_an_engine_that_serves_keeps_its_socket(start: Callable[..., Engine], tmp_path: Path) -> None:
    engine = start()
    words = [word for one in ("server.listen=[]", *QUIET) for word in ("--set", one)]
    command = [str(BINARY), "--state-dir", str(tmp_path / "other"), "--set", f"server.socket={engine.socket}", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 75 and "NG-3302" in done.stderr, done.stderr
    with engine.admin() as here:
        assert here.get("/health").status_code == 200


@pytest.mark.parametrize("mode", [0o777, 0o755, 0o710])
def test_a_usual_folder_that_others_can_enter_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / f"neurograph-{os.geteuid()}"
    folder.mkdir()
    folder.chmod(mode)
    said = refused(tmp_path, TMPDIR=str(tmp_path))
    assert "NG-3304" in said and f"{mode:04o}" in said and "XDG_RUNTIME_DIR" in said
    assert list(folder.iterdir()) == []


def test_a_usual_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "neurograph").symlink_to(tmp_path / "elsewhere")
    assert "NG-3304" in refused(tmp_path, XDG_RUNTIME_DIR=str(tmp_path))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_runtime_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    said = refused(tmp_path, XDG_RUNTIME_DIR=str(shared))
    assert "NG-3304" in said and "other users can write" in said
    assert not (shared / "neurograph" / "engine.sock").exists()


def test_a_socket_elsewhere_may_lie_in_a_folder_of_all(tmp_path: Path, start: Callable[..., Engine]) -> None:
    tmp_path.chmod(0o1777)
    engine = start()
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(str(engine.socket))
