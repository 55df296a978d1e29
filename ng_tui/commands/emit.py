"""`emit`: sends events to an engine that serves."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click
import msgspec

from ng_tui.client.failures import Declined
from ng_tui.client.wire import Level
from ng_tui.commands.context import Context
from ng_tui.commands.options import url_option
from ng_tui.commands.output import put_json
from ng_tui.commands.targets import running
from ng_tui.errors import EXIT_FAILURE, EXIT_OK, ConsoleError
from ng_tui.i18n import ntr, tr
from ng_tui.text import safe

MOST_LINES = 1000
MOST_BYTES = 1 << 20
"""Lines and bytes that are sent together."""
PATIENCE_S = 0.2
"""Seconds for which a line waits for others that it is sent with."""
CHUNK = 64 << 10

Batch = list[tuple[int, str]]
"""Events with their numbers, from 1."""


class Outcome(msgspec.Struct):
    """What became of everything that was sent."""

    accepted: int = 0
    """Events that are in the engine's ring now."""
    rejected: list[dict[str, Any]] = []
    """The others: `line` and `error` of each."""
    duplicates: int = 0
    """Events that the engine had already."""
    last_seq: int | None = None

    def tell(self, as_json: bool) -> None:
        """Prints it: numbers on stdout, every event that was not taken in on stderr."""
        if as_json:
            put_json(msgspec.json.encode(self))
            return
        for one in self.rejected:
            print(tr("event {line}: {error}", line=one["line"], error=safe(one["error"])), file=sys.stderr)
        text = ntr("accepted {count} event", "accepted {count} events", self.accepted)
        if self.duplicates:
            text += ", " + ntr("{count} known already", "{count} known already", self.duplicates)
        if self.rejected:
            text += ", " + ntr("rejected {count}", "rejected {count}", len(self.rejected))
        click.echo(text)


@click.command(
    name="emit", help=tr("Send events to the engine that serves: each TEXT is one, else each line of standard input.")
)
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option("--type", "topic", metavar="TYPE", help=tr("The dotted type of every event, such as deploy.release."))
@click.option("--level", type=click.Choice([level.value for level in Level]), help=tr("The level of every event."))
@click.option("--source", metavar="NAME", help=tr("Name of the source; it is shown as http:NAME."))
@click.option("--json", "as_json", is_flag=True, help=tr("Print what became of the events as JSON."))
@url_option
@click.pass_obj
def command(
    context: Context,
    texts: tuple[str, ...],
    topic: str | None,
    level: str | None,
    source: str | None,
    as_json: bool,
    target: str | None,
) -> int:
    """Sends in batches, in order; exit code 1 when an event was not taken in."""
    from ng_tui.client.sync import NeuroGraphClientSync

    if topic is not None and "." not in topic:
        raise click.UsageError(tr("--type: expected a dotted type such as deploy.release, found {text}", text=topic))
    fields = {name: value for name, value in (("type", topic), ("level", level)) if value is not None}
    outcome = Outcome()
    with NeuroGraphClientSync(running(context.config(), target)) as client:
        try:
            for batch in [list(enumerate(texts, 1))] if texts else batches(0):
                send(client, batch, fields, source, outcome)
        except ConsoleError:
            if outcome.accepted or outcome.rejected:
                outcome.tell(as_json)
            raise
    outcome.tell(as_json)
    return EXIT_FAILURE if outcome.rejected else EXIT_OK


def send(client: Any, batch: Batch, fields: dict[str, str], source: str | None, outcome: Outcome) -> None:
    """Sends a batch and adds what became of it. Raises ConsoleError when the engine cannot be asked."""
    try:
        receipt = client.emit([event(text, fields) for _, text in batch], source=source)
    except Declined as error:
        if error.status != 400 or not batch:
            raise
        # None was understood: the engine tells why of the first.
        outcome.rejected += [{"line": number, "error": error.what} for number, _ in batch]
        return
    outcome.accepted += receipt.accepted
    outcome.duplicates += receipt.duplicates
    outcome.last_seq = receipt.last_seq if receipt.last_seq is not None else outcome.last_seq
    outcome.rejected += [{"line": batch[one.line - 1][0], "error": one.error} for one in receipt.rejected]


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


def batches(descriptor: int) -> Iterator[Batch]:
    """The lines of a file that may still grow, with their numbers; empty ones are left out."""
    batch: Batch = []
    number = size = 0
    for line in lines(descriptor):
        number += line is not None
        if line is not None and line.strip():
            batch.append((number, line))
            size += len(line)
        if batch and (line is None or len(batch) >= MOST_LINES or size >= MOST_BYTES):
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def lines(descriptor: int) -> Iterable[str | None]:
    """Each line without its end; None when no further one comes for a moment."""
    rest = b""
    while True:
        if not select.select([descriptor], [], [], PATIENCE_S)[0]:
            yield None
            select.select([descriptor], [], [])
        chunk = os.read(descriptor, CHUNK)
        if not chunk:
            break
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").removesuffix("\r")
    if rest:
        yield rest.decode("utf-8", "replace")
