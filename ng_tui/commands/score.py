"""`score`: novelty and anomaly of a file that ends, one row for each event."""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

import click

from ng_tui import _engine
from ng_tui.commands.context import Context
from ng_tui.commands.output import SafeLines, data_output
from ng_tui.commands.score_incidents import told
from ng_tui.commands.table import COMMANDS
from ng_tui.errors import EXIT_USAGE, ConsoleError, engine_refused
from ng_tui.i18n import tr

ENCODERS = ("auto", "numeric", "text", "json", "session", "vector")
CHUNK = 1 << 18
GZIP = b"\x1f\x8b"
SESSION_KEY = "modules.intuition_engine.session_key"
COUNTED = 5000
"""Lines that are counted before: an input with more of them has the whole warm-up."""


@click.command(
    name="score",
    help=COMMANDS["score"],
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True, path_type=Path))
@click.option("-o", "--output", metavar="OUT", type=click.Path(path_type=Path), help=tr("Write the rows to this file."))
@click.option(
    "--encoder",
    type=click.Choice(ENCODERS),
    default="auto",
    show_default=True,
    help=tr("What the input is; session prints a row for each session that ends."),
)
@click.option("--column", metavar="NAME", help=tr("The column of a CSV file, or member of JSON lines, with the value."))
@click.option("--session", metavar="REGEX", help=tr("What in a line names its session; its first group if it has one."))
@click.option(
    "--freeze-after",
    type=click.IntRange(min=0),
    metavar="N",
    help=tr("What comes after the first N events is compared with them, and not learnt."),
)
@click.option("--explain", is_flag=True, help=tr("Further columns: the channels, and the nearest remembered event."))
@click.option(
    "--incidents",
    is_flag=True,
    help=tr("Merge several files by time, and print what a person would have been told."),
)
@click.option("--json", "as_json", is_flag=True, help=tr("With --incidents: one JSON object."))
@click.option("--set", "settings", multiple=True, metavar="TABLE.KEY=VALUE", help=tr("Change one setting."))
@click.pass_obj
def command(
    context: Context,
    files: tuple[Path, ...],
    output: Path | None,
    encoder: str,
    column: str | None,
    session: str | None,
    freeze_after: int | None,
    explain: bool,
    incidents: bool,
    as_json: bool,
    settings: tuple[str, ...],
) -> None:
    """The result depends on the input and the settings alone: on no clock, no chance, no other engine."""
    context.settings += settings
    config = context.config()
    layers = list(config.layers)
    if session is not None:
        layers.append(("value", "flag --session", SESSION_KEY, toml_text(session)))
    if incidents:
        refuse_rows(encoder=encoder != "auto", column=column is not None, freeze_after=freeze_after, explain=explain)
        with sink(output) as out:
            out.write(told(find(layers, files), as_json))
        return
    if as_json or len(files) > 1:
        what = tr("--json goes with --incidents") if as_json else tr("several files go with --incidents")
        raise ConsoleError("NG-1006", what, where="score", exit_code=EXIT_USAGE)
    file = files[0]
    if session is None and encoder == "session" and not config.text(SESSION_KEY):
        hint = tr(r"for example --session 'blk_-?\d+'")
        what = tr("expected --session or a session_key for --encoder session")
        raise ConsoleError("NG-1006", what, where="score", hint=hint, exit_code=EXIT_USAGE)
    name = name_of(file)
    try:
        scorer = _engine.Scorer(layers, name, encoder, column, explain, count(file), freeze_after)
        with sink(output) as out, source(file) as data:
            while chunk := read(data, name):
                out.write(scorer.feed(chunk))
                out.flush()
            out.write(scorer.finish())
            out.flush()
    except _engine.EngineError as error:
        raise engine_refused(error.args[0]) from None


def refuse_rows(**given: bool | int | None) -> None:
    """Refuses options that speak of the rows of events, of which `--incidents` prints none. Raises ConsoleError."""
    names = [f"--{name.replace('_', '-')}" for name, value in given.items() if value is not None and value is not False]
    if names:
        options = ", ".join(names)
        raise ConsoleError(
            "NG-1006",
            tr("expected no {options} with --incidents, which prints no rows of events", options=options),
            where="score",
            hint=tr("leave out --incidents, or {options}", options=options),
            exit_code=EXIT_USAGE,
        )


def find(layers: list[tuple[str, str, str, str]], files: tuple[Path, ...]) -> bytes:
    """What was told of the files, as JSON. Raises ConsoleError."""
    try:
        scorer = _engine.IncidentScorer(layers)
        for file in files:
            scorer.begin(name_of(file))
            with source(file) as data:
                while chunk := read(data, name_of(file)):
                    scorer.feed(chunk)
        return scorer.finish()
    except _engine.EngineError as error:
        raise engine_refused(error.args[0]) from None


def name_of(file: Path) -> str:
    """An input as it stands in messages."""
    return "stdin" if file == Path("-") else os.fsencode(file).decode("utf-8", "backslashreplace")


def toml_text(text: str) -> str:
    """The text as it stands in TOML, so that one that looks like a number stays a text."""
    escaped = "".join(rf"\u{ord(char):04x}" if ord(char) < 0x20 or char in '"\\\x7f' else char for char in text)
    return f'"{escaped}"'


@contextmanager
def source(file: Path) -> Iterator[BufferedIOBase]:
    """The bytes of the input, unpacked. Raises ConsoleError."""
    if file == Path("-"):
        yield unpacked(cast(BufferedReader, sys.stdin.buffer))
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        raise unreadable(str(file), error) from None
    with opened:
        try:
            data = unpacked(opened)
        except OSError as error:
            raise unreadable(str(file), error) from None
        yield data


def unpacked(data: BufferedReader) -> BufferedIOBase:
    """What was packed with gzip, by its first bytes, or the data as it is."""
    return gzip.GzipFile(fileobj=data) if data.peek(2)[:2] == GZIP else data


def read(data: BufferedIOBase, name: str) -> bytes:
    """The next bytes; none at the end. Raises ConsoleError."""
    try:
        return data.read1(CHUNK)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(name, error) from None


def unreadable(name: str, error: Exception) -> ConsoleError:
    """The error of an input that cannot be read."""
    what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ConsoleError("NG-5301", what, where=name, exit_code=EXIT_USAGE)


def count(file: Path) -> int | None:
    """Lines that are not blank, as far as they matter; None for what can be read only once. Raises ConsoleError."""
    if not file.is_file():
        return None
    lines = 0
    with source(file) as data:
        rest = b""
        while lines < COUNTED and (chunk := read(data, str(file))):
            *whole, rest = (rest + chunk).split(b"\n")
            lines += sum(1 for line in whole if line.strip())
    return lines + bool(rest.strip())


@contextmanager
def sink(output: Path | None) -> Iterator[BinaryIO | SafeLines]:
    """Where the rows go. A file is there whole or not at all. Raises ConsoleError."""
    if output is None:
        yield data_output()
        return
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
    except OSError as error:
        raise unwritable(output, error) from None
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
        os.chmod(beside, 0o666 & ~umask())
        os.replace(beside, output)
    except OSError as error:
        raise unwritable(output, error) from None
    finally:
        Path(beside).unlink(missing_ok=True)


def unwritable(output: Path, error: OSError) -> ConsoleError:
    """The error of a result that cannot be written."""
    return ConsoleError("NG-5303", error.strerror or str(error), where=str(output))


def umask() -> int:
    """The mask of this process."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
