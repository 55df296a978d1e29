"""What the tests of clients share: engines that read a log of the test, and waiting for conditions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ng_tui.client.address import Address, resolve
from ng_tui.client.background import Background
from ng_tui.client.interface import LinkState
from ng_tui.client.listener import Listener
from ng_tui.client.remote import RemoteClient
from ng_tui.client.wire import Frame, Row
from tests.quiet import quiet
from tests.server.engine import Engine

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
    files = ("sensors.files.enabled=true", f'sensors.files.paths=["{log.path}"]', "sensors.files.tail_lines=0")
    engine = Engine(folder, *quiet(but="files"), *files, *settings)
    follows(engine, log)
    return engine, log


def follows(engine: Engine, log: Log) -> None:
    """Waits until the engine has found the end of the log; lines from before are lost to it."""
    client, frames = RemoteClient(at(engine)), list[Frame]()
    client.start()

    def has_found() -> bool:
        frames.extend(client.frames(100))
        sources = [source.name for frame in frames if frame.metrics for source in frame.metrics.sources]
        return f"file:{log.path}" in sources

    until(has_found)
    client.close()


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


def heard_all(client: RemoteClient, log: Log) -> None:
    """Waits until the client has the last line of the log, which may go on until nothing has come for a while."""
    view = client.ring.view("type:log.**")

    def is_last() -> bool:
        count = view.advance(1_000_000).matched
        return count > 0 and f"request {log.count - 1} " in view.rows(count - 1, 1)[0].text

    until(is_last)


class Relay:
    """A socket that leads to an engine's, and can be cut off from it."""

    def __init__(self, engine: Engine) -> None:
        self.path = engine.folder / "relay.sock"
        self._target = str(engine.socket)
        self._background = Background("relay")
        self.open()

    @property
    def url(self) -> str:
        """Its address."""
        return f"unix:{self.path}"

    def open(self) -> None:
        """Whoever connects is connected with the engine."""
        self._background.submit(self._open()).result()

    async def _open(self) -> None:
        self._listener = Listener(str(self.path), self._connect)

    def cut(self) -> None:
        """Breaks all connections, and takes no more."""
        self.path.unlink()
        self._background.submit(self._listener.close()).result()

    def close(self) -> None:
        """Ends it."""
        self._background.submit(self._listener.close()).result()
        self._background.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_unix_connection(self._target)

        async def splice(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                while chunk := await source.read(65536):
                    target.write(chunk)
                    await target.drain()
            target.close()

        try:
            await asyncio.gather(splice(reader, there_writer), splice(there_reader, writer))
        except asyncio.CancelledError:
            there_writer.transport.abort()
            raise


def lose(engine: Engine, log: Log, relay: Relay, lines: int) -> None:
    """The engine makes records that nobody hears behind the relay, is killed, and starts anew."""
    relay.cut()
    witness = RemoteClient(at(engine))
    witness.start()
    live(witness)
    log.write(lines)
    rows(witness, log.count)
    witness.close()
    engine.kill()
    engine.start()
    follows(engine, log)
    relay.open()
