"""Sends events to an engine that may be away for a while: nothing is lost, and nothing is told twice.

What waits is bounded; whoever has more waits too. Each request has an idempotency key, so that one whose answer was
lost on the way can be sent again. An engine remembers keys for ten minutes: a request whose answer was lost, and that
no later one reached before that, may be told twice.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random

import msgspec

from ng_tui.client.address import Address
from ng_tui.client.answers import Receipt
from ng_tui.client.backoff import Backoff
from ng_tui.client.failures import BadAnswer, ConnectionFailed, Declined, unreachable
from ng_tui.client.reach import reach
from ng_tui.client.rest import Rest, rest
from ng_tui.errors import ConsoleError

MOST_LINES = 1000
MOST_BYTES = 1 << 20
"""Events and bytes that are sent together."""
HELD_LINES = 100_000
HELD_BYTES = 16 << 20
"""Events and bytes that wait unless the caller says otherwise."""
LINGER_S = 0.05
"""Seconds for which an event waits for others that it is sent with."""
ANSWER_S = 5.0
"""Seconds for which an answer is waited for at least, however short the patience is."""
UNTAKEN = {408, 409, 425, 429}
"""Statuses of requests that may be taken later, besides those from 500 on."""


@dataclass(frozen=True, slots=True)
class Item:
    """An event on its way."""

    number: int
    """By which its sender knows it."""
    data: bytes
    """A JSON value without a line break."""


@dataclass(frozen=True)
class Refusal:
    """An event that the engine did not understand."""

    number: int
    error: str


@dataclass
class Outcome:
    """What became of what was sent."""

    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    last_seq: int | None = None
    durable: int = 0
    """Events of those accepted that were on disk when the engine answered."""
    not_durable: str | None = None
    """Why others were not."""


@dataclass
class Away:
    """The engine does not take anything."""

    why: ConsoleError
    tries: int = 0
    since: float = field(default_factory=time.monotonic)
    """When it was first noticed; of `time.monotonic`."""
    next_s: float = 0.0
    """Seconds until the next try."""


class Sender:
    """Use it as `async with`, `put` events, and `drain` at the end; `outcome` has what became of them.

    `put` and `drain` raise the ConsoleError for which sending has ended: no rights, nothing there that is an engine, or
    the engine away for longer than `retry_for_s`.
    """

    def __init__(
        self,
        locate: Callable[[], Address],
        *,
        source: str | None = None,
        token: str | None = None,
        retry_for_s: float | None = None,
        wait: bool = True,
        held_lines: int = HELD_LINES,
        held_bytes: int = HELD_BYTES,
        refused: Callable[[Refusal], None] = lambda _: None,
        away: Callable[[Away], None] = lambda _: None,
        back: Callable[[Away], None] = lambda _: None,
        random: Random | None = None,
    ) -> None:
        """`locate` says before every try where the engine is. `retry_for_s`: None = without end, 0 = no second try.
        `wait`: an answer comes when the events are on disk, without it when they are in the ring.

        `refused` is told each event that was not understood, `away` before each wait, and `back` when something was
        taken in again.
        """
        self.outcome = Outcome()
        self.retry_for_s = retry_for_s
        """Time from when the engine was found away until sending ends, seconds."""
        self._locate, self._source, self._token, self._waits = locate, source, token, wait
        self._held_lines, self._held_bytes = held_lines, held_bytes
        self._refused, self._away, self._back = refused, away, back
        self._backoff = Backoff(random)
        self._queue: deque[Item] = deque()
        self._bytes = 0
        self._is_ending = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._failure: ConsoleError | None = None
        self._outage: Away | None = None
        self._has_been_there = False
        self._stack = AsyncExitStack()
        self._there: tuple[Address, Rest] | None = None
        self._keys = uuid.uuid4().hex
        self._requests = self._sent = 0
        self._unknown = 0
        self._begun = 0.0
        """When the first try of the request under way was begun."""
        self._answer: asyncio.Timeout | None = None
        """Until when its answer is waited for."""

    @property
    def waiting(self) -> int:
        """Events that have no answer yet."""
        return len(self._queue)

    @property
    def unknown(self) -> int:
        """Those of them that were sent, so that the engine may have taken them in: the answer is late, or was lost."""
        return self._unknown

    @property
    def is_away(self) -> bool:
        """The engine did not take what was sent last."""
        return self._outage is not None

    @property
    def full(self) -> bool:
        """As much waits as may."""
        return len(self._queue) >= self._held_lines or self._bytes >= self._held_bytes

    async def __aenter__(self) -> Sender:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends at once; what still waits is not sent."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._stack.aclose()

    async def put(self, items: Iterable[Item]) -> None:
        """Hands events over; waits while there is no room for the next."""
        for item in items:
            while self.full and self._failure is None:
                self._room.clear()
                await self._room.wait()
            if self._failure is not None:
                raise self._failure
            self._queue.append(item)
            self._bytes += len(item.data)
            self._changed.set()

    async def send(self, event: object) -> None:
        """Hands one event over: the fields of an event, a line of text, or a number; numbered from 1."""
        self._sent += 1
        await self.put([item(self._sent, event)])

    def refuse(self, number: int, why: str) -> None:
        """Counts and tells an event that is not even sent."""
        self.outcome.refused += 1
        self._refused(Refusal(number, why))

    def limit(self, seconds: float) -> None:
        """Retries for no longer than this from now on, also when the engine is away already, or does not answer."""
        self.retry_for_s = seconds
        self._begun = now = time.monotonic()
        if self._outage is not None:
            self._outage.since = now
        if self._answer is not None:
            self._answer.reschedule(asyncio.get_running_loop().time() + max(seconds, ANSWER_S))

    async def drain(self) -> None:
        """Waits until everything that was put has an answer. Nothing may be put afterwards."""
        self._is_ending = True
        self._changed.set()
        await asyncio.shield(self._task)
        if self._failure is not None:
            raise self._failure

    async def ended(self) -> None:
        """Waits until sending has ended by a failure, and raises it."""
        await asyncio.shield(self._task)
        if self._failure is not None:
            raise self._failure

    async def _run(self) -> None:
        try:
            while True:
                while not self._queue:
                    if self._is_ending:
                        return
                    self._changed.clear()
                    await self._changed.wait()
                if not self._is_ending and len(self._queue) < MOST_LINES and self._bytes < MOST_BYTES:
                    await asyncio.sleep(LINGER_S)
                await self._deliver(self._batch())
        except ConsoleError as error:
            self._failure = error
        finally:
            self._room.set()

    def _batch(self) -> list[Item]:
        """The oldest events; they stay in the queue until they have an answer."""
        found: list[Item] = []
        size = 0
        for item in self._queue:
            if found and (len(found) >= MOST_LINES or size + len(item.data) > MOST_BYTES):
                break
            found.append(item)
            size += len(item.data)
        return found

    async def _deliver(self, batch: list[Item]) -> None:
        """Sends a batch until every event of it has an answer."""
        self._requests += 1
        key = f"{self._keys}-{self._requests}"
        self._begun = time.monotonic()
        while True:
            try:
                receipt = await self._post(batch, key)
            except Declined as error:
                if error.status in UNTAKEN or (error.status or 0) >= 500:
                    await self._wait(error, error.retry_after_s)
                    continue
                await self._heed(batch, error)
                return
            except BadAnswer as error:
                if error.status == 413:
                    await self._split(batch, error.what)
                    return
                # A wrong address, or what stands in for the engine that was here before.
                if not self._has_been_there and error.status not in UNTAKEN:
                    raise
                await self._wait(error, error.retry_after_s)
                continue
            except ConnectionFailed as error:
                if error.code == "NG-3312" and not self._has_been_there:
                    raise  # A certificate that is not trusted.
                await self._wait(error, error.retry_after_s)
                continue
            self._take(batch, receipt)
            return

    async def _heed(self, batch: list[Item], error: Declined) -> None:
        """The engine has refused a request for what it holds."""
        if "rejected_total" in error.details:
            # None was understood; it says of each why.
            self._take(batch, msgspec.convert(error.details, Receipt))
        elif error.status in {400, 413, 422}:
            await self._split(batch, error.what)
        else:
            raise error

    async def _split(self, batch: list[Item], why: str) -> None:
        """Sends the halves of a batch that was refused as a whole, down to the event for which it was."""
        if len(batch) == 1:
            self.refuse(batch[0].number, why)
            self._drop(1)
            return
        middle = len(batch) // 2
        await self._deliver(batch[:middle])
        await self._deliver(batch[middle:])

    def _take(self, batch: list[Item], receipt: Receipt) -> None:
        outcome = self.outcome
        outcome.accepted += receipt.accepted
        if receipt.durable:
            outcome.durable += receipt.accepted
        elif receipt.accepted:
            outcome.not_durable = receipt.not_durable
        outcome.duplicates += receipt.duplicates
        outcome.last_seq = receipt.last_seq if receipt.last_seq is not None else outcome.last_seq
        outcome.refused += receipt.rejected_total or len(receipt.rejected)
        for one in receipt.rejected:
            self._refused(Refusal(batch[one.line - 1].number, one.error))
        self._drop(len(batch))
        self._has_been_there = True
        self._backoff.reset()
        if self._outage is not None:
            over, self._outage = self._outage, None
            self._back(over)

    def _drop(self, count: int) -> None:
        self._unknown = 0
        for _ in range(count):
            self._bytes -= len(self._queue.popleft().data)
        if not self.full:
            self._room.set()

    async def _post(self, batch: list[Item], key: str) -> Receipt:
        body = b"\n".join(item.data for item in batch)
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": key}
        waits = {} if self._waits else {"wait": "false"}
        left = self._left()
        before = self._unknown
        try:
            async with asyncio.timeout(None if left is None else max(left, ANSWER_S)) as self._answer:
                http = await self._connect()
                self._unknown = len(batch)
                return await http.post("/api/v1/ingest", body, Receipt, headers, source=self._source, **waits)
        except TimeoutError as error:
            raise unreachable(error, self._locate().name) from None
        except ConsoleError as error:
            if is_untaken(error):
                self._unknown = before
            raise
        finally:
            self._answer = None

    def _left(self) -> float | None:
        """Seconds until the patience is over; None = without end."""
        since = self._begun if self._outage is None else self._outage.since
        return None if self.retry_for_s is None else since + self.retry_for_s - time.monotonic()

    async def _connect(self) -> Rest:
        """The way to the engine; another one when it is elsewhere now."""
        if self._there is not None and self._outage is None:
            return self._there[1]
        address = self._locate()
        if self._there is None or self._there[0] != address:
            self._there = None
            await self._stack.aclose()
            way = await self._stack.enter_async_context(reach(address, self._token))
            self._there = address, await self._stack.enter_async_context(rest(way))
        return self._there[1]

    async def _wait(self, why: ConsoleError, after_s: float | None) -> None:
        """Waits before the next try. Raises `why` when the patience is over."""
        # The patience began with the try, for one that gets no answer takes long to fail.
        outage = self._outage = self._outage or Away(why, since=self._begun)
        outage.why = why
        outage.tries += 1
        left = self._left()
        if left is not None and left <= 0:
            raise why
        outage.next_s = max(self._backoff.next_s(), after_s or 0.0)
        if left is not None:
            outage.next_s = min(outage.next_s, left)
        self._away(outage)
        await asyncio.sleep(outage.next_s)


def is_untaken(error: ConsoleError) -> bool:
    """It is certain that a request that ended so was not taken in."""
    if isinstance(error, Declined | ConnectionFailed) and error.status is not None:
        # The rest from 500 on may come from in between, or from the midst of taking it in.
        return error.status < 500 or error.status in {503, 507}
    return not (isinstance(error, ConnectionFailed) and error.was_sent)


def item(number: int, event: object) -> Item:
    """An event for the wire. A line break between the parts of a JSON text becomes a space: within them is none."""
    return Item(number, msgspec.json.encode(event).replace(b"\n", b" "))
