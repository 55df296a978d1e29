"""What `score --incidents` prints: the incidents of several files, and how many that is an hour."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from ng_tui.client.wire import IncidentView, Symptom
from ng_tui.i18n import ntr, tr
from ng_tui.text import fmt_count, safe

MOST = 5
"""Symptoms of an incident that are printed besides its lead."""


class Told(msgspec.Struct):
    """What the engine found."""

    events: int
    hours: float
    """From the first event to the last."""
    alerts: int
    incidents: list[IncidentView]


def told(found: bytes, as_json: bool) -> bytes:
    """What is printed of what the engine found, which is JSON."""
    if as_json:
        return found + b"\n"
    result = msgspec.json.decode(found, type=Told)
    lines = [line for incident in result.incidents for line in lines_of(incident)]
    return "\n".join([*map(safe, lines), summary(result), ""]).encode()


def lines_of(incident: IncidentView) -> list[str]:
    """An incident: when and how much, its lead, and what came with it."""
    seconds = (incident.last_ns - incident.started_ns) / 1e9
    head = tr(
        "{time}  incident {number}: {count} in {seconds} s, of {sources}",
        time=utc(incident.started_ns),
        number=incident.number,
        count=tr("{n} symptoms", n=incident.count) if incident.count != 1 else tr("1 symptom"),
        seconds=f"{seconds:.0f}",
        sources=tr("{n} sources", n=incident.sources) if incident.sources != 1 else tr("1 source"),
    )
    lead = incident.symptoms[incident.lead]
    others = [symptom for symptom in incident.symptoms if symptom is not lead]
    more = len(others) - MOST + incident.left_out
    lines = [head, f"  > {symptom_line(lead)}", *(f"    {symptom_line(symptom)}" for symptom in others[:MOST])]
    return [*lines, tr("    and {n} more", n=more)] if more > 0 else lines


def symptom_line(symptom: Symptom) -> str:
    """A symptom in a line."""
    why = f" — {symptom.why}" if symptom.why else ""
    times = f" ({symptom.count}x)" if symptom.count > 1 else ""
    return f"{symptom.kind.value.replace('_', ' ')}, {symptom.source}: {symptom.text}{times}{why}"


def summary(result: Told) -> str:
    """How many were told."""
    count = len(result.incidents)
    each = f"{count / result.hours:.1f}" if result.hours > 0 else "-"
    return ntr(
        "{count} incident in {hours} h, {each} an hour; {alerts} of {events} events alert",
        "{count} incidents in {hours} h, {each} an hour; {alerts} of {events} events alert",
        count,
        hours=f"{result.hours:.2f}",
        each=each,
        alerts=fmt_count(result.alerts),
        events=fmt_count(result.events),
    )


def utc(time_ns: int) -> str:
    """A time in UTC."""
    return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
