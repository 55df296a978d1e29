"""`freeze`: keep what is remembered of a source as its baseline: its events are scored and not learnt."""

from __future__ import annotations

import click

from ng_tui.client.wire import Command, SetLearningCommand
from ng_tui.commands.live import change, say
from ng_tui.commands.options import target_of, url_option
from ng_tui.errors import ConsoleError
from ng_tui.i18n import tr


@click.command(
    name="freeze", help=tr("Keep what is remembered of a source as its baseline: its events are scored and not learnt.")
)
@click.argument("source")
@click.option("--future", is_flag=True, help=tr("The source may be unknown yet; otherwise such a name is refused."))
@url_option
@click.pass_context
def command(ctx: click.Context, source: str, future: bool, target: str | None) -> None:
    """Freezes the source, now and at later starts."""
    wanted = Command(set_learning=SetLearningCommand(source=source, learning=False, future=future))
    try:
        say(change(ctx.obj, wanted, target_of(ctx, target)))
    except ConsoleError as error:
        if not future and error.what.startswith("no source is called"):
            error.hint = tr("--future freezes it for when it comes")
        raise
