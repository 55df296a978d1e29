"""`query`: records that an engine still holds."""

from __future__ import annotations

import asyncio
import sys

import click
import msgspec

from ng_tui.client.address import Address
from ng_tui.client.answers import Page
from ng_tui.client.wire import Gap, Record
from ng_tui.commands.context import Context
from ng_tui.commands.options import url_option
from ng_tui.commands.output import data_output
from ng_tui.commands.table import COMMANDS
from ng_tui.commands.tail import line, missing
from ng_tui.commands.targets import running
from ng_tui.commands.troubles import tell_odd
from ng_tui.i18n import tr

PAGE = 1000
"""Records that are asked for at a time."""


@click.command(
    name="query",
    help=COMMANDS["query"],
)
@click.argument("filter_text", metavar="[FILTER]", default="")
@click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default="100", help=tr("At most this many records.")
)
@click.option("--from-seq", type=click.IntRange(min=0), help=tr("Begin with this record and go forward."))
@click.option("--json", "as_json", is_flag=True, help=tr("One JSON object for each record."))
@url_option
@click.pass_obj
def command(
    context: Context, filter_text: str, limit: int, from_seq: int | None, as_json: bool, target: str | None
) -> None:
    """Asks the engine that serves, or that of `--url`."""
    found, gaps = asyncio.run(ask(running(context.config(), target), filter_text, limit, from_seq))
    tell_odd(filter_text)
    for gap in gaps:
        print(missing(gap), file=sys.stderr)
    out = data_output(json=True) if as_json else sys.stdout.buffer
    for record in found:
        out.write(msgspec.json.encode(record) + b"\n" if as_json else (line(record) + "\n").encode())
    out.flush()


async def ask(address: Address, filter_text: str, limit: int, from_seq: int | None) -> tuple[list[Record], list[Gap]]:
    """The records, oldest first, and what is missing of those asked for. Raises ConsoleError."""
    from ng_tui.client.reach import reach
    from ng_tui.client.rest import rest

    order = "desc" if from_seq is None else "asc"
    found: list[Record] = []
    gaps: list[Gap] = []
    async with reach(address) as way, rest(way) as engine:
        while len(found) < limit:
            most = min(PAGE, limit - len(found))
            page = await engine.get(
                "/api/v1/events", Page, filter=filter_text, from_seq=from_seq, limit=most, order=order
            )
            found += page.records
            gaps += page.gaps
            if page.next_seq is None or not page.more:
                break
            from_seq = page.next_seq
    return (found if order == "asc" else found[::-1]), gaps
