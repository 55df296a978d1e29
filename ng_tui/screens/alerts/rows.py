"""The rows of the three lists: incidents with alert rules, the members of an incident, and silences."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ng_tui.alert_rules import STATES, further_groups, group_name, groups_of, held_back_text, rules_in
from ng_tui.client.wire import (
    AlertGroup,
    AlertState,
    AlertView,
    IncidentsView,
    IncidentView,
    Level,
    SilenceView,
    Symptom,
)
from ng_tui.i18n import tr
from ng_tui.incidents import (
    going_on,
    is_grave,
    kind_of,
    lead_line,
    leading,
    over,
    silence_of_rule,
    silence_of_symptom,
    silenced_until,
    subject_text,
    word_text,
    worst_of,
)
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.table import Cell, Column, Row
from ng_tui.screens.alert_rules import state_cell, state_column
from ng_tui.screens.alerts.trend import WIDTH, trend
from ng_tui.state import State
from ng_tui.text import fmt_count, fmt_moment, fmt_short, fmt_time, now_ns, safe, short_source

SOURCE = 16
"""Cells of a source, of which more is in the facts."""
MOST_GROUPS = 5
"""Groups of a rule that have rows before they are asked for."""


def list_rows(state: State, opened: Collection[str] = ()) -> list[Row]:
    """Incidents that go on, rules that fire or are pending, incidents that are over, and rules that were resolved.

    Below each rule stand its groups; of the rules in `opened`, by their names, all that the engine tells.
    """
    now, view = now_ns(state.metrics), state.incidents

    def incidents(some: list[IncidentView]) -> list[Row]:
        return [_incident(one, view, now) for one in some]

    def rules(*states: AlertState) -> list[Row]:
        return [row for one in rules_in(state.alerts, *states) for row in _rule(one, view, now, one.name in opened)]

    return [*incidents(going_on(view)), *rules(*STATES[:2]), *incidents(over(view)), *rules(*STATES[2:])]


def list_columns(shown: Sequence[Row]) -> list[Column]:
    """Columns of the incidents and rules for these rows."""
    return [
        state_column(shown),
        Column("worst", tr("worst"), 6, drop=1),
        Column("text", tr("what"), 30, grow=True),
        Column("count", tr("count"), 5, "right", drop=2),
        Column("trend", tr("trend"), WIDTH, drop=5),
        Column("sources", tr("sources"), 7, "right", drop=4),
        Column("since", tr("since"), 11),
        Column("ended", tr("ended"), 11, drop=3),
    ]


def member_rows(incident: IncidentView, now: int) -> list[Row]:
    """The symptoms in the order in which they came; `now` in nanoseconds since 1970, UTC."""
    return [_member(one, now, is_lead=one is leading(incident)) for one in incident.symptoms]


def member_columns() -> list[Column]:
    """Columns of the members of an incident."""
    return [
        Column("time", tr("time"), 12),
        Column("lead", "", 1),
        Column("what", tr("what"), 6),
        Column("source", tr("source"), SOURCE, drop=1),
        Column("text", tr("text"), 24, grow=True),
        Column("why", tr("why"), 22, drop=2, grow=True),
        Column("count", tr("count"), 5, "right"),
    ]


def silence_rows(view: IncidentsView | None, now: int) -> list[Row]:
    """The silences that hold, oldest first."""
    return [_silence(one, now) for one in view.silences] if view is not None else []


def silence_columns() -> list[Column]:
    """Columns of the silences."""
    return [
        Column("number", tr("no."), 4, "right"),
        Column("subject", tr("silenced"), 24, grow=True),
        Column("until", tr("until"), 11),
        Column("held", tr("held back"), 9, "right"),
        Column("told", tr("told"), 5, "right"),
        Column("reason", tr("reason"), 14, drop=1, grow=True),
        Column("actor", tr("who"), 8, drop=2),
    ]


def key_of(symptom: Symptom) -> str:
    """What identifies a symptom within its incident."""
    return f"{symptom.kind.value}\n{symptom.source}\n{symptom.pattern}"


def _incident(one: IncidentView, view: IncidentsView | None, now: int) -> Row:
    word, lead = worst_of([one]), leading(one)
    tag = _tag(word)
    chart = trend(one.timeline, one.last_ns if one.is_over else now)
    return Row(
        f"incident {one.number}",
        {
            "state": _incident_state(one, tag, silence_of_symptom(view, lead), now),
            "worst": Cell(word_text(word), "dim" if one.is_over else tag),
            "text": Cell(lead_line(one, SOURCE), "dim" if one.is_over else ""),
            "count": Cell(fmt_short(one.count), "dim" if one.is_over else ""),
            "trend": Cell(chart, "dim" if one.is_over else "chart-1"),
            "sources": Cell(fmt_short(one.sources), "dim"),
            "since": Cell(fmt_moment(one.started_ns, now_ns=now), "dim" if one.is_over else ""),
            "ended": Cell(fmt_moment(one.last_ns, now_ns=now) if one.is_over else "", "dim"),
        },
    )


def _incident_state(one: IncidentView, tag: str, silence: SilenceView | None, now: int) -> Cell:
    mark = glyphs()
    if one.is_over:
        return Cell(f"{mark.resolved} {tr('over')}", "good")
    if silence is not None:
        return Cell(f"{mark.off} {silenced_until(silence, now)}", "dim")
    return Cell(f"{mark.firing} {tr('goes on')}", tag)


def _rule(one: AlertView, view: IncidentsView | None, now: int, is_open: bool) -> Iterator[Row]:
    silence = silence_of_rule(view, one.name)
    tag = "dim" if one.state is AlertState.RESOLVED else "bad" if one.level in (Level.ERROR, Level.FATAL) else "warn"
    worst = {"worst": Cell(one.level.value, tag)}
    text = "; ".join(filter(None, (held_back_text(one), safe(one.rule))))
    groups = groups_of(one)
    # The only group of a rule that does not tell events apart has no row of its own.
    chart = {} if groups or not one.groups else {"trend": _trend(one.groups[0], now)}
    yield Row(f"rule {one.name}", _counted(one, one, f"{safe(one.name)}: {text}", silence, now) | worst | chart)
    shown = groups if is_open else groups[:MOST_GROUPS]
    for group in shown:
        cells = _counted(one, group, f"  {group_name(group)}", silence, now) | {"trend": _trend(group, now)}
        yield Row(f"group {one.name}\0{group.key}", cells)
    if more := len(groups) - len(shown) + one.groups_left_out:
        yield Row(f"more {one.name}", {"text": Cell(f"  {further_groups(more)}", "dim")})


def _counted(
    rule: AlertView, of: AlertView | AlertGroup, text: str, silence: SilenceView | None, now: int
) -> dict[str, Cell]:
    """What a rule and a group of it have alike."""
    tag = "dim" if of.state is AlertState.RESOLVED else ""
    return {
        "state": state_cell(rule, of.state, silence, now),
        "text": Cell(text, tag),
        "count": Cell(fmt_short(of.count) if of.count else "", tag),
        "since": Cell(fmt_moment(of.since_ns, now_ns=now) if of.since_ns else "", tag),
    }


def _trend(group: AlertGroup, now: int) -> Cell:
    is_over = group.state is AlertState.RESOLVED
    return Cell(trend(group.timeline, 0 if is_over else now), "dim" if is_over else "chart-1")


def _member(one: Symptom, now: int, *, is_lead: bool) -> Row:
    word = kind_of(one)
    return Row(
        key_of(one),
        {
            "time": Cell(fmt_time(one.first_ns, "clock", now_ns=now), "dim"),
            "lead": Cell(glyphs().changed if is_lead else "", "accent"),
            "what": Cell(word_text(word), _tag(word)),
            "source": Cell(short_source(safe(one.source), SOURCE), "dim"),
            "text": Cell(safe(one.text)),
            "why": Cell(safe(one.why), "dim"),
            "count": Cell(fmt_short(one.count)),
        },
    )


def _silence(view: SilenceView, now: int) -> Row:
    silence = view.silence
    return Row(
        str(silence.number),
        {
            "number": Cell(str(silence.number), "dim"),
            "subject": Cell(subject_text(silence.subject, SOURCE)),
            "until": Cell(fmt_moment(silence.until_ns, now_ns=now)),
            "held": Cell(fmt_count(view.held_back), "" if view.held_back else "dim"),
            "told": Cell(fmt_short(view.told), "warn" if view.told else "dim"),
            "reason": Cell(safe(silence.reason), "dim"),
            "actor": Cell(safe(silence.actor), "dim"),
        },
    )


def _tag(word: str) -> str:
    return "bad" if is_grave(word) else "warn"
