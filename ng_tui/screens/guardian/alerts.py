"""The alert rules as rows: each rule, and below it the groups of its events that are not inactive."""

from __future__ import annotations

from collections.abc import Iterator

from ng_tui.client.wire import AlertGroup, AlertState, AlertView, Level
from ng_tui.i18n import tr
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.table import Cell, Column, Row
from ng_tui.text import fmt_age, fmt_short, safe


def columns() -> list[Column]:
    """The columns of the table."""
    return [
        Column("state", tr("state"), 10),
        Column("name", tr("name"), 14),
        Column("rule", tr("rule"), 20, drop=2, grow=True),
        Column("count", tr("now"), 6, "right", drop=1),
        Column("fired", tr("fired"), 6, "right"),
        Column("since", tr("since"), 5, "right"),
    ]


def rows(views: list[AlertView], now: int) -> list[Row]:
    """What the engine has told, in its order."""
    return [row for view in views for row in of_rule(view, now)]


def of_rule(view: AlertView, now: int) -> Iterator[Row]:
    """A rule, and its groups where it has more than the one of all events."""
    rest = {
        "name": Cell(safe(view.name)),
        "rule": Cell(safe(view.rule), "dim"),
        "fired": Cell(fmt_short(view.fired), "" if view.fired else "dim", view.fired),
    }
    yield Row(view.name, common(view, view.level, now) | rest)
    for group in named(view):
        text = f"  {safe(group.key) or tr('(none)')}"
        cells = {"name": Cell(text, "", f"{safe(view.name)}{text}"), "rule": Cell(tr("events since it began"), "dim")}
        yield Row(key_of(view, group), common(group, view.level, now) | cells)


def named(view: AlertView) -> list[AlertGroup]:
    """The groups of a rule that tells events apart."""
    groups = view.groups or []
    return groups if any(group.key for group in groups) else []


def key_of(view: AlertView, group: AlertGroup) -> str:
    """The key of the row of a group; no rule has it for a name."""
    return f"{view.name}\0{group.key}"


def last_seq(views: list[AlertView], key: str | None) -> int | None:
    """The latest event of the rule or group of a row."""
    for view in views:
        if view.name == key:
            return view.last_seq
        for group in named(view):
            if key_of(view, group) == key:
                return group.last_seq
    return None


def common(view: AlertView | AlertGroup, level: Level, now: int) -> dict[str, Cell]:
    """What a rule and a group have alike."""
    return {
        "state": state_cell(view.state, level),
        "count": Cell(fmt_short(view.count), "" if view.count else "dim", view.count),
        "since": Cell(fmt_age(view.since_ns, now), "dim", float(view.since_ns) if view.since_ns else ""),
    }


def state_cell(state: AlertState, level: Level) -> Cell:
    """The state with its mark, the most urgent first in order."""
    mark = glyphs()
    severe = level in (Level.ERROR, Level.FATAL)
    match state:
        case AlertState.FIRING:
            return Cell(f"{mark.firing} {tr('firing')}", "bad" if severe else "warn", 0.0)
        case AlertState.PENDING:
            return Cell(f"{mark.waiting} {tr('pending')}", "warn", 1.0)
        case AlertState.RESOLVED:
            return Cell(f"{mark.resolved} {tr('resolved')}", "good", 2.0)
        case _:
            return Cell(f"{mark.off} {tr('inactive')}", "dim", 3.0)
