"""`learn`: let a source that was frozen learn again."""

from __future__ import annotations

import click

from ng_tui.client.wire import Command, SetLearningCommand
from ng_tui.commands.live import change, say
from ng_tui.commands.options import target_of, url_option
from ng_tui.i18n import tr


@click.command(name="learn", help=tr("Let a source that was frozen learn again."))
@click.argument("source")
@url_option
@click.pass_context
def command(ctx: click.Context, source: str, target: str | None) -> None:
    """Lets the source learn, now and at later starts."""
    say(change(ctx.obj, Command(set_learning=SetLearningCommand(source=source, learning=True)), target_of(ctx, target)))
