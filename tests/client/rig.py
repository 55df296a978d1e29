"""What the tests of clients share: engines that read a log of the test, and waiting for conditions."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ng_tui.client.address import Address, resolve
from ng_tui.client.protocol import LinkState
from ng_tui.client.remote import RemoteClient
from ng_tui.client.wire import Row
from tests.server.engine import QUIET, Engine

T = TypeVar("T")


class Log:
    """A log that an engine follows; every line has its number."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        path.touch()

    def write(self, lines: int) -> None:
        """Appends lines in one go."""
        with self.path.open("a") as file:
            for _ in range(lines):
                file.write(f"2026-03-04T05:06:07 INFO worker-{self.count % 3}: request {self.count} took 5 ms\n")
                self.count += 1


def logged(folder: Path, *settings: str) -> tuple[Engine, Log]:
    """An engine that hears only what its log gets from now on."""
    folder.mkdir(exist_ok=True)
    log = Log(folder / "app.log")
    files = ("sensors.files.enabled=true", f'sensors.files.paths=["{log.path}"]', "sensors.files.from=end")
    return Engine(folder, *QUIET[:1], *QUIET[2:], *files, *settings), log


def at(engine: Engine) -> Address:
    """The address of an engine's Unix socket."""
    return resolve(f"unix:{engine.socket}")


def until(holds: Callable[[], T], timeout: float = 30) -> T:
    """Waits until something is true, and returns it."""
    end = time.monotonic() + timeout
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


def live(client: RemoteClient) -> None:
    """Waits until the client is connected."""
    until(lambda: client.link.state is LinkState.LIVE)


def rows(client: RemoteClient, matching: int, filter: str = "type:log.**") -> list[Row]:
    """The rows of a view, once there are so many."""
    view = client.ring.view(filter)
    until(lambda: view.advance(1_000_000).matched >= matching)
    return view.rows(0, matching + 1000)
