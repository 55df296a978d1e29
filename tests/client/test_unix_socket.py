"""Clients say nothing to a socket before they know who serves it, whichever way they come."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ng_tui.client import NeuroGraphClientSync
from ng_tui.client.address import resolve
from ng_tui.client.failures import ConnectionFailed, Untrusted
from ng_tui.client.interface import LinkState
from ng_tui.client.remote import RemoteClient
from ng_tui.client.unix_socket import check_folder, connect
from ng_tui.commands.targets import knock, serving
from ng_tui.config import Flags, load

from .conftest import Start
from .rig import at, until

NOBODY = 65534
LISTEN = """
import os, socket, sys
path, uid = sys.argv[1], int(sys.argv[2])
if uid != os.getuid():
    os.setgid(uid)
    os.setuid(uid)
one = socket.socket(socket.AF_UNIX)
one.bind(path)
one.listen()
os.chmod(path, 0o777)
print("listening", flush=True)
while True:
    line, _ = one.accept()
    line.settimeout(10)
    print("heard", line.recv(100), flush=True)
"""
"""A server that runs as another user, and tells the first bytes of each connection."""


def pose(patch: pytest.MonkeyPatch) -> None:
    """Takes this process for one of another user."""
    other = os.getuid() + 1
    patch.setattr(os, "geteuid", lambda: other)


@contextmanager
def foreign(patch: pytest.MonkeyPatch, folder: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A socket in a folder, served by another user: by `nobody` where we may become that, else by a process of ours
    while we take ourselves for somebody else."""
    path = folder / "engine.sock"
    is_root = os.geteuid() == 0
    if not is_root:
        pose(patch)
    command = [sys.executable, "-c", LISTEN, str(path), str(NOBODY if is_root else os.getuid())]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "listening\n"
    try:
        yield path, process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder in which every user can make files, like /tmp."""
    with tempfile.TemporaryDirectory(prefix="ng-shared-") as name:
        folder = Path(name)
        folder.chmod(0o1777)
        yield folder


def by_library(path: Path) -> None:
    with NeuroGraphClientSync(f"unix:{path}") as client:
        client.emit("a secret line")


def by_stream(path: Path) -> None:
    client = RemoteClient(resolve(f"unix:{path}"))
    try:
        client.subscribe("", timeout_s=10)
    finally:
        client.close()


def by_console(path: Path) -> None:
    client = RemoteClient(resolve(f"unix:{path}"))
    client.start()
    try:
        until(lambda: client.link.state is LinkState.WAITING)
        failure = client._follower.failure if client._follower is not None else None
        assert failure is not None
        raise failure
    finally:
        client.close()


def by_knocking(path: Path) -> None:
    failure = knock(str(path))
    assert failure is not None
    raise failure


def by_looking(path: Path) -> None:
    serving(load(Flags(settings=(f"server.socket={path}",)), {}))


@pytest.mark.parametrize("way", [by_library, by_stream, by_console, by_knocking, by_looking])
def test_nothing_is_sent_to_the_socket_of_another_user(
    way: Callable[[Path], None], shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with foreign(monkeypatch, shared) as (path, process):
        with pytest.raises(Untrusted) as refused:
            way(path)
        assert (refused.value.code, refused.value.exit_code) == ("NG-3315", 3)
        assert str(path) in refused.value.where and refused.value.hint
        assert process.stdout is not None and process.stdout.readline() == "heard b''\n"


def test_the_commands_say_it(shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = "from ng_tui.cli import main; main()"
    if os.geteuid() != 0:
        code = f"import os; os.geteuid = lambda: {os.getuid() + 1}; {code}"
    with foreign(monkeypatch, shared) as (path, process):
        assert process.stdout is not None
        for arguments in (
            ["emit", "--url", f"unix:{path}", "a secret line"],
            ["proxy", "--socket", str(path)],
            ["--set", f"server.socket={path}", "modules"],
            ["--set", f"server.socket={path}", "tail", "--url", "local"],
        ):
            command = [sys.executable, "-c", code, *arguments]
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)},
            )  # fmt: skip
            assert done.returncode == 3 and done.stderr.startswith("NG-3315"), (arguments, done.stderr)
            assert process.stdout.readline() == "heard b''\n", arguments


def test_root_speaks_to_the_engine_of_whom_the_folder_belongs_to(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without root's rights only the opposite can be seen: to others it makes no difference whose the folder is."""
    is_root = os.geteuid() == 0
    own = shared / "own"
    own.mkdir(mode=0o755)
    if is_root:
        os.chown(own, NOBODY, NOBODY)
    with foreign(monkeypatch, own) as (path, _):
        for mode, trusted in ((0o755, True), (0o700, True), (0o775, False), (0o777, False)):
            own.chmod(mode)
            if trusted and is_root:
                connect(str(path)).close()
            else:
                with pytest.raises(Untrusted):
                    connect(str(path))


def test_an_engine_of_ours_is_trusted(start: Start) -> None:
    engine, _ = start()
    assert knock(str(engine.socket)) is None
    with NeuroGraphClientSync(at(engine)) as client:
        assert client.emit("a line").accepted == 1
    engine.stop()
    with pytest.raises(OSError):
        connect(str(engine.socket))
    with pytest.raises(ConnectionFailed) as failed, NeuroGraphClientSync(at(engine)) as client:
        client.health()
    assert failed.value.code == "NG-3311"


@pytest.fixture(params=["XDG_RUNTIME_DIR", "TMPDIR"])
def usual(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the usual socket, with a socket in it: below the runtime folder, or where there is none."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv(request.param, str(tmp_path))
    name = "neurograph" if request.param == "XDG_RUNTIME_DIR" else f"neurograph-{os.getuid()}"
    folder = tmp_path / name
    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(folder / "engine.sock"))
    return folder


def complaint(folder: Path) -> str:
    """Why the usual folder is refused; empty when it is not."""
    try:
        check_folder(str(folder / "engine.sock"))
    except Untrusted as failure:
        refused = failure
    else:
        return ""
    assert (refused.code, refused.exit_code) == ("NG-3304", 3) and "XDG_RUNTIME_DIR" in refused.hint
    for way in (by_library, by_stream, by_knocking):
        with pytest.raises(Untrusted):
            way(folder / "engine.sock")
    with pytest.raises(Untrusted):
        serving(load(Flags(), {}))
    return refused.what


def test_the_usual_folder_is_ours_alone(usual: Path) -> None:
    assert complaint(usual) == "" and serving(load(Flags(), {})) is None
    for mode in (0o777, 0o750, 0o701):
        usual.chmod(mode)
        assert f"{mode:04o}" in complaint(usual)
    usual.chmod(0o700)
    for mode, fine in ((0o755, True), (0o1777, True), (0o777, False), (0o770, False)):
        usual.parent.chmod(mode)
        assert (complaint(usual) == "") is fine, oct(mode)
    usual.parent.chmod(0o700)
    usual.rename(usual.with_name("elsewhere"))
    usual.symlink_to("elsewhere")
    assert "is no folder" in complaint(usual)


def test_the_usual_folder_of_another_user_is_refused(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(usual, NOBODY, NOBODY)
    else:
        pose(monkeypatch)
    assert "belongs to uid" in complaint(usual)


def test_a_folder_without_a_socket_is_nobody_s_business(usual: Path) -> None:
    usual.chmod(0o777)
    (usual / "engine.sock").unlink()
    assert serving(load(Flags(), {})) is None
