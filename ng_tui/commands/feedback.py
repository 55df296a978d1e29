"""`feedback`: what was said of alerts and which thresholds it moved; giving and undoing it."""

from __future__ import annotations

import time

import click
import msgspec

from ng_tui.client.wire import Command, Feedback, GiveFeedbackCommand, UndoFeedbackCommand
from ng_tui.commands.live import NUMBER, change, observe, say
from ng_tui.commands.options import target_of, url_option
from ng_tui.commands.output import put_json
from ng_tui.commands.table import COMMANDS
from ng_tui.feedback import verdict_text
from ng_tui.i18n import tr
from ng_tui.text import fmt_time, safe


@click.group(
    name="feedback",
    invoke_without_command=True,
    help=COMMANDS["feedback"],
)
@click.option("--json", "as_json", is_flag=True, help=tr("As JSON."))
@url_option
@click.pass_context
def command(ctx: click.Context, as_json: bool, target: str | None) -> None:
    """Lists the judgements, newest first, when no command follows."""
    if ctx.invoked_subcommand is not None:
        return
    feedback = observe(ctx.obj, 0, target, "feedback").feedback
    assert feedback is not None
    if as_json:
        put_json(msgspec.json.encode(feedback))
        return
    base, now = feedback.alert_threshold, time.time_ns()
    click.echo(
        f"{tr('NUMBER'):>6}  {tr('WHEN'):<19}  {tr('WHO'):<12}  {tr('SAID'):<11}  {tr('EVENT'):>9}  "
        f"{tr('THRESHOLD'):<11}  {tr('SOURCE'):<12}  {tr('PATTERN')}"
    )
    for one in feedback.judgements:
        when = fmt_time(one.time_ns, "iso", now_ns=now)[:19]
        moved = f"{base + one.before:.2f} → {base + one.after:.2f}"
        click.echo(
            f"{one.number:>6}  {when:<19}  {safe(one.actor):<12}  {verdict_text(one.verdict):<11}  {one.seq:>9}  "
            f"{moved:<11}  {safe(one.source):<12}  {safe(one.subject)}"
        )


@command.command(help=tr("Say that an event was worth telling: its like alerts earlier."))
@click.argument("seq", type=NUMBER)
@url_option
@click.pass_context
def ack(ctx: click.Context, seq: int, target: str | None) -> None:
    """Lowers the threshold of its pattern or stream."""
    _give(ctx, seq, Feedback.ACK, target)


@command.command(name="false-alarm", help=tr("Say that an alert was a false alarm: its like alerts later."))
@click.argument("seq", type=NUMBER)
@url_option
@click.pass_context
def false_alarm(ctx: click.Context, seq: int, target: str | None) -> None:
    """Raises the threshold of its pattern or stream."""
    _give(ctx, seq, Feedback.FALSE_ALARM, target)


@command.command(help=tr("Take back what was said, by its number in the list."))
@click.argument("number", type=NUMBER)
@url_option
@click.pass_context
def undo(ctx: click.Context, number: int, target: str | None) -> None:
    """What else was said of the same pattern or stream holds."""
    say(change(ctx.obj, Command(undo_feedback=UndoFeedbackCommand(number)), target_of(ctx, target)))


def _give(ctx: click.Context, seq: int, verdict: Feedback, target: str | None) -> None:
    """Only a running engine has the event."""
    given = Command(give_feedback=GiveFeedbackCommand(seq, verdict))
    say(change(ctx.obj, given, target_of(ctx, target), must_serve=True))
