"""Clients that send or take less than they should, over sockets of their own."""

from __future__ import annotations

import json
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .engine import Engine

LOGIN = "/api/v1/auth/login"


@contextmanager
def descriptors(most: int) -> Iterator[None]:
    """This process, and those it starts, may have so many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(most, hard)), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def over_tcp(engine: Engine, source: str = "127.0.0.1", *, receive: int = 0) -> socket.socket:
    """A connection from this address; `receive` are the bytes that the kernel takes for it, 0 as many as it likes."""
    where = urlsplit(engine.url)
    line = socket.socket()
    line.settimeout(20)
    if receive:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    line.bind((source, 0))
    line.connect((where.hostname, where.port))
    return line


def over_unix(engine: Engine) -> socket.socket:
    """A connection over the Unix socket, on which this user is admin."""
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(20)
    line.connect(str(engine.socket))
    return line


def open_connections(engine: Engine) -> int:
    """Connections that the engine holds, as the kernel lists them."""
    files = Path(f"/proc/{engine.process.pid}/fd")
    # One that is closed meanwhile has no name, and is none of those looked for.
    held = {os.path.realpath(one).rpartition("[")[2].rstrip("]") for one in files.iterdir()}
    unix = (line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:])
    tcp = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    # Connected by a path, and not listening.
    found = sum(fields[5] == "03" and fields[6] in held and len(fields) > 7 for fields in unix)
    return found + sum(fields[3] != "0A" and fields[9] in held for fields in tcp)


def head(path: str, *fields: str, verb: str = "POST", media: str = "application/json") -> bytes:
    """The head of a request with these fields."""
    lines = [f"{verb} {path} HTTP/1.1", "Host: localhost", f"Content-Type: {media}", *fields]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def sent(line: socket.socket, data: bytes) -> bool:
    """Sends all; false when the other end has closed in between."""
    try:
        line.sendall(data)
    except ConnectionError:
        return False
    return True


def answer(line: socket.socket) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, fields and JSON of one answer."""
    with line.makefile("rb") as reading:
        status = int(reading.readline().split()[1])
        fields: dict[str, str] = {}
        while text := reading.readline().decode().strip():
            name, _, value = text.partition(":")
            fields[name.lower()] = value.strip()
        return status, fields, json.loads(reading.read(int(fields["content-length"])))


def refusal(line: socket.socket) -> tuple[int, str]:
    """Status and message of a refusal, whose shape is that of all."""
    status, fields, body = answer(line)
    assert body["success"] is False and body["error"]["code"] == body["error_code"], body
    assert body["error"]["message"] == body["message"] == body["detail"], body
    assert (status in {429, 503}) == ("retry-after" in fields), (status, fields)
    return status, body["message"]


def closed(line: socket.socket) -> bool:
    """The other end has closed; waits for that as long as the socket's timeout."""
    try:
        return line.recv(1) == b""
    except ConnectionError:
        return True
