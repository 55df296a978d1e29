"""The way through ssh, with a program of ours in its place."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from ng_tui.client import NeuroGraphClient
from ng_tui.client.address import resolve
from ng_tui.client.failures import ConnectionFailed
from ng_tui.client.interface import LinkState
from ng_tui.client.reach import reach
from ng_tui.client.remote import RemoteClient
from ng_tui.client.ssh import ssh_command
from tests.server.engine import Engine

from .rig import Log, live, until

FAKE = Path(__file__).with_name("fake_ssh.py")


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the program notes its calls."""
    monkeypatch.setenv("NEUROGRAPH_SSH", shlex.join([sys.executable, str(FAKE)]))
    monkeypatch.setenv("FAKE_SSH_CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path / "calls"


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        ("ssh://host", None, "ssh -T -o BatchMode=yes -o ConnectTimeout=10 -- host neurograph-tui proxy"),
        (
            "ssh://me@host:2222/run/a%20b.sock",
            "ssh -F 'my config'",
            "ssh -F 'my config' -T -o BatchMode=yes -o ConnectTimeout=10 -p 2222 -- me@host"
            """ neurograph-tui proxy --socket ''"'"'/run/a b.sock'"'"''""",
        ),
    ],
)
def test_the_command(text: str, given: str | None, words: str) -> None:
    assert ssh_command(resolve(text), given, {}) == shlex.split(words)
    environment = {"NEUROGRAPH_SSH": "other -x"}
    assert ssh_command(resolve(text), None, environment)[:2] == ["other", "-x"]


def test_the_console_sees_an_engine_behind_ssh(pair: tuple[Engine, Log], calls: Path, tmp_path: Path) -> None:
    engine, log = pair
    client = RemoteClient(resolve(f"ssh://host{engine.socket}"))
    client.start()
    live(client)
    assert client.link.user
    folders = list(tmp_path.glob("neurograph-ssh-*"))
    assert [oct(folder.stat().st_mode & 0o777) for folder in folders] == ["0o700"]
    log.write(10)
    view = client.ring.view("type:log.**")
    until(lambda: view.advance(1_000_000).matched >= 10)
    client.close()
    started = [int(line.split()[0]) for line in calls.read_text().splitlines()]
    assert started
    until(lambda: all(is_gone(pid) for pid in started))
    assert not list(tmp_path.glob("neurograph-ssh-*"))


async def test_http_and_websocket_go_the_same_way(
    pair: tuple[Engine, Log], calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_SSH_SOCKET", str(pair[0].socket))
    async with NeuroGraphClient("ssh://host") as client:
        assert (await client.health()).status == "healthy"
        async for frame in client.events():
            assert frame.hello is not None
            break
    assert all("host neurograph-tui proxy" in line for line in calls.read_text().splitlines())


def test_what_ssh_said_last_is_why_there_is_no_connection(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_SSH_FAILS", "me@host: Permission denied (publickey).")
    client = RemoteClient(resolve("ssh://host"))
    client.start()
    try:
        until(lambda: client.link.state is LinkState.WAITING)
        assert client.link.why == "me@host: Permission denied (publickey)."
        with pytest.raises(ConnectionFailed) as caught:
            client.subscribe("")
        assert (caught.value.code, caught.value.where) == ("NG-3313", "ssh://host")
    finally:
        client.close()


async def test_a_program_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROGRAPH_SSH", "/does/not/exist")
    async with NeuroGraphClient("ssh://host") as client:
        with pytest.raises(ConnectionFailed, match="/does/not/exist: No such file"):
            await client.health()


async def test_a_connection_that_breaks_ends_its_ssh(pair: tuple[Engine, Log], calls: Path) -> None:
    import asyncio

    async with reach(resolve(f"ssh://host{pair[0].socket}")) as way:
        assert way.socket is not None
        reader, writer = await asyncio.open_unix_connection(way.socket)
        writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        pid = int(calls.read_text().split()[0])
        writer.close()
        async with asyncio.timeout(30):
            while not is_gone(pid):
                await asyncio.sleep(0.005)
