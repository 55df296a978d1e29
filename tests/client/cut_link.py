"""Cuts the network between an engine and a client, in a network of its own: `python -m tests.client.cut_link FOLDER`.

Runs as the first program of a new network namespace, whose only interface is a loopback that is down. What the engine
reads comes from a file, so that it goes on hearing while the network is away. Prints what the client saw, as JSON.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ng_tui.client.address import resolve
from ng_tui.client.interface import LinkState
from ng_tui.client.remote import RemoteClient
from tests.server.engine import Engine

from .rig import Log, heard_all, live, logged, until

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def switch_network(up: bool) -> None:
    """Takes the loopback interface of this namespace up or down: without it not even 127.0.0.1 is reached."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        asked = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16xh14x", fcntl.ioctl(control, SIOCGIFFLAGS, asked))[0]
        flags = flags | IFF_UP if up else flags & ~IFF_UP
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags))


@contextmanager
def cut(seconds: float, log: Log, lines: int) -> Iterator[None]:
    """No network for so long, while the engine hears so many lines."""
    switch_network(False)
    log.write(lines)
    end = time.monotonic() + seconds
    yield
    while time.monotonic() < end:
        time.sleep(0.05)
    switch_network(True)


def key(engine: Engine) -> Path:
    """A file with a key that may read records, as anonymous clients may not."""
    with engine.admin() as asking:
        answer = asking.post("/api/v1/api-keys", json={"name": "reader", "scopes": ["read:signals"]})
    path = engine.folder / "token"
    path.touch(0o600)
    path.write_text(answer.json()["api_key"])
    return path


def told(client: RemoteClient, first: int) -> list[tuple[int, int | None, bool]]:
    """What the client shows from a row on: `seq`, how many are missing, and whether it is a line of the log."""
    view = client.ring.view("")
    view.advance(1_000_000)
    return [(row.seq, row.gap, "request " in row.text) for row in view.rows(first, 100_000)]


def main(folder: Path) -> None:
    """A cut of half a minute, then a link that comes and goes, then more than the ring holds."""
    switch_network(True)
    engine, log = logged(folder, "ring.capacity=20000")
    client = RemoteClient(resolve("it", {"it": {"url": engine.url, "token_file": str(key(engine))}}))
    client.start()
    story: dict[str, Any] = {}
    try:
        live(client)
        everything, of_log = client.ring.view(""), client.ring.view("type:log.**")

        def seen() -> int:
            everything.advance(1_000_000)
            return of_log.advance(1_000_000).matched

        log.write(500)
        until(lambda: seen() >= 500)
        began = time.monotonic()
        with cut(30, log, 1500):
            until(lambda: client.link.state is LinkState.WAITING, 40)
            story["noticed_s"] = time.monotonic() - began
        until(lambda: seen() >= 2000, 60)
        for _ in range(8):
            with cut(0.4, log, 100):
                pass
            log.write(25)
            time.sleep(0.3)
        until(lambda: seen() >= 3000, 60)
        story["within"] = told(client, 0)
        with cut(22, log, 30_000):
            until(lambda: client.link.state is LinkState.WAITING, 40)
        until(lambda: seen() and any(row.gap for row in everything.rows(0, 100_000)), 60)
        heard_all(client, log)
        story["beyond"] = told(client, len(story["within"]))
        story["lines"] = log.count
    finally:
        client.close()
        engine.stop()
    json.dump(story, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
