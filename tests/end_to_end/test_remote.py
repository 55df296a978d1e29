"""The console on an engine that runs in another process: attaching, losing it, finding it again, what a role may do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.quiet import quiet
from tests.server.engine import BINARY, Engine

from .serving import Serving, fake_ssh
from .terminal import COMMAND, Terminal

Open = Callable[..., Terminal]
PASSWORD = "a long password"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file that the engine follows."""
    path = tmp_path / "app.log"
    path.write_text("first line\n")
    return path


@pytest.fixture
def engine(tmp_path: Path, log: Path) -> Iterator[Engine]:
    """An engine that follows the file from its beginning, and keeps no history."""
    folder = tmp_path / "engine"
    folder.mkdir()
    one = Engine(
        folder,
        *quiet(but="files"),
        f'sensors.files.paths=["{log}"]',
        "sensors.files.from=beginning",
        "history.enabled=false",
    )
    yield one
    one.stop()


class Load:
    """Appends lines to a file, some thousand a second, until the context ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def _write(self) -> None:
        with self._path.open("a") as file:
            number = 0
            while not self._over.wait(0.01):
                file.write("".join(f"job {number + step} done\n" for step in range(30)))
                file.flush()
                number += 30

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def leave(console: Terminal) -> None:
    console.send("\x11")
    assert console.finish() == 0


def test_bare_it_attaches_to_the_engine_that_serves(terminal: Open, home: dict[str, str], tmp_path: Path) -> None:
    serving = Serving(home, "--file", str(tmp_path / "*.txt"))
    try:
        (tmp_path / "a.txt").write_text("seen by the engine that serves\n")
        console = terminal("--set", "console.filter=")
        console.wait("attached ")
        console.wait("seen by the engine that serves")
        console.send("2")
        console.wait("● active intuition_engine")
        console.send(" ")
        leave(console)
        own = terminal("--embedded", "--state-dir", str(tmp_path / "own"), *("--set", "sensors.journald.enabled=false"))
        own.wait("embedded")
        leave(own)
        with subprocess.Popen(["echo", "piped line"], stdout=subprocess.PIPE) as echo:
            assert echo.stdout is not None
            piped = terminal("--state-dir", str(tmp_path / "piped"), stdin=echo.stdout.fileno())
            piped.wait("piped line")
            assert "embedded" in piped.text()
            leave(piped)
    finally:
        assert serving.stop() == 0


def test_killed_under_load_it_says_so_at_once_and_comes_back(terminal: Open, engine: Engine, log: Path) -> None:
    console = terminal("connect", f"unix:{engine.socket}", "--filter", "", columns=100)
    console.wait("first line")
    with Load(log):
        console.wait(lambda text: "job " in text and "live" in text)
        killed = time.monotonic()
        engine.kill()
        console.wait("reconnecting in", timeout=2)
        assert time.monotonic() - killed < 2
        text = console.wait("data from")
        assert "job " in text and "not connected" in text
        console.send("2")
        console.wait("unavailable: not connected; commands are not queued")
        console.send(" ")
        console.wait("gateway: not connected")
        console.send("3")
        console.wait("[3 Metrics]")
        engine.start()
        console.send("\x12")  # ctrl+r: now, not when the wait is over
        console.wait(lambda text: "reconnecting" not in text and "data from" not in text)
        console.send("1")
        console.wait(lambda text: "● live" in text and "job " in text)
    with engine.admin() as asking:
        modules = asking.get("/api/v1/modules").json()["modules"]
    assert all(module["enabled"] for module in modules)
    leave(console)


def test_what_was_missed_is_a_row_of_its_own(terminal: Open, engine: Engine, log: Path) -> None:
    console = terminal("connect", f"unix:{engine.socket}", "--filter", "", columns=100)
    console.wait("first line")
    console.signal(signal.SIGSTOP)
    with log.open("a") as file:
        file.write("".join(f"unseen {number}\n" for number in range(20_000)))
    # The last line is an event when nothing came for a while.
    with engine.admin() as asking:
        while not asking.get("/api/v1/events", params={"filter": '"unseen 19999"', "limit": 1}).json()["records"]:
            time.sleep(0.05)
    engine.kill()
    log.write_text("")
    engine.start()
    console.signal(signal.SIGCONT)

    def is_told(text: str) -> bool:
        row = next((line for line in text.splitlines() if "records missing" in line), "").ljust(100)
        # What the system's buffers held when the engine was killed still arrived; the last of it stands before the gap.
        arrived = max((int(number) + 1 for number in re.findall(r"unseen (\d+)", text)), default=0)
        missing = int("".join(filter(str.isdigit, row)) or -1)
        # In the last column is the scroll bar.
        whole = "the engine was killed before it could tell them ┄┄┄" in row and row[98] == "┄"
        return whole and arrived + missing == 20_000 and "reconnecting" not in text

    # A frame comes in pieces.
    console.wait(is_told, timeout=40)
    leave(console)


def test_the_restarting_engine_is_found_again_by_itself(terminal: Open, engine: Engine) -> None:
    console = terminal("connect", f"unix:{engine.socket}", "--filter", "")
    console.wait("first line")
    assert engine.stop(signal.SIGHUP) == 0
    console.wait("reconnecting")
    engine.start()
    console.wait(lambda text: "reconnecting" not in text and "● live" in text, timeout=40)
    leave(console)


def test_it_opens_before_the_engine_is_there(terminal: Open, engine: Engine) -> None:
    engine.stop()
    console = terminal("connect", f"unix:{engine.socket}", "--filter", "")
    console.wait("There is no connection yet")
    engine.start()
    console.send("\x12")
    console.wait("first line", timeout=40)
    leave(console)


def test_over_ssh(terminal: Open, engine: Engine, tmp_path: Path) -> None:
    console = terminal("connect", f"ssh://host{engine.socket}", "--filter", "", env=fake_ssh(tmp_path), columns=120)
    console.wait("first line")
    assert "remote " in console.text() and " admin" in console.text()
    console.wait("rtt ")
    console.send("2G y")
    console.wait(lambda text: any("○ off" in line and "action_controller" in line for line in text.splitlines()))
    engine.kill()
    console.wait("NG-3311 no engine serves unix:", timeout=40)
    engine.start()
    console.send("\x12")
    console.wait(lambda text: "reconnecting" not in text, timeout=40)
    leave(console)


def test_a_host_that_ssh_cannot_reach_is_told_in_its_words(terminal: Open, tmp_path: Path) -> None:
    script = tmp_path / "ssh"
    script.write_text("#!/bin/sh\necho 'ssh: Could not resolve hostname nowhere' >&2\nexit 255\n")
    script.chmod(0o755)
    console = terminal("connect", "ssh://nowhere", env={"NEUROGRAPH_SSH": str(script)})
    console.wait(lambda text: "Could not resolve hostname nowhere" in text and "connecting in" in text)
    leave(console)


def test_several_engines_in_one_console(terminal: Open, engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "second"
    folder.mkdir()
    (tmp_path / "second.log").write_text("line of the second\n")
    settings = quiet(but="files")
    second = Engine(
        folder, *settings, f'sensors.files.paths=["{tmp_path / "second.log"}"]', "sensors.files.from=beginning"
    )
    try:
        config = tmp_path / "profiles.toml"
        config.write_text(
            f'[profiles]\none = "unix:{engine.socket}"\ntwo = "unix:{second.socket}"\n'
            '[profile_colours]\none = "success"\n'
        )
        console = terminal("--config", str(config), "connect", "one", "two", "--filter", "", columns=120)
        text = console.wait(lambda text: "first line" in text and "line of the second" in text)
        first = next(line for line in text.splitlines() if "first line" in line)
        other = next(line for line in text.splitlines() if "line of the second" in line)
        assert " one " in first and " two " in other
        assert "attached one 1/2" in text
        console.send(";2")
        console.wait("attached two 2/2")
        console.send("G y")
        console.wait(lambda text: any("○ off" in line and "action_controller" in line for line in text.splitlines()))
        console.send(";")
        console.wait(lambda text: any("● active" in line and "action_controller" in line for line in text.splitlines()))
        second.kill()
        console.wait("1 of 2 live")
        leave(console)
    finally:
        second.stop()


def test_a_viewer_sees_and_cannot_switch(terminal: Open, engine: Engine, tmp_path: Path) -> None:
    engine.stop()
    added = subprocess.run(
        [str(BINARY), "user", "add", "vera", "--role", "viewer", "--state-dir", str(engine.folder / "state")],
        input=f"{PASSWORD}\n",
        text=True,
        capture_output=True,
    )
    assert added.returncode == 0, added.stderr
    engine.start()
    answer = httpx.post(
        f"{engine.url}/api/v1/auth/login", json={"username": "vera", "password": PASSWORD}, timeout=20
    ).json()
    token = tmp_path / "token"
    token.write_text(answer["access_token"])
    config = tmp_path / "profiles.toml"
    config.write_text(f'[profiles]\nprod = "{engine.url}"\n[profile_tokens]\nprod = "{token}"\n')
    console = terminal("--config", str(config), "connect", "prod")
    console.wait(lambda text: "remote prod viewer" in text and "does not have the right to read events" in text)
    console.send("2")
    console.wait("● active intuition_engine")
    console.wait("unavailable: the role viewer does not have the right steer")
    console.send(" ")
    console.wait("gateway: the role viewer")
    console.send("4")
    console.wait("read only")
    console.send(" ")
    leave(console)
    with engine.admin() as asking:
        assert all(module["enabled"] for module in asking.get("/api/v1/modules").json()["modules"])
    command = [COMMAND, "--config", str(config), "modules", "--url", "prod", "disable", "grid"]
    refused = subprocess.run(command, capture_output=True, env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)})
    assert refused.returncode == 4 and b"NG-4102" in refused.stderr
