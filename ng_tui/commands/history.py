"""`history`: how much of events is on disk, whether it can be read, all of it as a file, and less of it."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from ng_tui import _engine
from ng_tui.client.embedded import local_zone
from ng_tui.commands.context import Context
from ng_tui.commands.output import put_json
from ng_tui.commands.table import COMMANDS
from ng_tui.errors import EXIT_FAILURE, EXIT_OK, engine_refused
from ng_tui.i18n import ntr, tr
from ng_tui.text import fmt_bytes, fmt_count, fmt_time, safe


class Unreadable(msgspec.Struct):
    """What was met that cannot be read."""

    events: int
    rows: int
    files: int
    names: int


class Info(msgspec.Struct):
    """What there is."""

    folder: str
    events: int
    files: int
    bytes: int
    unreadable: Unreadable
    first_seq: int | None = None
    last_seq: int | None = None
    since_ns: int | None = None
    until_ns: int | None = None


of_console = click.option(
    "--console", is_flag=True, help=tr("That of a console with an engine of its own, in place of one that serves.")
)


@click.group(name="history", help=COMMANDS["history"])
def command() -> None:
    """The group itself does nothing."""


@command.command(help=tr("Say how much there is, and where."))
@click.option("--json", "as_json", is_flag=True, help=tr("As JSON."))
@of_console
@click.pass_obj
def info(context: Context, as_json: bool, console: bool) -> None:
    """Reads what the headers say, also while an engine writes."""
    try:
        data = opened(context, console).info()
    except _engine.EngineError as error:
        raise engine_refused(error.args[0]) from None
    if as_json:
        put_json(data)
        return
    found = msgspec.json.decode(data, type=Info)
    rows = [(tr("folder"), safe(found.folder)), (tr("events"), fmt_count(found.events))]
    if found.since_ns is not None and found.until_ns is not None:
        span = f"{fmt_time(found.since_ns, 'iso', now_ns=0)} – {fmt_time(found.until_ns, 'iso', now_ns=0)}"
        rows += [(tr("times"), span), (tr("numbers"), f"{found.first_seq} – {found.last_seq}")]
    rows.append(
        (
            tr("on disk"),
            ntr("{size} in {count} file", "{size} in {count} files", found.files, size=fmt_bytes(found.bytes)),
        )
    )
    if any(msgspec.structs.astuple(found.unreadable)):
        rows.append((tr("unreadable"), ntr("{count} event", "{count} events", found.unreadable.events)))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{name:<{width}}  {value}")


@command.command(help=tr("Read everything; exit code 1 when something cannot be read."))
@of_console
@click.pass_obj
def verify(context: Context, console: bool) -> int:
    """Also while an engine writes."""
    try:
        spoilt = opened(context, console).verify()
    except _engine.EngineError as error:
        raise engine_refused(error.args[0]) from None
    if spoilt is None:
        click.echo(tr("all of history can be read"))
        return EXIT_OK
    print(safe(spoilt), file=sys.stderr)
    return EXIT_FAILURE


@command.command(help=tr("Write the events that pass FILTER to FILE: .parquet, .csv, or JSON lines."))
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("filter_text", metavar="[FILTER]", default="")
@click.option("--since", metavar="TIME", help=tr("Only what is as new as that: 10m, 12:30, 2026-11-29T12:30."))
@click.option("--until", metavar="TIME", help=tr("Only what is as old as that."))
@of_console
@click.pass_obj
def export(context: Context, path: Path, filter_text: str, since: str | None, until: str | None, console: bool) -> None:
    """Reads the folder, also while an engine writes there."""
    from ng_tui.commands.history_export import write
    from ng_tui.commands.query import within

    written = write(opened(context, console), path, within(filter_text, since, until))
    what = ntr("{n} event", "{n} events", written, n=fmt_count(written))
    click.echo(tr("{what} written to {path}", what=what, path=safe(str(path))), err=True)


@command.command(help=tr("Take away the oldest files beyond a limit; an engine that serves does it by itself."))
@click.option("--keep-mib", type=click.IntRange(min=0), help=tr("Keep at most so many MiB."))
@click.option("--keep-days", type=click.IntRange(min=0), help=tr("Keep what is at most so many days old."))
@of_console
@click.pass_obj
def prune(context: Context, keep_mib: int | None, keep_days: int | None, console: bool) -> None:
    """Without a limit, those of the configuration hold."""
    try:
        removed = opened(context, console).prune(None if keep_mib is None else keep_mib << 20, keep_days)
    except _engine.EngineError as error:
        raise engine_refused(error.args[0]) from None
    for name, size in removed:
        click.echo(tr("{name} was taken away, {size}", name=safe(name), size=fmt_bytes(size)))
    if not removed:
        click.echo(tr("nothing was taken away"))


def opened(context: Context, console: bool) -> _engine.History:
    """The history that the configuration names. Raises ConsoleError."""
    try:
        return _engine.History(context.config().layers, str(context.state_dir), console, local_zone())
    except _engine.EngineError as error:
        raise engine_refused(error.args[0]) from None
