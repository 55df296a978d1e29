"""Users of an engine under test, and clients that come from addresses of their own."""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path
from socket import create_connection
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from .engine import BINARY, Engine

PASSWORD = "a long password"
"""Of every user that `add` makes."""

UNCOUNTED = "server.failed_credentials=1000000"
"""Setting of an engine whose tests are wrong more often than an address may be; all loopback addresses are one."""

_numbers = itertools.count(2)


def address() -> str:
    """A loopback address that nobody has used."""
    number = next(_numbers)
    return f"127.0.{number >> 8}.{number & 255}"


def user(state: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Runs `neurograph-engine user`, with something on its standard input."""
    command = [str(BINARY), "user", *arguments, "--state-dir", str(state)]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=60)


def add(state: Path, **roles: str) -> None:
    """Adds users by name and role."""
    for name, role in roles.items():
        done = user(state, "add", name, "--role", role, given=f"{PASSWORD}\n")
        assert done.returncode == 0, done.stderr


def client(engine: Engine, bearer: str | None = None, *, at: str | None = None, **headers: str) -> httpx.Client:
    """A client over TCP from an address of its own."""
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    transport = httpx.HTTPTransport(local_address=at or address())
    return httpx.Client(transport=transport, base_url=engine.url, timeout=20, headers=headers)


def login(engine: Engine, name: str = "admin", password: str = PASSWORD, *, at: str | None = None) -> dict[str, Any]:
    """The answer to a login."""
    with client(engine, at=at) as asking:
        answer = asking.post("/api/v1/auth/login", json={"username": name, "password": password})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def socket(engine: Engine, query: str = "", *, at: str | None = None, host: str = "", **more: Any) -> ClientConnection:
    """An open WebSocket, from an address of its own; `host` is the name by which the server is called."""
    target = urlsplit(engine.url)
    sock = create_connection((target.hostname, target.port), source_address=(at or address(), 0))
    try:
        name = host or target.netloc
        uri, protocols = f"ws://{name}/ws{query}", [Subprotocol("ng.v1.json")]
        line: ClientConnection = connect(uri, sock=sock, subprotocols=protocols, **more)
        return line
    except BaseException:
        sock.close()
        raise


def closing(line: ClientConnection) -> tuple[int, str]:
    """Reads until the server closes; the code and the reason."""
    try:
        while True:
            line.recv(timeout=10)
    except ConnectionClosed as closed:
        end = closed.rcvd
    return (end.code, end.reason) if end else (1006, "")


def first_password(engine: Engine) -> str | None:
    """What the first start says."""
    found = [re.search(r"user admin has the password (\S+),", line) for line in engine.said]
    return next((match[1] for match in found if match), None)
