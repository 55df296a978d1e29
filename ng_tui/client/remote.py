"""An engine elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from ng_tui import _engine
from ng_tui.client.address import Address, Way
from ng_tui.client.background import Background
from ng_tui.client.embedded import local_zone
from ng_tui.client.failures import BadAnswer, ConnectionFailed, declined
from ng_tui.client.inbox import Inbox
from ng_tui.client.interface import Link, LinkState, Page, PageQuery
from ng_tui.client.past import PagedPast
from ng_tui.client.reach import check, reach
from ng_tui.client.templates import RemoteRing, Templates
from ng_tui.client.wire import Command, ErrorCode, ErrorFrame, Frame, Hello, PatternView, Request
from ng_tui.errors import ConsoleError
from ng_tui.i18n import tr

if TYPE_CHECKING:
    from ng_tui.client import answers
    from ng_tui.client.follow import Follower
    from ng_tui.client.rest import Rest
    from ng_tui.client.session import Session
    from ng_tui.client.stream import RemoteStream

BACKLOG = 50_000
"""Records from before the first connection that are fetched over a network; over a socket all that the ring takes."""
MOST_UNANSWERED = 1000
"""Commands under way; further ones are refused until some are answered."""
MOST_FETCHES = 64
"""Templates under way; further ones are left out, and asked for again later."""
READ_RECORDS = "read:signals"
"""The right to read records."""


class RemoteClient:
    """One engine over a connection that is made again whenever it breaks; see `interface.EngineClient`."""

    ring: RemoteRing

    def __init__(
        self,
        address: Address,
        *,
        capacity: int = 1_000_000,
        saved: dict[str, str] | None = None,
        ring: _engine.Ring | None = None,
        prefix: str = "",
        numbers: Iterator[int] | None = None,
        backlog: int | None = None,
    ) -> None:
        """`ring` is one to share with other engines; then `prefix` stands before the names of sources, and `numbers`
        are those of commands. `backlog` is how many older records are fetched first.
        """
        self.address = address
        self.templates = Templates()
        """Texts of the patterns of this engine."""
        self._ring = ring if ring is not None else _engine.Ring(capacity, saved or {}, local_zone())
        self._inlet = _engine.Inlet(self._ring, prefix)
        self.ring = RemoteRing(self._ring)
        self.ring.templates_of = lambda _: self.templates
        self.ring.of_one = self.templates
        if ring is None:
            new_ring = partial(_engine.Ring, saved=saved or {}, zone=local_zone())
            self.ring.past = PagedPast(self._ask_page, new_ring, self.ring)
        self._everything = self.ring.view("")
        self._backlog = backlog if backlog is not None else capacity if address.way is Way.UNIX else BACKLOG
        self._numbers = numbers or count(1)
        self._inbox = Inbox()
        self._link = Link(LinkState.CONNECTING, since=time.monotonic())
        self._background: Background | None = None
        self._http: Rest | None = None
        self._follower: Follower | None = None
        self._running: Future[None] | None = None
        self._wants_records = True
        self._may_read = True
        self._asked = Hello(1)
        self._run_of_place: str | None = None
        self._unanswered: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def label(self) -> str:
        """How the overview strip names the connection: the name of the address."""
        return self.address.name

    @property
    def link(self) -> Link:
        """How the connection stands now."""
        return self._follower.link if self._follower is not None else self._link

    def start(self) -> None:
        """Begins to connect and returns at once. Raises ConsoleError when the address cannot be used at all.

        After `subscribe` the records come over the stream, and here only the views.
        """
        check(self.address)
        if self._running is None:
            self._running = self._thread().submit(self._run())

    def connect(self, timeout_s: float = 5.0) -> None:
        """Connects for views and commands alone, if need be, and waits for it. Raises ConsoleError."""
        if self._running is None:
            self._wants_records = False
            self.start()
        self._inbox.wait_for(lambda: self.link.state is not LinkState.CONNECTING, timeout_s)
        failure = self._follower.failure if self._follower is not None else None
        if failure is not None:
            raise failure

    def frames(self, timeout_ms: int = 0) -> list[Frame]:
        """Views, notices and answers since the last call; waits at most `timeout_ms` for the first."""
        return self._inbox.take(timeout_ms)

    def send(self, command: Command) -> int:
        """Sends a command and returns its number; while not live it is refused at once with `NOT_READY`."""
        number = next(self._numbers)
        if self._background is None or self.link.state is not LinkState.LIVE:
            self._refuse(number)
        else:
            self._background.call(self._dispatch, Request(number, "", command))
        return number

    def ask(self, command: Command, timeout_s: float = 5.0) -> str | None:
        """Connects if need be, sends a command and waits for its answer: what it came to, where the command does not
        say it. Raises ConsoleError.
        """
        deadline = time.monotonic() + timeout_s
        self.connect(timeout_s)
        number = self.send(command)
        while (left := deadline - time.monotonic()) > 0:
            for frame in self.frames(timeout_ms=max(1, int(left * 1000))):
                if frame.result is not None and frame.result.id == number:
                    return frame.result.message
                if frame.error is not None and frame.error.id == number:
                    raise declined(frame.error)
        raise ConsoleError("NG-3202", tr("the engine did not answer in time"), where=self.label)

    def subscribe(self, filter: str, timeout_s: float = 30.0) -> RemoteStream:
        """A stream of all records that pass `filter`, over a connection of its own.

        The engine knows the saved filters that it may name. Raises FilterError, or ConsoleError when there is no
        connection within `timeout_s`.
        """
        from ng_tui.client.stream import RemoteStream

        check(self.address)
        self._wants_records = False
        stream = RemoteStream(self._thread(), self.address, filter)
        stream.wait(timeout_s)
        return stream

    def reconnect(self) -> None:
        """Tries again now instead of at `link.retry_at`."""
        if self._background is not None and self._follower is not None:
            self._background.call(self._follower.retry_now)

    def close(self) -> None:
        """Ends the connection; may be called twice."""
        if self._background is not None:
            self._background.close()
        self._link, self._follower = replace(self.link, state=LinkState.ENDED, retry_at=None), None

    def _thread(self) -> Background:
        if self._background is None:
            self._background = Background(f"connection to {self.address.name}")
        return self._background

    async def _run(self) -> None:
        # Nothing of these is needed, nor loaded, by who has no engine elsewhere.
        from ng_tui.client.follow import Follower
        from ng_tui.client.rest import rest

        try:
            async with reach(self.address) as way, rest(way) as http:
                follower = Follower(way, self._hello, self._greeted, forever=True, changed=self._changed)
                self._follower, self._http = follower, http
                self.templates.fetch = lambda pattern: self._thread().call(self._fetch, http, pattern)
                async with aclosing(aiter(follower)) as messages:
                    async for message in messages:
                        self._take(message, follower)
        except ConsoleError as error:
            self._link = replace(self._link, state=LinkState.ENDED, why=error.what)
            self._inbox.wake()
        finally:
            self._http = None

    def _hello(self) -> Hello:
        from ng_tui.client.session import PROTO

        place = self._inlet.next_seq()
        if place is None or not (self._wants_records and self._may_read):
            # The first connection finds out where the engine is, so that no more than the backlog is asked for.
            self._asked = Hello(PROTO, views_only=True)
        else:
            self._asked = Hello(PROTO, resume_from=place, run=self._run_of_place, packed=True, vectors=True)
        return self._asked

    def _greeted(self, session: Session) -> bool:
        welcome = session.welcome
        self._may_read = READ_RECORDS in welcome.rights
        reads = self._wants_records and self._may_read
        if reads and self._inlet.next_seq() is None:
            self._inlet.begin_at(max(welcome.first_seq, welcome.next_seq - self._backlog))
            self._run_of_place = welcome.run
            if self.ring.past is not None:
                self.ring.past.page(PageQuery(limit=1))  # It is known then where history begins.
        if reads == bool(self._asked.views_only):
            return False
        self.templates.begin(welcome.run, self._everything.advance(0).next_seq)
        return True

    def _take(self, message: bytes, follower: Follower) -> None:
        from ng_tui.client.session import frame_decoder

        live = follower.session
        assert live is not None
        try:
            before = self._inlet.next_seq()
            if self._inlet.absorb(message) is not None:
                if self._inlet.next_seq() != before:
                    self._run_of_place = live.welcome.run
                if self._inlet.renumbers():
                    self.ring.past = None  # A place in the stream means another there.
                return
            frame = frame_decoder.decode(message)
        except ValueError as error:
            live.spoil(BadAnswer(tr("it speaks another protocol: {error}", error=error), where=self.label))
            return
        for answer in (frame.result, frame.error):
            if answer is not None:
                self._unanswered.discard(answer.id)
        if frame.hello is None:
            self._inbox.put(frame)

    def _changed(self) -> None:
        follower = self._follower
        if follower is None or follower.session is None:
            unanswered, self._unanswered = self._unanswered, set()
            for number in sorted(unanswered):
                what = tr("the connection broke; whether the command was carried out is not known")
                self._inbox.put(Frame(error=ErrorFrame(number, ErrorCode.NOT_READY, what)))
        self._inbox.wake()

    def _dispatch(self, request: Request) -> None:
        live = self._follower.session if self._follower is not None else None
        if live is None:
            self._refuse(request.id)
        elif len(self._unanswered) >= MOST_UNANSWERED:
            what = tr("too many commands wait for their answers")
            self._inbox.put(Frame(error=ErrorFrame(request.id, ErrorCode.RATE_LIMITED, what)))
        else:
            self._unanswered.add(request.id)
            self._keep(asyncio.get_running_loop().create_task(self._send(live, request)))

    async def _send(self, live: Session, request: Request) -> None:
        try:
            await live.send(request)
        except ConsoleError as error:
            if request.id in self._unanswered:
                self._unanswered.discard(request.id)
                self._inbox.put(Frame(error=ErrorFrame(request.id, ErrorCode.NOT_READY, error.what)))

    def _refuse(self, number: int) -> None:
        what = tr("there is no connection to {name}; nothing was sent", name=self.label)
        self._inbox.put(Frame(error=ErrorFrame(number, ErrorCode.NOT_READY, what)))

    def _ask_page(self, query: PageQuery, page_of: Callable[[answers.Page], Page]) -> Future[Page]:
        return self._thread().submit(self._fetch_page(query, page_of))

    async def _fetch_page(self, query: PageQuery, page_of: Callable[[answers.Page], Page]) -> Page:
        if self._http is None:
            raise ConnectionFailed("NG-3311", tr("there is no connection"), where=self.label)
        order = "desc" if query.newest_first else "asc"
        asked = {"filter": query.filter, "from_seq": query.from_seq, "limit": query.limit, "order": order}
        from ng_tui.client import answers

        return page_of(await self._http.get("/api/v1/events", answers.Page, **asked))

    def _fetch(self, http: Rest, pattern: int) -> None:
        live = self._follower.session if self._follower is not None else None
        if live is not None and len(self._tasks) < MOST_FETCHES:
            self._keep(asyncio.get_running_loop().create_task(self._learn(http, live.welcome.run, pattern)))

    async def _learn(self, http: Rest, run: str, pattern: int) -> None:
        try:
            found = await http.get(f"/api/v1/patterns/{pattern}", PatternView)
        except ConsoleError:
            return  # The detail is shown without it, and asks again later.
        self.templates.learn(run, found)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
