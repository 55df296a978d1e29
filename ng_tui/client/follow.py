"""A connection that is made again whenever it breaks, and goes on where it was."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from random import Random

from ng_tui.client.backoff import Backoff
from ng_tui.client.failures import ConnectionFailed
from ng_tui.client.interface import Link, LinkState
from ng_tui.client.reach import Reach
from ng_tui.client.session import Session, session
from ng_tui.client.wire import Frame, Hello, Welcome
from ng_tui.errors import ConsoleError

STEADY_S = 5.0
"""A connection that lasted this long was a good one: the next wait is short again. Seconds."""


@dataclass
class ResumePoint:
    """How far a reader is in the stream of records."""

    next_seq: int | None = None
    """First record that has not come yet; None before the first connection: whatever comes next."""
    run: str | None = None
    """The run of the engine that `next_seq` belongs to."""
    _current: str | None = None

    def greet(self, welcome: Welcome) -> None:
        """A connection begins."""
        self._current = welcome.run
        if self.next_seq is None:
            self.reach(welcome.next_seq)

    def reach(self, seq: int) -> None:
        """Everything before this record has come, or is known to be missing."""
        self.next_seq, self.run = seq, self._current

    def take(self, frame: Frame) -> None:
        """A frame has come."""
        if frame.records:
            self.reach(frame.records[-1].seq + 1)
        elif frame.gap is not None:
            self.reach(frame.gap.to_seq)


class Follower:
    """Iterate over it, once, for the messages of all connections, greetings included, one connection after the other.

    The iteration ends with `close`. Unless it is to go on forever, it raises what the engine refuses, and
    ConnectionFailed when already the first attempt fails.
    """

    def __init__(
        self,
        reach: Reach,
        hello: Callable[[], Hello],
        greeted: Callable[[Session], bool],
        *,
        forever: bool,
        changed: Callable[[], None] = lambda: None,
        patience_s: float = 20.0,
        random: Random | None = None,
    ) -> None:
        """`hello` is asked before each attempt. `greeted` is told of each connection before its first message; when it
        says False, the connection is ended and another is made at once with a new hello. `changed` is called whenever
        `session` or the state of `link` is another.
        """
        self.session: Session | None = None
        """The connection, while it is live."""
        self.failure: ConsoleError | None = None
        """Why it is not live; None while it is, and before the first attempt has failed."""
        self._link = Link(LinkState.CONNECTING, since=time.monotonic())
        self._reach = reach
        self._hello = hello
        self._greeted = greeted
        self._forever = forever
        self._changed = changed
        self._patience_s = patience_s
        self._backoff = Backoff(random)
        self._now = asyncio.Event()
        self._closed = False
        self._received = 0

    @property
    def link(self) -> Link:
        """How the connection stands."""
        live = self.session
        if live is None:
            return replace(self._link, received_bytes=self._received)
        return replace(self._link, rtt_s=live.rtt_s, received_bytes=self._received + live.received_bytes)

    def retry_now(self) -> None:
        """Ends the wait for the next attempt."""
        self._now.set()

    async def close(self) -> None:
        """Ends the iteration."""
        self._closed = True
        self._now.set()
        if self.session is not None:
            await self.session.close()

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        has_been_live = False
        while not self._closed:
            begun = time.monotonic()
            try:
                async with session(self._reach, self._hello(), patience_s=self._patience_s) as live:
                    if not self._greeted(live):
                        self._received += live.received_bytes
                        continue
                    self._begin(live)
                    has_been_live = True
                    yield live.greeting
                    while not self._closed:
                        yield await live.receive()
            except ConsoleError as error:
                self._leave()
                if self._closed:
                    break
                if not self._forever and not (has_been_live and isinstance(error, ConnectionFailed)):
                    raise
                if time.monotonic() - begun >= STEADY_S:
                    self._backoff.reset()
                await self._wait(error)
            finally:
                self._leave()
        self._link = replace(self._link, state=LinkState.ENDED, since=time.monotonic(), retry_at=None)
        self._changed()

    def _begin(self, live: Session) -> None:
        greeting = live.welcome
        self.session, self.failure = live, None
        self._link = Link(
            LinkState.LIVE,
            since=time.monotonic(),
            host=greeting.host,
            user=greeting.user or "",
            role=greeting.role,
            rights=frozenset(greeting.rights),
        )
        self._changed()

    def _leave(self) -> None:
        if self.session is not None:
            self._received += self.session.received_bytes
            self.session = None
            self._changed()

    async def _wait(self, failure: ConsoleError) -> None:
        now, delay = time.monotonic(), self._backoff.next_s()
        old = self._link
        since = old.since if old.state is LinkState.WAITING else now
        self.failure = failure
        self._link = replace(
            old, state=LinkState.WAITING, since=since, retry_at=now + delay, tries=old.tries + 1, why=failure.what
        )
        self._changed()
        try:
            async with asyncio.timeout(delay):
                await self._now.wait()
        except TimeoutError:
            return
        self._now.clear()
