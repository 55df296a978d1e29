"""The members of an incident in the order in which they came, and everything about the one under the cursor."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical

from ng_tui.client.wire import IncidentView, Symptom
from ng_tui.i18n import ntr, tr
from ng_tui.incidents import kind_of, leading, silence_of_symptom, silenced_text, word_text
from ng_tui.kit.lines import LABEL, Heading, Line, Lines, cut, labelled, rule, wrap
from ng_tui.kit.table import ListTable
from ng_tui.screens.alerts.rows import key_of, member_columns, member_rows
from ng_tui.state import State
from ng_tui.text import fmt_count, fmt_duration, fmt_moment, fmt_number, fmt_time, now_ns, safe

MOST_ROWS = 12
"""Members in sight at most, so that the facts have room."""
FACTS = 8
"""Rows that the facts have use for at least."""


class Members(Vertical):
    """Shows one incident."""

    DEFAULT_CSS = """
    Members { display: none; height: 1fr; }
    Members SymptomFacts { padding-top: 1; }
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.incident: IncidentView | None = None
        self._state = State()
        self._headings = (Heading(self._title), Heading(self._summary))
        self.table = ListTable(member_columns, lambda: tr("It has no members."))
        self._facts = SymptomFacts()

    def compose(self) -> ComposeResult:
        """The title, the numbers, the members, and the facts."""
        yield from self._headings
        yield self.table
        yield self._facts

    def show(self, state: State, incident: IncidentView | None) -> None:
        """Shows an incident, another one with the cursor on its lead; None shows nothing."""
        before = self.incident
        self._state, self.incident = state, incident
        if incident is None:
            return
        self.table.show(member_rows(incident, self._now))
        if before is None or before.number != incident.number:
            self.table.select(key_of(leading(incident)))
        for heading in self._headings:
            heading.redraw()
        self.moved()
        self.share_room()

    def on_resize(self) -> None:
        """Shares another room."""
        self.share_room()

    def moved(self) -> None:
        """The cursor is on another member."""
        self._facts.show(self._state, self.symptom)

    @property
    def symptom(self) -> Symptom | None:
        """The member under the cursor."""
        symptoms = self.incident.symptoms if self.incident is not None else []
        return next((one for one in symptoms if key_of(one) == self.table.cursor_key), None)

    def share_room(self) -> None:
        """Gives the members what they need, and the facts the rest."""
        rows = len(self.incident.symptoms) + 1 if self.incident is not None else 1
        self.table.styles.height = max(2, min(rows, MOST_ROWS, self.size.height - len(self._headings) - FACTS))

    def _title(self, width: int) -> Line:
        one = self.incident
        if one is None:
            return rule(tr("Incident"), "", width)
        name, began = tr("incident {number}", number=one.number), fmt_moment(one.started_ns, now_ns=self._now)
        note = tr("over, began {time}", time=began) if one.is_over else tr("goes on since {time}", time=began)
        return rule(name, note, width, focused=self.table.has_focus)

    def _summary(self, width: int) -> Line:
        text = " · ".join(_numbers(self.incident)) if self.incident is not None else ""
        return cut([(f" {text}", "dim")], width)

    @property
    def _now(self) -> int:
        return now_ns(self._state.metrics)


class SymptomFacts(Lines):
    """Everything about one symptom."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._state = State()
        self._symptom: Symptom | None = None

    def show(self, state: State, symptom: Symptom | None) -> None:
        """Shows a symptom; None shows nothing."""
        self._state, self._symptom = state, symptom
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """The facts from the most to the least important, the keys last."""
        if self._symptom is None:
            return []
        result = facts(self._symptom, self._state, width)
        if len(result) >= height:
            return result[:height]
        keys = tr("enter go to its event and what is around · o events like it · esc close")
        return [*result, *[[(row, "dim")] for row in wrap(keys, width, height - len(result))]]


def facts(symptom: Symptom, state: State, width: int) -> list[Line]:
    """What is known of a symptom."""
    now, room = now_ns(state.metrics), width - LABEL - 1
    result: list[Line] = [[(text, "strong")] for text in wrap(safe(symptom.text), width, 3)]
    told = f"{word_text(kind_of(symptom))}, {symptom.level.value}"
    result += labelled(tr("why"), wrap(safe(symptom.why) or told, room, 2), "warn")
    result += labelled(tr("source"), wrap(safe(symptom.source), room, 2), "")
    times = [_place(tr("first"), symptom.first_seq, symptom.first_ns, now)]
    if symptom.count > 1:
        times.append(_place(tr("latest"), symptom.last_seq, symptom.last_ns, now))
    result += labelled(ntr("{count} event", "{count} events", symptom.count), times, "")
    if symptom.strength:
        result += labelled(tr("strength"), [fmt_number(round(symptom.strength, 2))], "")
    silence = silence_of_symptom(state.incidents, symptom)
    if text := silenced_text(silence, now):
        result += labelled(tr("silenced"), wrap(text, room, 2), "warn")
    return result


def _place(name: str, seq: int, ns: int, now: int) -> str:
    return f"{name} {fmt_time(ns, 'clock', now_ns=now)} #{fmt_count(seq)}"


def _numbers(one: IncidentView) -> list[str]:
    span = max(0, one.last_ns - one.started_ns) / 1e9
    events = ntr("{n} event", "{n} events", one.count, n=fmt_count(one.count))
    parts = [
        tr("{events} within {span}", events=events, span=fmt_duration(span)) if span >= 1 else events,
        ntr("{count} source", "{count} sources", one.sources),
    ]
    if one.times > 1:
        parts.append(tr("came {n} times", n=one.times))
    if one.left_out:
        parts.append(ntr("{count} member left out", "{count} members left out", one.left_out))
    return parts
