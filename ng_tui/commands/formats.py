"""`formats`: which notations of logs are declared, what is wrong with one, and what reads the lines of a log."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import click

from ng_tui import _engine
from ng_tui.commands.context import Context
from ng_tui.commands.score import CHUNK, unreadable
from ng_tui.commands.table import COMMANDS
from ng_tui.config import MAX_BYTES, format_fault
from ng_tui.errors import EXIT_FAILURE, EXIT_OK, EXIT_USAGE, ConsoleError
from ng_tui.i18n import ntr, tr
from ng_tui.text import fmt_count, fmt_percent, safe, safe_lines

CODE = "NG-2109"


@click.group(name="formats", help=COMMANDS["formats"])
def command() -> None:
    """The group itself does nothing."""


@command.command(name="list", help=tr("Print the name of every format, where it comes from, and what writes it."))
@click.pass_obj
def list_(context: Context) -> None:
    """In the order in which lines are tried with them."""
    for name, title, _, path, _ in _engine.list_formats(context.config().layers):
        click.echo(f"{safe(name)}\t{safe(path) or tr('built in')}\t{safe(title)}")


@command.command(help=tr("Print the file of a format, as a beginning of one's own."))
@click.argument("name")
@click.pass_obj
def show(context: Context, name: str) -> None:
    """Prints the file as it is."""
    for known, _, _, _, text in _engine.list_formats(context.config().layers):
        if known == name:
            click.echo(safe_lines(text), nl=False)
            return
    hint = tr("neurograph-tui formats list names them")
    raise ConsoleError("NG-1007", tr("no format is called {name}", name=name), hint=hint, exit_code=EXIT_USAGE)


@command.command(
    help=tr("Check a format, FILE.toml, with its samples; or print which formats read how many lines of a log, FILE.")
)
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def test(context: Context, file: Path) -> int:
    """The exit code is 1 when something is wrong with the format."""
    return check(file) if file.suffix == ".toml" else report(context, file)


def check(file: Path) -> int:
    """Says what is wrong with the file of a format, with its place."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise unreadable(str(file), error) from None
    if len(data) > MAX_BYTES:
        raise ConsoleError(CODE, tr("is larger than {limit} bytes", limit=MAX_BYTES), where=str(file))
    samples, faults = _engine.check_format(str(file), data.decode("utf-8", "replace"))
    for place, what in faults:
        print(safe_lines(str(format_fault(CODE, place, what))), file=sys.stderr)
    if faults:
        return EXIT_FAILURE
    print(ntr("{count} sample comes out as it says", "{count} samples come out as they say", samples), file=sys.stderr)
    return EXIT_OK


def report(context: Context, file: Path) -> int:
    """Prints a row for each format that reads lines of a log."""
    work = _engine.FormatReport(context.config().layers)
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise ValueError(tr("is no file"))
        with file.open("rb") as data:
            while chunk := data.read(CHUNK):
                work.feed(chunk)
        shares, first = work.finish()
    except (OSError, ValueError) as error:
        raise unreadable(str(file), error) from None
    total = sum(lines for _, _, lines, _, _ in shares)
    for name, is_declared, lines, times, levels in shares:
        of_all, timed, levelled = (
            fmt_percent(100 * part / whole) for part, whole in ((lines, total), (times, lines), (levels, lines))
        )
        reader = safe(name) if is_declared else tr("no format, read as {name}", name=safe(name))
        click.echo(
            tr(
                "{reader}\t{lines} lines, {share}\ttime {timed}\tlevel {levelled}",
                reader=reader,
                lines=fmt_count(lines),
                share=of_all,
                timed=timed,
                levelled=levelled,
            )
        )
    if first is not None:
        number, line = first
        text = safe(line.decode("utf-8", "replace"))
        click.echo(tr("the first line that no format reads is {number}: {line}", number=number, line=text))
    return EXIT_OK
