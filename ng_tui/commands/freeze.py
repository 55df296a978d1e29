"""`freeze`: keep what is remembered of a source as its baseline: its events are scored and not learnt."""

from __future__ import annotations

import click

from ng_tui.client.wire import Command, SetLearningCommand
from ng_tui.commands.live import change, say
from ng_tui.commands.options import target_of, url_option
from ng_tui.i18n import tr


@click.command(
    name="freeze", help=tr("Keep what is remembered of a source as its baseline: its events are scored and not learnt.")
)
@click.argument("source")
@url_option
@click.pass_context
def command(ctx: click.Context, source: str, target: str | None) -> None:
    """Freezes the source, now and at later starts."""
    say(
        change(ctx.obj, Command(set_learning=SetLearningCommand(source=source, learning=False)), target_of(ctx, target))
    )
