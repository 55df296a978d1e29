"""A server that goes as far as a stage of making a connection, and then cuts it off or says nothing more."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from ng_tui.client.session import PROTOCOL

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Stage(StrEnum):
    """How far it goes."""

    ACCEPTED = "accepted"
    """The connection was taken; nothing was read."""
    HEARD = "heard"
    """The first bytes were read: the greeting of TLS, or the request."""
    HALF_TLS = "half_tls"
    """The first half of the server's part of the handshake of TLS was sent."""
    ASKED = "asked"
    """The whole request was read."""
    HALF_ANSWER = "half_answer"
    """Half of the answer was sent."""
    ANSWERED = "answered"
    """The whole answer was sent; over a WebSocket nobody greets."""


def certificate(folder: Path) -> Path:
    """A certificate that vouches for itself; its key lies beside it."""
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command, *files], check=True, capture_output=True)
    return folder / "cert.pem"


class Staged:
    """Serves until `close`. `reached` is set when a connection has come as far as the stage."""

    def __init__(self, stage: Stage, *, cuts: bool, path: Path | None = None, tls: Path | None = None) -> None:
        """`cuts`: it breaks the connection off there; otherwise it holds it, and waits. `path` is that of a Unix
        socket; without it a port of this host is taken. `tls` is a certificate.
        """
        self.reached = threading.Event()
        self._stage, self._cuts = stage, cuts
        self._context: ssl.SSLContext | None = None
        if tls is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(tls, tls.with_name("key.pem"))
        if path is not None:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(path))
            self.url = f"unix:{path}"
        else:
            self._listener = socket.socket()
            self._listener.bind(("127.0.0.1", 0))
            self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._listener.listen()
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        """Ends it with its connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            one.settimeout(10)
            with one, suppress(OSError, ssl.SSLError):
                self._go(one)
                self.reached.set()
                if self._cuts:
                    if one.family == socket.AF_INET:
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    while one.recv(65536):
                        pass

    def _go(self, one: socket.socket) -> None:
        if self._stage is Stage.ACCEPTED:
            return
        heard = _some(one)
        if self._stage is Stage.HEARD:
            return
        if self._context is None:
            _answer(self._stage, heard, lambda: _some(one), one.sendall)
            return
        coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._context.wrap_bio(coming, going, server_side=True)

        def read() -> bytes:
            while True:
                try:
                    return _some(tls)
                except ssl.SSLWantReadError:
                    one.sendall(going.read())
                    coming.write(_some(one))

        def send(data: bytes) -> None:
            tls.write(data)
            one.sendall(going.read())

        coming.write(heard)
        with suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        if self._stage is Stage.HALF_TLS:
            flight = going.read()
            one.sendall(flight[: len(flight) // 2])
            return
        _answer(self._stage, read(), read, send)


def _some(one: socket.socket | ssl.SSLObject) -> bytes:
    """What comes next. Raises ConnectionResetError at the end."""
    found = one.recv(65536) if isinstance(one, socket.socket) else one.read(65536)
    if not found:
        raise ConnectionResetError
    return found


def _answer(stage: Stage, heard: bytes, read: Callable[[], bytes], send: Callable[[bytes], object]) -> None:
    while b"\r\n\r\n" not in heard:
        heard += read()
    if stage is Stage.ASKED:
        return
    if found := re.search(rb"(?i)sec-websocket-key: (\S+)", heard):
        accept = base64.b64encode(hashlib.sha1(found[1] + GUID).digest()).decode()
        head = "101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade"
        answer = f"HTTP/1.1 {head}\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n"
    else:
        answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    send(answer.encode()[: len(answer) // 2 if stage is Stage.HALF_ANSWER else None])
