"""`query`: records that an engine holds, in memory and on disk, or how many there are."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click
import msgspec

from ng_tui.client.address import Address
from ng_tui.client.answers import Histogram, Page
from ng_tui.client.failures import Declined
from ng_tui.client.wire import Gap, PatternView, Record
from ng_tui.commands.context import Context
from ng_tui.commands.options import url_option
from ng_tui.commands.output import data_output
from ng_tui.commands.table import COMMANDS
from ng_tui.commands.tail import line, missing
from ng_tui.commands.targets import running
from ng_tui.commands.troubles import tell_odd
from ng_tui.filter_text import both
from ng_tui.i18n import ntr, tr
from ng_tui.text import fmt_count, safe

if TYPE_CHECKING:
    from ng_tui.client.rest import Rest

PAGE = 1000
"""Records that are asked for at a time."""
MOST_TEXTS = 100
"""Patterns whose text is asked for."""
GROUPS = ("minute", "level", "source", "pattern")
"""By what records are counted."""


@click.command(
    name="query",
    help=COMMANDS["query"],
)
@click.argument("filter_text", metavar="[FILTER]", default="")
@click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default="100", help=tr("At most this many records.")
)
@click.option("--from-seq", type=click.IntRange(min=0), help=tr("Begin with this record and go forward."))
@click.option("--since", metavar="TIME", help=tr("Only what is as new as that: 10m, 12:30, 2026-11-29T12:30."))
@click.option("--until", metavar="TIME", help=tr("Only what is as old as that."))
@click.option("--count", is_flag=True, help=tr("Print only how many there are."))
@click.option("--by", type=click.Choice(GROUPS), help=tr("Print how many there are of each."))
@click.option("--json", "as_json", is_flag=True, help=tr("One JSON object for each record, or for the numbers."))
@url_option
@click.pass_obj
def command(
    context: Context,
    filter_text: str,
    limit: int,
    from_seq: int | None,
    since: str | None,
    until: str | None,
    count: bool,
    by: str | None,
    as_json: bool,
    target: str | None,
) -> None:
    """Asks the engine that serves, or that of `--url`."""
    filter_text = within(filter_text, since, until)
    address = running(context.config(), target)
    if count or by is not None:
        histogram, texts = asyncio.run(ask_numbers(address, filter_text, by, texts=by == "pattern" and not as_json))
        tell_odd(filter_text)
        tell_unreadable(histogram.unreadable)
        put_numbers(histogram, by, as_json, texts)
        return
    found, gaps, unreadable = asyncio.run(ask(address, filter_text, limit, from_seq))
    tell_odd(filter_text)
    tell_unreadable(unreadable)
    for gap in gaps:
        print(missing(gap), file=sys.stderr)
    out = data_output(json=True) if as_json else sys.stdout.buffer
    for record in found:
        out.write(msgspec.json.encode(record) + b"\n" if as_json else (line(record) + "\n").encode())
    out.flush()


def within(filter_text: str, since: str | None, until: str | None) -> str:
    """The filter for what it lets through in a span of time."""
    times = [f"{name}:{text}" for name, text in (("since", since), ("until", until)) if text is not None]
    if not times:
        return filter_text
    found = both(filter_text, " ".join(times))
    if found is None:
        raise click.UsageError(tr("--since and --until go with filters that are not written in JSON"))
    return found


def put_numbers(histogram: Histogram, by: str | None, as_json: bool, texts: dict[str, str]) -> None:
    """The number, or one for each group with the group behind it, and what is known of its text."""
    if as_json:
        out = data_output(json=True)
        out.write(msgspec.json.encode(histogram) + b"\n")
        out.flush()
    elif by is None:
        click.echo(histogram.count)
    else:
        width = max((len(str(group.count)) for group in histogram.groups), default=0)
        for group in histogram.groups:
            text = f"  {texts[group.name]}" if group.name in texts else ""
            click.echo(f"{group.count:>{width}} {safe(group.name)}{safe(text)}")


async def ask_numbers(
    address: Address, filter_text: str, by: str | None, *, texts: bool
) -> tuple[Histogram, dict[str, str]]:
    """How many there are, and of each group; with `texts` those of the most frequent patterns, which then come first.

    Raises ConsoleError.
    """
    from ng_tui.client.reach import reach
    from ng_tui.client.rest import rest

    async with reach(address) as way, rest(way) as engine:
        histogram = await engine.get("/api/v1/histogram", Histogram, filter=filter_text, by=by)
        if not texts:
            return histogram, {}
        histogram.groups.sort(key=lambda group: -group.count)
        names = [group.name for group in histogram.groups[:MOST_TEXTS] if group.name.isdecimal()]
        return histogram, {name: text for name in names if (text := await text_of(engine, name)) is not None}


async def text_of(engine: Rest, pattern: str) -> str | None:
    """The text of a pattern; None when the engine has forgotten it. Raises ConsoleError."""
    try:
        return (await engine.get(f"/api/v1/patterns/{pattern}", PatternView)).template
    except Declined as error:
        if error.status == 404:
            return None
        raise


def tell_unreadable(events: int) -> None:
    """Says that something is left out."""
    if events:
        what = ntr(
            "{n} event of history cannot be read and is left out",
            "{n} events of history cannot be read and are left out",
            events,
            n=fmt_count(events),
        )
        print(what, file=sys.stderr)


async def ask(
    address: Address, filter_text: str, limit: int, from_seq: int | None
) -> tuple[list[Record], list[Gap], int]:
    """The records, oldest first, what is missing of those asked for, and how many on disk cannot be read.

    Raises ConsoleError.
    """
    from ng_tui.client.reach import reach
    from ng_tui.client.rest import rest

    order = "desc" if from_seq is None else "asc"
    async with reach(address) as way, rest(way) as engine:
        found, gaps, unreadable = await pages(engine, filter_text, limit, from_seq, order)
    return (found if order == "asc" else found[::-1]), gaps, unreadable


async def pages(
    engine: Rest, filter_text: str, limit: int, from_seq: int | None, order: str
) -> tuple[list[Record], list[Gap], int]:
    """Page by page, until there are enough or none is left."""
    found: list[Record] = []
    gaps: list[Gap] = []
    unreadable = 0
    while len(found) < limit:
        most = min(PAGE, limit - len(found))
        page = await engine.get("/api/v1/events", Page, filter=filter_text, from_seq=from_seq, limit=most, order=order)
        found += page.records
        gaps += page.gaps
        unreadable = max(unreadable, page.unreadable)
        if page.next_seq is None or not page.more:
            break
        from_seq = page.next_seq
    return found, gaps, unreadable
