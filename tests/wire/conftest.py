"""The echo servers that the suite is played against."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.quiet import QUIET
from tests.server.engine import Engine

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Server:
    """A server of ours that echoes messages."""

    url: str
    pid: int

    def memory(self) -> int:
        """What is resident at the moment, in bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"process {self.pid} is gone")


@pytest.fixture(scope="session")
def echo_program() -> str:
    """The program that `NEUROGRAPH_ECHO` names, or else the example of ng-server, built."""
    if named := os.environ.get("NEUROGRAPH_ECHO"):
        return named
    subprocess.run(["cargo", "build", "--quiet", "--workspace", "--bins", "--example", "echo"], check=True, cwd=ROOT)
    return str(Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/examples/echo")


@contextmanager
def running(*command: str) -> Iterator[Server]:
    """Runs an echo server; it ends with the block."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), f"{command} says {line!r}"
            yield Server(f"ws://{line.split()[-1]}/", process.pid)
            assert process.poll() is None, f"the server ended with {process.returncode}"
        finally:
            process.kill()


@pytest.fixture(scope="session")
def echo(echo_program: str) -> Iterator[Server]:
    """A server with the limits that we ship."""
    with running(echo_program, "0") as server:
        yield server


@pytest.fixture(scope="session")
def echo_url(echo: Server) -> str:
    """Where that server is."""
    return echo.url


@pytest.fixture
def http_url(tmp_path: Path) -> Iterator[str]:
    """A whole engine, with its limits as they are shipped, but for many connections from one address."""
    engine = Engine(tmp_path, *QUIET, "server.connections_per_address=1000")
    yield engine.url
    engine.stop()


@pytest.fixture
def impatient_url(echo_program: str) -> Iterator[str]:
    """A server that sends a ping every 200 ms and drops whoever missed two."""
    with running(echo_program, "0", "200") as server:
        yield server.url
