"""`learn`: let a source that was frozen learn again."""

from __future__ import annotations

import click

from ng_tui.commands.learning import set_learning
from ng_tui.commands.options import target_of, url_option
from ng_tui.commands.table import COMMANDS


@click.command(name="learn", help=COMMANDS["learn"])
@click.argument("source")
@url_option
@click.pass_context
def command(ctx: click.Context, source: str, target: str | None) -> None:
    """Lets the source learn, now and at later starts."""
    set_learning(ctx.obj, source, target_of(ctx, target), learning=True)
