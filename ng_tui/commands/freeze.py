"""`freeze`: keep what is remembered of a source as its baseline: its events are scored and not learnt."""

from __future__ import annotations

import click

from ng_tui.commands.learning import set_learning
from ng_tui.commands.options import target_of, url_option
from ng_tui.commands.table import COMMANDS
from ng_tui.i18n import tr


@click.command(name="freeze", help=COMMANDS["freeze"])
@click.argument("source")
@click.option("--future", is_flag=True, help=tr("The source may be unknown yet; otherwise such a name is refused."))
@url_option
@click.pass_context
def command(ctx: click.Context, source: str, future: bool, target: str | None) -> None:
    """Freezes the source, now and at later starts."""
    set_learning(ctx.obj, source, target_of(ctx, target), learning=False, future=future)
