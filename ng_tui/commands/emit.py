"""`emit`: sends events to an engine that serves."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from typing import Any

import click
import msgspec

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
"""Seconds for which a line waits for others to be sent with."""
CHUNK = 64 << 10


@click.command(
    name="emit", help=tr("Send events to the engine that serves: each TEXT is one, or each line of standard input.")
)
@click.argument("texts", metavar="[TEXT]…", nargs=-1)
@click.option("--type", "topic", metavar="TYPE", help=tr("The dotted type of every event, such as log.deploy."))
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

    fields = {name: value for name, value in (("type", topic), ("level", level)) if value is not None}
    total = Total()
    batches: Iterator[list[bytes]] = iter([[text.encode() for text in texts]]) if texts else lines(0)
    with NeuroGraphClientSync(running(context.config(), target)) as client:
        for batch in batches:
            try:
                receipt = client.emit([event(line, fields) for line in batch], source=source)
            except ConsoleError as error:
                if not (whole := rejected_whole(error, total, len(batch))):
                    raise
                total.reject(whole)
                continue
            total.accepted += receipt.accepted
            total.duplicates += receipt.duplicates
            total.last_seq = receipt.last_seq if receipt.last_seq is not None else total.last_seq
            total.reject([(line.line, line.error) for line in receipt.rejected])
            total.sent += len(batch)
    total.tell(as_json)
    return EXIT_FAILURE if total.rejected else EXIT_OK
