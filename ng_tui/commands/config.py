"""`config`: make, show, check and find the configuration."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from ng_tui import _engine, paths
from ng_tui.commands.context import Context
from ng_tui.commands.output import put_json
from ng_tui.commands.table import COMMANDS
from ng_tui.config import Exposed, examine, read_file
from ng_tui.errors import ConsoleError, together
from ng_tui.i18n import tr
from ng_tui.text import safe, safe_json


@click.group(name="config", help=COMMANDS["config"])
def command() -> None:
    """The group itself does nothing."""


@command.command(help=tr("Write a configuration file in which every key stands as a comment with its default."))
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--force", is_flag=True, help=tr("Overwrite an existing file."))
def init(path: Path | None, force: bool) -> None:
    """Writes the file; `-` is stdout."""
    if path == Path("-"):
        click.echo(_engine.config_template(), nl=False)
        return
    path = path or dict(paths.config_files())["user"]
    if path.exists() and not force:
        raise ConsoleError("NG-2003", tr("exists already"), where=str(path), hint=tr("--force overwrites it"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_engine.config_template())
    except OSError as error:
        raise ConsoleError("NG-2004", error.strerror or str(error), where=str(path)) from None
    print(tr("wrote {path}", path=safe(str(path))), file=sys.stderr)


@command.command(help=tr("Print every value and where it comes from."))
@click.option("--json", "as_json", is_flag=True, help=tr("As JSON: path to [value, origin]."))
@click.option("--changed", is_flag=True, help=tr("Only values that differ from the default."))
@click.pass_obj
def show(context: Context, as_json: bool, changed: bool) -> None:
    """Prints the merged configuration."""
    values = {path: pair for path, pair in context.config().values.items() if not changed or pair[1] != "default"}
    if as_json:
        put_json(json.dumps(values, indent=2, ensure_ascii=False).encode("utf-8", "replace"))
        return
    for path, (value, origin) in values.items():
        shown = safe_json(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")).decode()
        click.echo(f"{safe(path)} = {shown}  # {safe(origin)}")


@command.command(help=tr("Check the configuration; exit code 78 when it is refused."))
@click.pass_obj
def validate(context: Context) -> None:
    """Serves and reads nothing; raises everything that the console, `serve` and `connect` would refuse or leave out.

    What is valid and can never do anything is warned of.
    """
    from ng_tui.commands.checks import faults, warnings

    config, found = examine(context.flags())
    if found := [*found, *config.left_out, *faults(config, context.state_dir)]:
        raise together(found)
    for line in warnings(config.layers):
        print(safe(line), file=sys.stderr)
    count = sum(origin != "default" for _, origin in config.values.values())
    print(tr("the configuration is valid; {count} values differ from the defaults", count=count), file=sys.stderr)


def fate(file: Path, kind: str) -> str:
    """What becomes of a file."""
    try:
        return tr("absent") if read_file(file, owned=kind == "project") is None else tr("read")
    except Exposed:
        return tr("left out")
    except ConsoleError:
        return tr("refused")


@command.command(help=tr("Print the files that are read, the strongest last, and the state directory."))
@click.pass_obj
def path(context: Context) -> None:
    """Prints the places."""
    files = paths.config_files()
    if context.config_file is not None:
        files.append(("flag", context.config_file))
    for kind, file in files:
        click.echo(f"{kind}\t{safe(str(file))}\t{fate(file, kind)}")
    click.echo(f"state\t{safe(str(context.state_dir))}")
