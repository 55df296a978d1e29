"""`replay`: a recording in the console, or as lines."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ng_tui.client.replay import ReplayClient
from ng_tui.commands.context import Context
from ng_tui.commands.options import Duration
from ng_tui.commands.table import COMMANDS
from ng_tui.commands.tail import write_ring
from ng_tui.commands.troubles import tell_odd
from ng_tui.i18n import tr


@click.command(name="replay", help=COMMANDS["replay"])
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=tr("as fast as possible"),
    help=tr("1 is real time."),
)
@click.option("--filter", "filter_text", default="", metavar="FILTER", help=tr("Only events that pass this filter."))
@click.option("--json", "as_json", is_flag=True, help=tr("One JSON object for each record."))
@click.option("--for", "duration", type=Duration(), help=tr("As lines: stop after this time."))
@click.pass_obj
def command(
    context: Context, path: Path, speed: float, filter_text: str, as_json: bool, duration: float | None
) -> None:
    """Opens the recording."""
    config = context.config()
    client = ReplayClient(path, speed=speed, saved=config.texts("filters"))
    if sys.stdout.isatty() and not as_json:
        from ng_tui.commands import console

        console.show(context, config, client, filter_text)
        return
    try:
        client.start()
        tell_odd(filter_text)
        write_ring(client, filter_text, as_json, duration)
    finally:
        client.close()
