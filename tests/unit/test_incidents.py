"""What is said of incidents and silences: words, targets, and until when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from ng_tui import _engine
from ng_tui.client.wire import (
    EventSilenceTarget,
    FilterSilenceSubject,
    FilterSilenceTarget,
    IncidentsView,
    Level,
    RuleSilenceSubject,
    SilenceSubject,
    SilenceTarget,
    SymptomKind,
)
from ng_tui.incidents import (
    filter_of,
    going_on,
    held_text,
    kind_of,
    lead_line,
    over,
    seconds_until_morning,
    silence_of,
    silence_of_rule,
    silence_of_symptom,
    silenced_text,
    subject_text,
    target_of,
    worst_of,
)
from ng_tui.text import fmt_moment
from tests.console.sample_incidents import APP, SYSLOG, incident, incidents, silences, symptom
from tests.console.sample_state import NOW

HOUR = 3600


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts the process into a time zone."""

    def put(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("kind", "level", "word"),
    [
        (SymptomKind.NEW_ERROR, Level.FATAL, "fatal"),
        (SymptomKind.ANOMALY, Level.FATAL, "fatal"),
        (SymptomKind.NEW_ERROR, Level.ERROR, "error"),
        (SymptomKind.ANOMALY, Level.ERROR, "error"),
        (SymptomKind.SILENCE, Level.WARN, "silent"),
        (SymptomKind.OVERDUE, Level.WARN, "late"),
        (SymptomKind.SESSION, Level.INFO, "odd"),
        (SymptomKind.RATE, Level.WARN, "rate"),
        (SymptomKind.ANOMALY, Level.WARN, "odd"),
    ],
)
def test_one_word_says_what_a_symptom_is(kind: SymptomKind, level: Level, word: str) -> None:
    one = symptom(kind, SYSLOG, "text", level=level)
    assert kind_of(one) == word
    odd = symptom(SymptomKind.ANOMALY, SYSLOG, "text")
    assert worst_of([incident(1, [odd]), incident(2, [odd, one])]) == word


def test_what_goes_on_is_told_apart_from_what_is_over() -> None:
    view = incidents()
    assert [one.number for one in going_on(view)] == [9, 8] and [one.number for one in over(view)] == [7, 6]
    assert going_on(None) == over(None) == [] and worst_of([]) == ""
    assert lead_line(view.incidents[1]) == "host: disk.sda.write 96 MiB/s"


@pytest.mark.parametrize("source", ['a "quoted" name', "back\\slash", "file:/var/log/a b.log"])
@pytest.mark.parametrize("kind", list(SymptomKind))
def test_the_filters_of_a_symptom_are_filters(kind: SymptomKind, source: str) -> None:
    ring = _engine.Ring(100, {}, "UTC")
    for pattern in (None, 17):
        one = symptom(kind, source, "text", pattern=pattern)
        ring.view(filter_of(one))
        if (target := target_of(one).filter) is not None:
            ring.view(target.filter)


def test_what_the_engine_says_of_a_source_is_silenced_for_that_source_alone() -> None:
    overdue = symptom(SymptomKind.OVERDUE, SYSLOG, "backup finished: due 02:10")
    expected = FilterSilenceTarget(f'type:pattern.overdue attr.pattern_source="{SYSLOG}"')
    assert target_of(overdue) == SilenceTarget(filter=expected)
    odd = symptom(SymptomKind.ANOMALY, SYSLOG, "text", count=3, seq=7)
    assert target_of(odd) == SilenceTarget(event=EventSilenceTarget(9)), "the latest is longest in memory"


def test_a_silence_is_found_by_its_pattern_and_its_rule() -> None:
    view = IncidentsView([], 0, silences())
    assert silence_of(view, APP, 17) is view.silences[0]
    for source, pattern in ((SYSLOG, 17), (APP, 18), (APP, None)):
        assert silence_of(view, source, pattern) is None
    assert silence_of(None, APP, 17) is None and silence_of_rule(None, "novel burst") is None
    assert silence_of_rule(view, "novel burst") is view.silences[1] and silence_of_rule(view, "errors") is None


def test_a_symptom_is_silenced_by_its_pattern_its_filter_or_how_it_reads() -> None:
    slow = silences()[0]
    overdue = symptom(SymptomKind.OVERDUE, SYSLOG, "backup finished: due 02:10")
    target = target_of(overdue).filter
    assert target is not None
    by_filter = silences()[1]
    by_filter.silence.subject = SilenceSubject(filter=FilterSilenceSubject(target.filter))
    view = IncidentsView([], 0, [slow, by_filter])
    assert silence_of_symptom(view, symptom(SymptomKind.ANOMALY, APP, "slow query 7 ms", pattern=17)) is slow
    assert silence_of_symptom(view, overdue) is by_filter
    assert silence_of_symptom(view, symptom(SymptomKind.OVERDUE, APP, "other")) is None
    forgotten = symptom(SymptomKind.ANOMALY, APP, "slow query * ms", pattern=99)
    assert silence_of_symptom(view, forgotten) is None, "17 is known, and another"
    slow.pattern = None
    assert silence_of_symptom(view, forgotten) is slow and silence_of_symptom(None, forgotten) is None


def test_a_silence_says_what_it_held_back(in_zone: Callable[[str], None]) -> None:
    in_zone("UTC")
    slow, rule = silences()
    assert held_text(slow) == "12 400 held back, 3 unlike the rest were told" and held_text(rule) == "2 held back"
    slow.told = 1
    assert silenced_text(slow, NOW) == ("until 19:00; 12 400 held back, 1 unlike the rest was told; known since Monday")
    assert silenced_text(rule, NOW) == "until 07-30 12:00; 2 held back" and silenced_text(None, NOW) == ""
    assert subject_text(slow.silence.subject) == f"{APP}: slow query * ms"
    assert subject_text(slow.silence.subject, 12) == "shop/app.log: slow query * ms"
    assert subject_text(SilenceSubject(rule=RuleSilenceSubject("a\x1b[2J"))) == "rule a^[[2J"
    assert subject_text(SilenceSubject(filter=FilterSilenceSubject("cron"))) == "what passes cron"


@pytest.mark.parametrize(
    ("zone", "now", "hours"),
    [
        ("UTC", NOW, 20.0),  # 12:00
        ("UTC", NOW - 10 * HOUR * 10**9, 30.0),  # 02:00: that morning is today's
        ("Asia/Kolkata", NOW, 14.5),  # 17:30
        ("Europe/Berlin", 1_792_836_000 * 10**9, 21.0),  # 2026-10-24 12:00, the day before clocks go back
        ("Europe/Berlin", 1_774_695_600 * 10**9, 19.0),  # 2026-03-28 12:00, the day before they go forward
    ],
)
def test_a_silence_until_tomorrow_ends_at_eight(
    in_zone: Callable[[str], None], zone: str, now: int, hours: float
) -> None:
    in_zone(zone)
    seconds = seconds_until_morning(now)
    assert fmt_moment(now + seconds * 10**9, now_ns=now)[6:] == "08:00"
    assert seconds == hours * HOUR
