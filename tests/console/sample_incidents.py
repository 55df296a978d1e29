"""Incidents and silences as an engine tells them, the same every time."""

from __future__ import annotations

from ng_tui.client.wire import (
    IncidentsView,
    IncidentView,
    Level,
    PatternSilenceSubject,
    RuleSilenceSubject,
    Silence,
    SilenceSubject,
    SilenceView,
    Symptom,
    SymptomKind,
)

from .sample_state import NOW

SECOND = 1_000_000_000
SYSLOG, APP = "file:/var/log/syslog", "file:/var/log/shop/app.log"
OOM = "Out of memory: Killed process 4242 (postgres)"


def symptom(
    kind: SymptomKind,
    source: str,
    text: str,
    *,
    age: int = 40,
    level: Level = Level.WARN,
    pattern: int | None = None,
    count: int = 1,
    seq: int = 90_000,
    why: str = "",
) -> Symptom:
    """A symptom whose first event came `age` seconds before NOW, and the others a second apart."""
    first = NOW - age * SECOND
    last = first + (count - 1) * SECOND
    return Symptom(kind, source, level, count, seq, seq + count - 1, first, last, 6.5, text, why, pattern)


def incident(number: int, symptoms: list[Symptom], *, is_over: bool = False, times: int = 1) -> IncidentView:
    """An incident that its first symptom leads."""
    began, ended = min(one.first_ns for one in symptoms), max(one.last_ns for one in symptoms)
    count, sources = sum(one.count for one in symptoms), len({one.source for one in symptoms})
    return IncidentView(number, began, ended, is_over, times, count, sources, 0, symptoms, 2 * (times > 1))


def silences() -> list[SilenceView]:
    """A pattern of which three were told all the same, and a rule."""
    slow = SilenceSubject(pattern=PatternSilenceSubject(APP, "slow query * ms"))
    rule = SilenceSubject(rule=RuleSilenceSubject("novel burst"))
    began, hour = NOW - 3600 * SECOND, 3600 * SECOND
    return [
        SilenceView(Silence(3, slow, began, NOW + 7 * hour, "alice", "known since Monday"), 12_400, 3, pattern=17),
        SilenceView(Silence(4, rule, began, NOW + 48 * hour, "bob", ""), 2, 0),
    ]


def incidents() -> IncidentsView:
    """Two that go on, one that came twice, and two that are over, of which one was yesterday."""
    killed = [
        symptom(SymptomKind.NEW_ERROR, SYSLOG, OOM, level=Level.FATAL, pattern=142, why="never seen before"),
        symptom(SymptomKind.SILENCE, APP, f"{APP} has been silent for 40 s", age=38, seq=90_050),
        symptom(SymptomKind.ANOMALY, APP, "slow query 812 ms", age=30, pattern=17, count=12, seq=90_060),
    ]
    disk = [symptom(SymptomKind.ANOMALY, "host", "disk.sda.write 96 MiB/s", age=65, pattern=9, seq=41_000)]
    silent = [symptom(SymptomKind.SILENCE, "journald", "journald has been silent for 90 s", age=700, seq=200)]
    backup = [symptom(SymptomKind.OVERDUE, SYSLOG, "backup finished: due 02:10, not seen", age=90_000, seq=100)]
    return IncidentsView(
        [
            incident(9, killed, times=2),
            incident(8, disk),
            incident(7, silent, is_over=True),
            incident(6, backup, is_over=True),
        ],
        9,
        silences(),
    )
