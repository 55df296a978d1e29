"""`modules`: the module registry, and switching modules on and off."""

from __future__ import annotations

import click
import msgspec

from ng_tui.client.wire import Command, SetModuleCommand
from ng_tui.commands.live import change, observe, say
from ng_tui.commands.options import Duration, target_of, url_option
from ng_tui.commands.output import put_json
from ng_tui.commands.table import COMMANDS
from ng_tui.i18n import tr
from ng_tui.state import State
from ng_tui.text import fmt_count, fmt_rate, fmt_us


@click.group(
    name="modules",
    invoke_without_command=True,
    help=COMMANDS["modules"],
)
@click.option("--for", "duration", type=Duration(), default=2.5, show_default="2.5s", help=tr("Measure for this time."))
@click.option("--json", "as_json", is_flag=True, help=tr("As JSON."))
@url_option
@click.pass_context
def command(ctx: click.Context, duration: float, as_json: bool, target: str | None) -> None:
    """Lists the modules when no command follows."""
    if ctx.invoked_subcommand is not None:
        return
    state = observe(ctx.obj, duration, target, "modules")
    if as_json:
        put_json(msgspec.json.encode(list(state.modules.values())))
        return
    click.echo(
        f"{tr('MODULE'):<20}{tr('STATE'):<10}{tr('RATE'):>9}{tr('ERRORS'):>9}{tr('P50'):>9}{tr('P95'):>9}{tr('P99'):>9}"
    )
    for module in state.modules.values():
        numbers = f"{fmt_rate(module.rate):>9}{fmt_count(module.errors):>9}"
        latencies = "".join(f"{fmt_us(value):>9}" for value in (module.p50_us, module.p95_us, module.p99_us))
        click.echo(f"{module.id:<20}{module.status:<10}{numbers}{latencies}")


@command.command(help=tr("Switch a module on, now and at later starts."))
@click.argument("module")
@url_option
@click.pass_context
def enable(ctx: click.Context, module: str, target: str | None) -> None:
    """Writes the flag."""
    switch(ctx, module, True, target)


@command.command(help=tr("Switch a module off, now and at later starts."))
@click.argument("module")
@url_option
@click.pass_context
def disable(ctx: click.Context, module: str, target: str | None) -> None:
    """Writes the flag."""
    switch(ctx, module, False, target)


def switch(ctx: click.Context, module: str, enabled: bool, target: str | None) -> None:
    """Writes the flag and says so. It is written also where nothing changes, for it goes before the configuration."""
    command = Command(set_module=SetModuleCommand(module=module, enabled=enabled))

    def plan(state: State) -> tuple[Command, str | None]:
        found = state.modules.get(module)
        if found is None or found.enabled != enabled:
            return command, None
        word = tr("on") if enabled else tr("off")
        return command, tr("{module} is {word} already, and stays so at later starts", module=module, word=word)

    say(change(ctx.obj, plan, target_of(ctx, target)))
