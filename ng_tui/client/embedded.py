"""An engine in this process."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ng_tui import _engine
from ng_tui.client.interface import Link, LinkState, Page, PageQuery
from ng_tui.client.past import PagedPast
from ng_tui.client.ring import EngineRing, filter_refused
from ng_tui.client.wire import Command, Frame, Request
from ng_tui.config import Layer
from ng_tui.errors import ConsoleError, engine_refused
from ng_tui.i18n import tr

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from ng_tui.client import answers

_frames = msgspec.msgpack.Decoder(list[Frame])


def local_zone() -> str:
    """The zone of this process, as the engine takes it: times that state no zone are read by its rules."""
    return _engine.local_zone()[0]


class EmbeddedClient:
    """Runs the engine on a thread of its own; see `interface.EngineClient`."""

    label = "embedded"
    link = Link(LinkState.LIVE)

    def __init__(
        self,
        layers: list[Layer],
        state_dir: Path,
        *,
        own_state: bool = True,
        keeps: bool = False,
        saved: dict[str, str] | None = None,
    ) -> None:
        """Opens the engine; its sensors wait for `start`. Of one that `keeps` the events stay on disk.

        Raises ConsoleError.
        """
        try:
            self._engine = _engine.Engine(layers, str(state_dir), own_state, local_zone(), keeps)
        except _engine.EngineError as error:
            raise engine_refused(error.args[0]) from None
        self.ring = EngineRing(self._engine.ring())
        self._asks: ThreadPoolExecutor | None = None
        if keeps:
            new_ring = partial(_engine.Ring, saved=saved or {}, zone=local_zone())
            self.ring.past = PagedPast(self._ask_page, new_ring, self.ring)
        self._last_id = 0
        self._actor = getpass.getuser()

    def start(self) -> None:
        """Starts the sensors."""
        self._engine.start_sensors()
        if self.ring.past is not None:
            self.ring.past.page(PageQuery(limit=1))  # It is known then where history begins.

    def frames(self, timeout_ms: int = 0) -> list[Frame]:
        """Frames that arrived since the last call; waits at most `timeout_ms` for the first."""
        return _frames.decode(self._engine.frames(timeout_ms))

    def send(self, command: Command) -> int:
        """Sends a command and returns its number."""
        self._last_id += 1
        self._engine.send(msgspec.msgpack.encode(Request(id=self._last_id, actor=self._actor, command=command)))
        return self._last_id

    def ask(self, command: Command, timeout_s: float = 5.0) -> str | None:
        """Sends a command and waits for its answer: what it came to, where the command does not say it.

        Raises ConsoleError when it is refused or does not come.
        """
        number, deadline = self.send(command), time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            for frame in self.frames(timeout_ms=100):
                if frame.result is not None and frame.result.id == number:
                    return frame.result.message
                if frame.error is not None and frame.error.id == number:
                    raise ConsoleError("NG-3201", frame.error.message)
        raise ConsoleError("NG-3202", tr("the engine did not answer in time"))

    def _ask_page(self, query: PageQuery, page_of: Callable[[answers.Page], Page]) -> Future[Page]:
        """Has a page read on a thread, for the disk may be slow."""
        from concurrent.futures import ThreadPoolExecutor

        if self._asks is None:
            self._asks = ThreadPoolExecutor(1, "history reader")
        return self._asks.submit(self._read_page, query, page_of)

    def _read_page(self, query: PageQuery, page_of: Callable[[answers.Page], Page]) -> Page:
        from ng_tui.client import answers

        try:
            packed = self._engine.page(query.filter, query.from_seq, query.newest_first, query.limit)
        except _engine.FilterError as error:
            raise filter_refused(error) from None
        except _engine.EngineError as error:
            raise engine_refused(error.args[0]) from None
        return page_of(msgspec.msgpack.decode(packed, type=answers.Page))

    def subscribe(self, filter: str) -> _engine.Subscription:
        """A stream of all records that pass `filter`; the engine waits for its reader. Raises FilterError."""
        try:
            return self._engine.subscribe(filter, True)
        except _engine.FilterError as error:
            raise filter_refused(error) from None

    def close(self) -> None:
        """Stops sensors and engine."""
        if self._asks is not None:
            self._asks.shutdown(cancel_futures=True)
        self._engine.stop()
