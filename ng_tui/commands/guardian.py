"""`guardian`: the rules of the constitution with their counters, and their modes."""

from __future__ import annotations

import click
import msgspec

from ng_tui.client.wire import Command, Mode, SetRuleModeCommand
from ng_tui.commands.live import change, observe, say
from ng_tui.commands.options import Duration, target_of, url_option
from ng_tui.commands.output import put_json
from ng_tui.commands.table import COMMANDS
from ng_tui.i18n import tr
from ng_tui.state import State
from ng_tui.text import fmt_count, safe


@click.group(
    name="guardian",
    invoke_without_command=True,
    help=COMMANDS["guardian"],
)
@click.option("--for", "duration", type=Duration(), default=2.5, show_default="2.5s", help=tr("Measure for this time."))
@click.option("--json", "as_json", is_flag=True, help=tr("As JSON."))
@url_option
@click.pass_context
def command(ctx: click.Context, duration: float, as_json: bool, target: str | None) -> None:
    """Lists the rules when no command follows."""
    if ctx.invoked_subcommand is not None:
        return
    guardian = observe(ctx.obj, duration, target, "guardian").guardian
    assert guardian is not None
    if as_json:
        put_json(msgspec.json.encode(guardian))
        return
    counts = {
        "checked": guardian.checked,
        "admitted": guardian.admitted,
        "flagged": guardian.flagged,
        "rejected": guardian.rejected,
    }
    click.echo("  ".join(f"{name} {fmt_count(count)}" for name, count in counts.items()))
    click.echo(f"{tr('RULE'):<14}{tr('MODE'):<9}{tr('HITS'):>9}{tr('REJECTS'):>9}  {tr('TERMS')}")
    for rule in guardian.rules:
        click.echo(
            f"{rule.name:<14}{rule.mode:<9}{fmt_count(rule.hits):>9}{fmt_count(rule.rejects):>9}  {safe(rule.terms)}"
        )


@command.command(name="observe", help=tr("Let a rule only flag what it objects to, now and at later starts."))
@click.argument("rule")
@url_option
@click.pass_context
def observe_rule(ctx: click.Context, rule: str, target: str | None) -> None:
    """Writes the mode."""
    _set_mode(ctx, rule, Mode.OBSERVE, target)


@command.command(help=tr("Let a rule reject what it objects to, now and at later starts."))
@click.argument("rule")
@url_option
@click.pass_context
def enforce(ctx: click.Context, rule: str, target: str | None) -> None:
    """Writes the mode."""
    _set_mode(ctx, rule, Mode.ENFORCE, target)


def _set_mode(ctx: click.Context, rule: str, mode: Mode, target: str | None) -> None:
    """Writes the mode and says so. It is written also where nothing changes, for it goes before the configuration."""
    command = Command(set_rule_mode=SetRuleModeCommand(rule=rule, mode=mode))

    def plan(state: State) -> tuple[Command, str | None]:
        rules = state.guardian.rules if state.guardian is not None else []
        if all(one.name != rule or one.mode != mode for one in rules):
            return command, None
        text = tr("rule {rule} is set to {mode} already, and stays so at later starts", rule=rule, mode=mode)
        return command, text

    say(change(ctx.obj, plan, target_of(ctx, target)))
