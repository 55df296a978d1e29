"""`alerts`: incidents, alert rules that are not inactive, and silences; beginning and ending a silence."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import click
import msgspec

from ng_tui.alert_rules import STATES, further_groups, group_name, groups_of, rules_in, state_text
from ng_tui.client.wire import (
    AlertGroup,
    AlertView,
    Command,
    EventSilenceTarget,
    ExpireSilenceCommand,
    FilterSilenceTarget,
    IncidentsView,
    IncidentView,
    RuleSilenceTarget,
    SilenceCommand,
    SilenceTarget,
    SilenceView,
)
from ng_tui.commands.live import NUMBER, change, not_served, observe, say
from ng_tui.commands.options import Duration, target_of, url_option
from ng_tui.commands.output import put_json
from ng_tui.commands.table import COMMANDS
from ng_tui.i18n import ntr, tr
from ng_tui.incidents import (
    held_text,
    lead_line,
    leading,
    silence_of_rule,
    silence_of_symptom,
    silenced_until,
    subject_text,
    word_text,
    worst_of,
)
from ng_tui.state import State
from ng_tui.text import ABSENT, fmt_count, fmt_time, now_ns, safe

MOST_NAME = 40
"""Cells of the column of rules and groups at most; a longer name stands out of its row."""


class Listed(msgspec.Struct):
    """What is listed, as `--json` prints it."""

    incidents: list[IncidentView]
    """Those that go on, and the latest of those that are over; the latest first."""
    rules: list[AlertView]
    """Alert rules that are not inactive: firing, pending, resolved."""
    silences: list[SilenceView]
    """Silences that hold, oldest first."""


@click.group(
    name="alerts",
    invoke_without_command=True,
    help=COMMANDS["alerts"],
)
@click.option("--since", "since", type=Duration(), help=tr("Of what is over, only that of the last TIME, such as 2h."))
@click.option("--json", "as_json", is_flag=True, help=tr("As JSON."))
@url_option
@click.pass_context
def command(ctx: click.Context, since: float | None, as_json: bool, target: str | None) -> None:
    """Lists them when no command follows."""
    if ctx.invoked_subcommand is not None:
        return
    state = observe(ctx.obj, 0, target, "incidents", "metrics")
    view = state.incidents
    assert view is not None
    now = now_ns(state.metrics)
    begin = 0 if since is None else now - round(since * 1e9)
    listed = Listed(
        [one for one in view.incidents if not one.is_over or one.last_ns >= begin],
        [one for one in rules_in(state.alerts, *STATES) if one.state is not STATES[-1] or (one.since_ns or 0) >= begin],
        view.silences,
    )
    if as_json:
        put_json(msgspec.json.encode(listed))
        return
    nobody = not_served(ctx.obj) if target is None else None
    if nobody is not None:
        print(safe(tr("{what}; incidents are those of an engine that runs", what=nobody.what)), file=sys.stderr)
    if listed.incidents:
        _print_incidents(listed.incidents, view, now)
    else:
        click.echo(_nothing_told(state, begin, runs=nobody is None))
    _print_rules(listed.rules, view, now)
    _print_silences(listed.silences)


@command.command(
    help=tr(
        "Hold back what is said of the pattern of an event, of an alert rule, or of a filter. EVENT is the number that "
        "`alerts` shows of an incident, or a record has as seq."
    )
)
@click.argument("event", type=NUMBER, required=False)
@click.option("--rule", metavar="NAME", help=tr("An alert rule."))
@click.option("--filter", "filter_text", metavar="FILTER", help=tr("The events that pass this filter."))
@click.option("--for", "duration", type=Duration(), required=True, help=tr("For this time, such as 1h or 7d."))
@click.option("--reason", metavar="TEXT", help=tr("Why; at most 200 characters."))
@url_option
@click.pass_context
def silence(
    ctx: click.Context,
    event: int | None,
    rule: str | None,
    filter_text: str | None,
    duration: float,
    reason: str | None,
    target: str | None,
) -> None:
    """Only a running engine has the event; the others may be silenced without one."""
    if sum(one is not None for one in (event, rule, filter_text)) != 1:
        raise click.UsageError(tr("name one of EVENT, --rule and --filter"), ctx)
    what = SilenceTarget(
        event=EventSilenceTarget(event) if event is not None else None,
        rule=RuleSilenceTarget(rule) if rule is not None else None,
        filter=FilterSilenceTarget(filter_text) if filter_text is not None else None,
    )
    asked = Command(silence=SilenceCommand(what, round(duration), reason or None))
    say(change(ctx.obj, asked, target_of(ctx, target), must_serve=event is not None))


@command.command(help=tr("End a silence, by its number in the list."))
@click.argument("number", type=NUMBER)
@url_option
@click.pass_context
def expire(ctx: click.Context, number: int, target: str | None) -> None:
    """What it held back stays held back."""
    say(change(ctx.obj, Command(expire_silence=ExpireSilenceCommand(number)), target_of(ctx, target)))


def _nothing_told(state: State, begin: int, *, runs: bool) -> str:
    """That there is no incident, since when there was none, and what an engine has that could tell or hold back one."""
    count = len(state.incidents.silences) if state.incidents is not None else 0
    rules = ntr("{count} alert rule", "{count} alert rules", len(state.alerts))
    silences = ntr("{count} silence", "{count} silences", count)
    if not runs or state.metrics is None:
        told = tr("nothing is remembered that was told")
    else:
        started = state.metrics.time_ns - round(state.metrics.uptime_s * 1e9)
        told = tr("nothing was told since {time}", time=_moment(max(begin, started)))
    return f"{told}; {rules}, {silences}"


def _print_incidents(incidents: Sequence[IncidentView], view: IncidentsView, now: int) -> None:
    states = [_state_of(one, view, now) for one in incidents]
    room = max(8, *map(len, states))
    click.echo(
        f"{tr('INCIDENT'):>8}  {tr('STATE'):<{room}}  {tr('BEGAN'):<19}  {tr('ENDED'):<19}  {tr('WORST'):<7}  "
        f"{tr('COUNT'):>7}  {tr('SOURCES'):>7}  {tr('EVENT'):>9}  {tr('LEAD')}"
    )
    for one, state in zip(incidents, states, strict=True):
        ended = _moment(one.last_ns) if one.is_over else ABSENT
        event = leading(one).last_seq
        click.echo(
            f"{one.number:>8}  {state:<{room}}  {_moment(one.started_ns):<19}  {ended:<19}  "
            f"{word_text(worst_of([one])):<7}  {fmt_count(one.count):>7}  {one.sources:>7}  {event:>9}  "
            f"{lead_line(one)}"
        )


def _state_of(one: IncidentView, view: IncidentsView, now: int) -> str:
    if one.is_over:
        return tr("over")
    silence = silence_of_symptom(view, leading(one))
    return tr("goes on") if silence is None else silenced_until(silence, now)


def _print_rules(rules: Sequence[AlertView], view: IncidentsView, now: int) -> None:
    """Each with its groups below it."""
    rows: list[tuple[str, str, AlertView | AlertGroup | None]] = []
    for rule in rules:
        silence = silence_of_rule(view, rule.name)
        rows.append((safe(rule.name), state_text(rule, rule.state, silence, now), rule))
        rows += [(f"  {group_name(one)}", state_text(rule, one.state, silence, now), one) for one in groups_of(rule)]
        if rule.groups_left_out:
            rows.append((f"  {further_groups(rule.groups_left_out)}", "", None))
    if not rows:
        return
    first = min(MOST_NAME, max(14, *(len(name) for name, _, _ in rows)))
    second = max(8, *(len(state) for _, state, _ in rows))
    click.echo(
        f"\n{tr('RULE'):<{first}}  {tr('STATE'):<{second}}  {tr('SINCE'):<19}  {tr('NOW'):>7}  {tr('FIRED'):>7}  "
        f"{tr('HELD BACK'):>9}  {tr('TEXT')}"
    )
    for name, state, one in rows:
        click.echo(f"{name:<{first}}  {state:<{second}}  {_numbers(one)}".rstrip())


def _numbers(one: AlertView | AlertGroup | None) -> str:
    """Since when it is in its state, its events; of a rule how often it told and was held back, and how it reads."""
    if one is None:
        return ""
    since = _moment(one.since_ns) if one.since_ns is not None else ABSENT
    numbers = f"{since:<19}  {fmt_count(one.count):>7}"
    if not isinstance(one, AlertView):
        return numbers
    return f"{numbers}  {fmt_count(one.fired):>7}  {fmt_count(one.held_back):>9}  {safe(one.rule)}"


def _print_silences(silences: Sequence[SilenceView]) -> None:
    if not silences:
        return
    click.echo(f"\n{tr('SILENCE'):>7}  {tr('UNTIL'):<19}  {tr('WHO'):<12}  {tr('WHAT')}")
    for one in silences:
        reason = f"; {safe(one.silence.reason)}" if one.silence.reason else ""
        click.echo(
            f"{one.silence.number:>7}  {_moment(one.silence.until_ns):<19}  {safe(one.silence.actor):<12}  "
            f"{subject_text(one.silence.subject)}; {held_text(one)}{reason}"
        )


def _moment(ns: int) -> str:
    return fmt_time(ns, "iso", now_ns=time.time_ns())[:19]
