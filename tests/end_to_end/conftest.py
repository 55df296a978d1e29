"""Every test has a state directory and a configuration folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .terminal import COMMAND, Terminal

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(autouse=True)
def _no_settings_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which programs the tests use would be taken for settings."""
    for name in ("NEUROGRAPH_ENGINE", "NEUROGRAPH_ECHO"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Environment in which nothing of this machine's configuration or state is seen."""
    names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
    folders = {name: tmp_path / name.lower() for name in names}
    for folder in folders.values():
        folder.mkdir(mode=0o700)
    return {name: str(folder) for name, folder in folders.items()}


@pytest.fixture
def run(home: dict[str, str], tmp_path: Path) -> Run:
    """Runs the command to its end, without a terminal."""

    def call(
        *arguments: str, input: bytes | None = None, timeout: float = 60, zone: str = "UTC"
    ) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, **home, "TZ": zone, "LC_ALL": "C.UTF-8"}
        stdin = subprocess.DEVNULL if input is None else None
        return subprocess.run(
            [COMMAND, *arguments],
            input=input,
            stdin=stdin,
            capture_output=True,
            timeout=timeout,
            env=environment,
            cwd=tmp_path,
        )

    return call


@pytest.fixture
def terminal(home: dict[str, str]) -> Iterator[Callable[..., Terminal]]:
    """Opens terminals and ends them after the test."""
    opened: list[Terminal] = []

    def start(*arguments: str, env: dict[str, str] | None = None, **more: object) -> Terminal:
        opened.append(Terminal(arguments, env={**home, **(env or {})}, **more))  # type: ignore[arg-type]
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def records(output: bytes) -> list[dict[str, object]]:
    """The records of `tail --json`."""
    return [json.loads(line) for line in output.splitlines()]
