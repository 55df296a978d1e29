"""Servers for the rows that measure over the network: an engine of this project, and NATS beside it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from context import ROOT

from ng_tui.config import LIVE_SENSORS

QUIET = tuple(f"sensors.{name}.enabled=false" for name in LIVE_SENSORS)


@dataclass(frozen=True)
class Served:
    """A running server."""

    address: str
    """HOST:PORT."""
    pid: int
    token: str = "-"
    """Credentials that may read and send; `-` for none."""
    socket: str = ""
    """Path of its Unix socket."""


def build() -> tuple[Path, Path]:
    """The engine and the program that loads it, both with optimisation."""
    command = [
        "cargo",
        "build",
        "--release",
        "--quiet",
        "--package",
        "ng-server",
        "--package",
        "ng-daemon",
        "--bins",
        "--examples",
    ]
    subprocess.run(command, cwd=ROOT, check=True)
    return ROOT / "target/release/neurograph-engine", ROOT / "target/release/examples/fan_out"


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Waits until something listens. Raises RuntimeError."""
    host, port = address.rsplit(":", 1)
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"nothing listens at {address}")


@contextmanager
def engine(binary: Path, folder: Path, *settings: str) -> Iterator[Served]:
    """An engine that hears only what is sent to it, and a key that may read and send."""
    address, unix = f"127.0.0.1:{free_port()}", str(folder / "engine.sock")
    command = [str(binary), "--state-dir", str(folder / "state"), "--set", f"server.socket={unix}"]
    limits = ("server.connections=20000", "server.connections_per_address=20000", "server.handshakes=20000")
    for setting in (*QUIET, f'server.listen=["{address}"]', *limits, *settings):
        command += ["--set", setting]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(address, process)
        yield Served(address, process.pid, key(unix), unix)
    finally:
        process.terminate()
        process.wait(timeout=20)


def key(unix: str) -> str:
    """A new API key that may read signals and send events, made over the Unix socket."""
    body = json.dumps({"name": "bench", "scopes": ["read:signals", "read:metrics", "ingest"]}).encode()
    request = b"POST /api/v1/api-keys HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    request += b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    answer = b""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(unix)
        line.sendall(request)
        while part := line.recv(65536):
            answer += part
    found = json.loads(answer.partition(b"\r\n\r\n")[2])
    return str(found["api_key"])


@contextmanager
def nats() -> Iterator[Served]:
    """A NATS server of our own. Raises FileNotFoundError where it is not installed."""
    program = shutil.which("nats-server")
    if program is None:
        raise FileNotFoundError("nats-server is not installed (Debian: apt install nats-server)")
    address = f"127.0.0.1:{free_port()}"
    host, port = address.split(":")
    process = subprocess.Popen([program, "-a", host, "-p", port], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        wait_for(address, process)
        yield Served(address, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


def get(served: Served, path: str) -> bytes:
    """The body behind a path of an engine."""
    request = urllib.request.Request(f"http://{served.address}{path}", headers={"X-API-Key": served.token})
    with urllib.request.urlopen(request, timeout=10) as answer:
        body: bytes = answer.read()
        return body
