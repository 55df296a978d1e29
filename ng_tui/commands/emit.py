"""`emit`: sends events to an engine that serves, and waits for one that is away."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ng_tui.client.address import Address
from ng_tui.client.wire import Level
from ng_tui.commands.context import Context
from ng_tui.commands.inflow import MOST_BYTES, Found, Inflow
from ng_tui.commands.options import Duration, url_option
from ng_tui.commands.output import put_json
from ng_tui.commands.table import COMMANDS
from ng_tui.commands.targets import local, resolve
from ng_tui.errors import EXIT_FAILURE, EXIT_OK, ConsoleError
from ng_tui.i18n import ntr, tr
from ng_tui.text import safe

if TYPE_CHECKING:
    from ng_tui.client.sender import Away, Item, Refusal, Sender

HELD_LINES = 100_000
HELD_MIB = 16
"""How much waits for an engine that is away."""
TEXT_S = 2.0
"""How long a TEXT waits for an engine that is away, seconds."""
AFTER_END_S = 60.0
"""How long lines of standard input wait for one after its end, seconds."""
FAREWELL_S = 1.0
"""How long a signal waits for the answers of an engine that is there, seconds."""
QUIET_S = 5.0
"""Shortest time between two words about an engine that is away, seconds."""
LISTED = 1000
"""Most events that are listed in the JSON form; all are counted."""
SOURCE = re.compile(r"[A-Za-z0-9._/-]{1,128}")


@click.command(
    name="emit",
    help=COMMANDS["emit"],
)
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option("--type", "topic", metavar="TYPE", help=tr("The dotted type of every event, such as deploy.release."))
@click.option("--level", type=click.Choice([level.value for level in Level]), help=tr("The level of every event."))
@click.option("--source", metavar="NAME", help=tr("Name of the source; it is shown as http:NAME."))
@click.option("--json", "as_json", is_flag=True, help=tr("Print what became of the events as JSON."))
@click.option(
    "--retry-for",
    "patience",
    type=Duration(),
    help=tr(
        "How long to try again while the engine is away, or does not answer; an answer is waited for some "
        "seconds at least. 0 = not at all. Otherwise without end while standard input "
        "goes on, {after} s after it has ended, and {text} s for TEXT.",
        after=int(AFTER_END_S),
        text=int(TEXT_S),
    ),
)
@click.option(
    "--hold-lines",
    type=click.IntRange(min=1),
    default=HELD_LINES,
    show_default=True,
    help=tr("Most lines that wait; then standard input is not read on."),
)
@click.option(
    "--hold-mib",
    type=click.IntRange(min=1),
    default=HELD_MIB,
    show_default=True,
    help=tr("Most MiB of lines that wait; then standard input is not read on."),
)
@click.option(
    "--wait/--no-wait",
    "waits",
    default=True,
    show_default=True,
    help=tr("Wait until the engine has the events on disk."),
)
@url_option
@click.pass_obj
def command(
    context: Context,
    texts: tuple[str, ...],
    topic: str | None,
    level: str | None,
    source: str | None,
    as_json: bool,
    patience: float | None,
    hold_lines: int,
    hold_mib: int,
    waits: bool,
    target: str | None,
) -> int:
    """Sends in batches, in order; exit code 1 when an event was refused, others when some were not taken in."""
    from ng_tui.client.sender import Sender

    if topic is not None and "." not in topic:
        raise click.UsageError(tr("--type: expected a dotted type such as deploy.release, found {text}", text=topic))
    if source is not None and SOURCE.fullmatch(source) is None:
        raise click.UsageError(tr("--source: expected 1 to 128 of the characters A-Z a-z 0-9 . _ / -"))
    fields = {name: value for name, value in (("type", topic), ("level", level)) if value is not None}
    teller = Teller(as_json, narrates=not texts or patience is not None, waits=waits)
    default = TEXT_S if texts else None
    sender = Sender(
        Locator(context, target),
        source=source,
        retry_for_s=default if patience is None else patience,
        wait=waits,
        held_lines=hold_lines,
        held_bytes=hold_mib << 20,
        refused=teller.refused,
        away=teller.away,
        back=teller.back,
    )
    feed = teller.feed = Feed(sender, texts, fields, ends=patience is None)
    failure: ConsoleError | None = None
    number: int | None = None
    try:
        number = asyncio.run(run(feed))
    except ConsoleError as error:
        failure = error
    teller.tell(failure is not None)
    if failure is not None:
        raise with_rest(failure, feed)
    if number is not None:
        return 128 + number
    return EXIT_FAILURE if sender.outcome.refused else EXIT_OK


class Locator:
    """Where the engine is now: the configuration is read anew, for the engine may come back elsewhere."""

    def __init__(self, context: Context, target: str | None) -> None:
        self._context, self._target = context, target
        self._last = self._find()

    def __call__(self) -> Address:
        """The address; the last one while the configuration cannot be read."""
        with suppress(ConsoleError):
            self._last = self._find()
        return self._last

    def _find(self) -> Address:
        config = self._context.config()
        return local(config) if self._target is None else resolve(config, self._target)


class Teller:
    """Says what becomes of the events: numbers on stdout at the end, everything else on stderr as it comes."""

    feed: Feed

    def __init__(self, as_json: bool, *, narrates: bool, waits: bool) -> None:
        self._as_json, self._narrates, self._waits = as_json, narrates, waits
        self._rejected: list[dict[str, Any]] = []
        self._said_at: float | None = None
        """When the engine was last said to be away; None while it is there, or that has not been said."""

    def refused(self, one: Refusal) -> None:
        """An event was not understood."""
        if not self._as_json:
            say(tr("event {line}: {error}", line=one.number, error=safe(one.error)))
        if len(self._rejected) < LISTED:
            self._rejected.append({"line": one.number, "error": one.error})

    def away(self, one: Away) -> None:
        """The engine does not take anything."""
        now = time.monotonic()
        if not self._narrates or (self._said_at is not None and now - self._said_at < QUIET_S):
            return
        if self._said_at is None:
            say(safe(str(one.why).partition("\n")[0]))
        self._said_at = now
        count = self.feed.waiting
        waits = ntr("{count} line waits", "{count} lines wait", count)
        seconds = max(1, round(one.next_s))
        say(
            tr("engine away: {waits} (try {tries}, next in {seconds} s)", waits=waits, tries=one.tries, seconds=seconds)
        )

    def back(self, one: Away) -> None:
        """It takes them again."""
        if self._said_at is not None:
            say(tr("taken up again after {seconds} s", seconds=round(time.monotonic() - one.since)))
        self._said_at = None

    def tell(self, failed: bool) -> None:
        """The end; a failure before anything was sent speaks for itself."""
        outcome, unknown = self.feed.sender.outcome, self.feed.sender.unknown
        if failed and not (unknown or outcome.accepted or outcome.duplicates or outcome.refused):
            return
        if self._as_json:
            put_json(
                msgspec.json.encode(
                    {
                        "accepted": outcome.accepted,
                        "rejected": self._rejected,
                        "rejected_total": outcome.refused,
                        "duplicates": outcome.duplicates,
                        "not_taken": self.feed.waiting - unknown,
                        "unknown": unknown,
                        "last_seq": outcome.last_seq,
                        "durable": outcome.durable,
                        "not_durable": outcome.not_durable,
                    }
                )
            )
            return
        text = ntr("accepted {count} event", "accepted {count} events", outcome.accepted)
        if outcome.duplicates:
            text += ", " + ntr("{count} known already", "{count} known already", outcome.duplicates)
        if outcome.refused:
            text += ", " + ntr("rejected {count}", "rejected {count}", outcome.refused)
        click.echo(text)
        if self._waits and outcome.not_durable is not None:
            count = outcome.accepted - outcome.durable
            memory = ntr("{count} is in memory alone", "{count} are in memory alone", count)
            say(f"{memory}: {safe(outcome.not_durable)}")


def say(text: str) -> None:
    """A line for the person who watches."""
    print(text, file=sys.stderr, flush=True)


def rest_of(feed: Feed) -> str:
    """What is lost when we end now, and of what that is not known; empty when there is no such event."""
    unknown = feed.sender.unknown
    untaken = feed.waiting - unknown
    parts = [ntr("{count} event was not taken in", "{count} events were not taken in", untaken)] if untaken else []
    if unknown:
        one, many = "{count} event unknown: sent, no answer", "{count} events unknown: sent, no answer"
        parts.append(ntr(one, many, unknown))
    return "; ".join(parts)


def with_rest(error: ConsoleError, feed: Feed) -> ConsoleError:
    """The error, and in the same line how many events were not taken in."""
    if left := rest_of(feed):
        error.what = f"{error.what}; {left}"
    return error


async def run(feed: Feed) -> int | None:
    """Sends everything; the number of the signal that ended it before."""
    sender = feed.sender
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[int] = loop.create_future()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, ask(asked, one))
    async with sender:
        work = asyncio.create_task(feed.run())
        failing = asyncio.create_task(sender.ended())
        try:
            either: set[asyncio.Future[Any]] = {work, asked, failing}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done() or work.done():
                if failing.done() and not work.done():
                    await failing
                await work
                return None
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            if not sender.is_away:
                with suppress(TimeoutError, ConsoleError):
                    async with asyncio.timeout(FAREWELL_S):
                        await feed.finish()
            if left := rest_of(feed):
                say(left)
            return asked.result()
        finally:
            for task in (work, failing):
                task.cancel()
            await asyncio.gather(work, failing, return_exceptions=True)


def ask(asked: asyncio.Future[int], number: signal.Signals) -> Callable[[], None]:
    """A handler that notes the first signal."""
    return lambda: None if asked.done() else asked.set_result(int(number))


class Feed:
    """What goes into the sender: the texts, or the events of standard input."""

    def __init__(self, sender: Sender, texts: tuple[str, ...], fields: dict[str, str], *, ends: bool) -> None:
        self.sender = sender
        self._fields = fields
        self._ends = ends
        """Patience ends after the input has."""
        self._input = None if texts else Inflow(0)
        self._read = deque(to_send(number, text, fields) for number, text in enumerate(texts, 1))
        """What the sender has no room for yet."""
        self._number = 0

    @property
    def waiting(self) -> int:
        """Events that were read and have no answer; one that could still go on counts."""
        is_open = self._input is not None and self._input.is_waiting
        return int(is_open) + len(self._read) + self.sender.waiting

    async def run(self) -> None:
        """Puts everything into the sender, and waits until it has an answer."""
        if self._input is not None:
            async for found in self._input:
                self._take(found)
                await self._put()
            if self._ends:
                self.sender.limit(AFTER_END_S)
        await self.finish()

    async def finish(self) -> None:
        """The same for what was read so far."""
        if self._input is not None:
            self._take(self._input.rest())
        await self._put()
        await self.sender.drain()

    def _take(self, found: Iterable[Found]) -> None:
        for one in found:
            self._number += 1
            if isinstance(one, bytes):
                self._read.append(to_send(self._number, one.decode("utf-8", "replace"), self._fields))
            else:
                why = tr("longer than {most} bytes", most=MOST_BYTES) if isinstance(one, int) else one
                self.sender.refuse(self._number, why)

    async def _put(self) -> None:
        while self._read:
            await self.sender.put([self._read[0]])
            self._read.popleft()


def to_send(number: int, text: str, fields: dict[str, str]) -> Item:
    """A text as it goes over the wire."""
    from ng_tui.client.sender import item

    return item(number, event(text, fields))


def event(text: str, fields: dict[str, str]) -> Any:
    """What is sent for a text: a JSON object as it is, its own members before `fields`; any other text as a message."""
    if text.startswith("{"):
        try:
            found = msgspec.json.decode(text)
        except msgspec.DecodeError:
            found = None
        if isinstance(found, dict):
            return fields | found if fields else msgspec.Raw(text.encode())
    return {"message": text, **fields} if fields else text
