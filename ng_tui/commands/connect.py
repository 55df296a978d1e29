"""`connect`: the console on engines that run elsewhere."""

from __future__ import annotations

import sys

import click

from ng_tui.commands.context import Context
from ng_tui.commands.table import COMMANDS
from ng_tui.commands.targets import LOCAL, resolve, short_names
from ng_tui.i18n import tr


@click.command(
    name="connect",
    help=COMMANDS["connect"],
)
@click.argument("targets", metavar="TARGET…", nargs=-1)
@click.option("--filter", "filter_text", metavar="FILTER", help=tr("The filter of the Events screen at the start."))
@click.pass_obj
def command(context: Context, targets: tuple[str, ...], filter_text: str | None) -> None:
    """Opens the console; without a target on the engine of this host."""
    from ng_tui.commands import console

    if not sys.stdout.isatty():
        raise click.UsageError(tr("there is no terminal to show it on; neurograph-tui tail --url TARGET prints lines"))
    config = context.config()
    found = short_names(resolve(config, target) for target in targets or (LOCAL,))
    console.attach(context, config, found, config.text("console.filter") if filter_text is None else filter_text)
