"""The alert rules as rows: each rule, and below it the groups of its events that are not inactive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ng_tui.alert_rules import group_name, groups_of
from ng_tui.client.wire import AlertGroup, AlertView, SilenceView
from ng_tui.i18n import tr
from ng_tui.incidents import silence_of_rule
from ng_tui.kit.table import Cell, Column, Row
from ng_tui.screens.alert_rules import state_cell, state_column
from ng_tui.state import State
from ng_tui.text import fmt_age, fmt_count, fmt_short, now_ns, safe


def columns(shown: Sequence[Row]) -> list[Column]:
    """The columns of the table for these rows."""
    return [
        state_column(shown),
        Column("name", tr("name"), 14),
        Column("rule", tr("rule"), 20, drop=2, grow=True),
        Column("count", tr("now"), 6, "right", drop=1),
        Column("fired", tr("fired"), 6, "right"),
        Column("since", tr("since"), 5, "right"),
    ]


def rows(state: State) -> list[Row]:
    """What the engine has told, in its order."""
    now, view = now_ns(state.metrics), state.incidents
    return [row for rule in state.alerts for row in of_rule(rule, silence_of_rule(view, rule.name), now)]


def of_rule(view: AlertView, silence: SilenceView | None, now: int) -> Iterator[Row]:
    """A rule, and its groups where it has more than the one of all events."""
    rest = {
        "name": Cell(safe(view.name)),
        "rule": Cell(safe(view.rule), "dim"),
        "fired": Cell(fmt_short(view.fired), "" if view.fired else "dim", view.fired),
    }
    yield Row(view.name, common(view, view, silence, now) | rest)
    for group in groups_of(view):
        text = f"  {group_name(group)}"
        cells = {"name": Cell(text, "", f"{safe(view.name)}{text}"), "rule": Cell(tr("events since it began"), "dim")}
        yield Row(key_of(view, group), common(view, group, silence, now) | cells)
    if view.groups_left_out:
        # Sorts behind the groups.
        name = Cell(tr("  + {n} more", n=fmt_count(view.groups_left_out)), "dim", f"{safe(view.name)}\U0010ffff")
        yield Row(f"\0{view.name}", {"name": name, "rule": Cell(tr("further groups"), "dim")})


def key_of(view: AlertView, group: AlertGroup) -> str:
    """The key of the row of a group; no rule has it for a name."""
    return f"{view.name}\0{group.key}"


def last_seq(views: list[AlertView], key: str | None) -> int | None:
    """The latest event of the rule or group of a row."""
    for view in views:
        if key in (view.name, f"\0{view.name}"):
            return view.last_seq
        for group in groups_of(view):
            if key_of(view, group) == key:
                return group.last_seq
    return None


def common(rule: AlertView, of: AlertView | AlertGroup, silence: SilenceView | None, now: int) -> dict[str, Cell]:
    """What a rule and a group of it have alike."""
    return {
        "state": state_cell(rule, of.state, silence, now),
        "count": Cell(fmt_short(of.count), "" if of.count else "dim", of.count),
        "since": Cell(fmt_age(of.since_ns, now), "dim", float(of.since_ns) if of.since_ns else ""),
    }
