"""What is said of incidents and silences on the screen and in lists.

Knows nothing of widgets.
"""

from __future__ import annotations

from ng_tui._engine import local_time
from ng_tui.client.wire import (
    EventSilenceTarget,
    FilterSilenceTarget,
    IncidentsView,
    IncidentView,
    Level,
    SilenceSubject,
    SilenceTarget,
    SilenceView,
    Symptom,
    SymptomKind,
)
from ng_tui.i18n import ntr, tr
from ng_tui.text import fmt_count, fmt_until, safe, short_source

NOTES = {
    SymptomKind.SILENCE: ("source.silent", "source"),
    SymptomKind.RATE: ("source.rate", "source"),
    SymptomKind.SESSION: ("session.unusual", "session_source"),
    SymptomKind.OVERDUE: ("pattern.overdue", "pattern_source"),
}
"""Symptoms that the engine tells of in events of its own: their type, and the field that has the source."""

_WORDS = {
    SymptomKind.NEW_ERROR: "error",
    SymptomKind.SILENCE: "silent",
    SymptomKind.OVERDUE: "late",
    SymptomKind.RATE: "rate",
    SymptomKind.SESSION: "odd",
    SymptomKind.ANOMALY: "odd",
}
_WORST = ("fatal", "error", "silent", "late", "rate", "odd")
MORNING = 8
"""The hour at which a silence until tomorrow ends."""


def leading(incident: IncidentView) -> Symptom:
    """The symptom that an incident is named by."""
    return incident.symptoms[min(incident.lead, len(incident.symptoms) - 1)]


def lead_line(incident: IncidentView, room: int | None = None) -> str:
    """The source, in at most `room` cells where that is given, and the text of the lead."""
    lead = leading(incident)
    return f"{_source(lead.source, room)}: {safe(lead.text)}"


def going_on(view: IncidentsView | None) -> list[IncidentView]:
    """The incidents that go on, the latest first."""
    return [one for one in view.incidents if not one.is_over] if view is not None else []


def over(view: IncidentsView | None) -> list[IncidentView]:
    """The incidents that are over, the latest first."""
    return [one for one in view.incidents if one.is_over] if view is not None else []


def kind_of(symptom: Symptom) -> str:
    """One stable word for a symptom: its level where that says most, else what is unusual in it."""
    if symptom.level in (Level.FATAL, Level.ERROR):
        return symptom.level.value
    return _WORDS[symptom.kind]


def worst_of(incidents: list[IncidentView]) -> str:
    """The word of the worst symptom of all; empty without any."""
    found = {kind_of(symptom) for one in incidents for symptom in one.symptoms}
    return next((word for word in _WORST if word in found), "")


def word_text(word: str) -> str:
    """A word of `kind_of` as a person reads it (6 cells)."""
    words = {
        "fatal": tr("fatal"),
        "error": tr("error"),
        "silent": tr("silent"),
        "late": tr("late"),
        "rate": tr("rate"),
        "odd": tr("odd"),
    }
    return words.get(word, word)


def is_grave(word: str) -> bool:
    """It stands out by the colour of errors; the others by that of warnings."""
    return word in ("fatal", "error")


def target_of(symptom: Symptom) -> SilenceTarget:
    """What silences a symptom: the pattern of its events, or what the engine says of its source."""
    if symptom.kind not in NOTES:
        return SilenceTarget(event=EventSilenceTarget(symptom.last_seq))
    topic, field = NOTES[symptom.kind]
    return SilenceTarget(filter=FilterSilenceTarget(f"type:{topic} attr.{field}={quoted(symptom.source)}"))


def filter_of(symptom: Symptom) -> str:
    """The filter that lets the events of a symptom through, and others like them."""
    if symptom.pattern is not None:
        return f"pattern:{symptom.pattern} source={quoted(symptom.source)}"
    target = target_of(symptom).filter
    return target.filter if target is not None else f"is:alert source={quoted(symptom.source)}"


def quoted(text: str) -> str:
    """A text as a value in a filter."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def subject_text(subject: SilenceSubject, room: int | None = None) -> str:
    """What a silence is of; a source in at most `room` cells where that is given."""
    if subject.pattern is not None:
        return f"{_source(subject.pattern.source, room)}: {safe(subject.pattern.text)}"
    if subject.rule is not None:
        return tr("rule {name}", name=safe(subject.rule.rule))
    return tr("what passes {filter}", filter=safe(subject.filter.filter)) if subject.filter is not None else ""


def held_text(view: SilenceView) -> str:
    """What a silence held back, and what it told all the same."""
    held = tr("{n} held back", n=fmt_count(view.held_back))
    if not view.told:
        return held
    unlike = ntr("{n} unlike the rest was told", "{n} unlike the rest were told", view.told, n=fmt_count(view.told))
    return f"{held}, {unlike}"


def silence_of(view: IncidentsView | None, source: str, pattern: int | None) -> SilenceView | None:
    """The silence that holds for a pattern; `source` has passed the sanitiser. None where there is none."""
    if view is None or pattern is None:
        return None

    def is_it(one: SilenceView) -> bool:
        subject = one.silence.subject.pattern
        return one.pattern == pattern and subject is not None and safe(subject.source) == source

    return next((one for one in view.silences if is_it(one)), None)


def silence_of_symptom(view: IncidentsView | None, symptom: Symptom) -> SilenceView | None:
    """The silence that holds for a symptom; None where there is none."""
    target = target_of(symptom).filter

    def is_it(one: SilenceView) -> bool:
        subject = one.silence.subject
        if target is not None:
            return subject.filter is not None and subject.filter.filter == target.filter
        # A pattern that was forgotten is silenced by how the symptom read.
        read = (subject.pattern.source, subject.pattern.text) if subject.pattern is not None else None
        return one.pattern is None and read == (symptom.source, symptom.text)

    found = silence_of(view, safe(symptom.source), symptom.pattern)
    return found or next((one for one in view.silences if is_it(one)), None) if view is not None else None


def silence_of_rule(view: IncidentsView | None, rule: str) -> SilenceView | None:
    """The silence that holds for an alert rule; None where there is none."""

    def is_it(one: SilenceView) -> bool:
        return one.silence.subject.rule is not None and one.silence.subject.rule.rule == rule

    return next((one for one in view.silences if is_it(one)), None) if view is not None else None


def silenced_text(view: SilenceView | None, now_ns: int) -> str:
    """Until when, what it held back, and why; empty without a silence."""
    if view is None:
        return ""
    until = tr("until {time}", time=fmt_until(view.silence.until_ns, now_ns=now_ns))
    reason = f"; {safe(view.silence.reason)}" if view.silence.reason else ""
    return f"{until}; {held_text(view)}{reason}"


def silenced_until(view: SilenceView, now_ns: int) -> str:
    """The state of what is silenced, in a list."""
    return tr("silenced until {time}", time=fmt_until(view.silence.until_ns, now_ns=now_ns))


def seconds_until_morning(now_ns: int) -> int:
    """Seconds until 8 o'clock of tomorrow, in the local zone."""
    now = now_ns // 1_000_000_000
    shown = local_time(now)
    if shown is None:
        return 24 * 3600
    hour, minute, second = shown[3:6]
    wait = (24 + MORNING - hour) * 3600 - minute * 60 - second
    then = local_time(now + wait)
    # Clocks may have been put forward or back by then.
    return wait + (MORNING - then[3]) * 3600 if then is not None else wait


def _source(name: str, room: int | None) -> str:
    return safe(name) if room is None else short_source(safe(name), room)
