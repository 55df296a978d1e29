"""The Alerts screen: what stands first, the members of an incident, and how things are silenced and judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from ng_tui.client.interface import Link, LinkState
from ng_tui.client.wire import (
    AlertGroup,
    AlertState,
    Command,
    EventSilenceTarget,
    ExpireSilenceCommand,
    Feedback,
    FeedbackSubject,
    FeedbackView,
    FilterSilenceTarget,
    Frame,
    GiveFeedbackCommand,
    IncidentsView,
    Role,
    RuleSilenceSubject,
    RuleSilenceTarget,
    Silence,
    SilenceCommand,
    SilenceSubject,
    SilenceTarget,
    SilenceView,
    UndoFeedbackCommand,
)
from ng_tui.connection import RemoteEngine
from ng_tui.kit.confirm import Confirm
from ng_tui.kit.table import Table
from ng_tui.options import Options
from ng_tui.screens.alerts.ask_silence import AskSilence
from ng_tui.screens.alerts.pane import AlertsPane
from ng_tui.state import State

from .sample_incidents import APP, SYSLOG, incidents
from .sample_state import HOSTILE, NOW, sample_state
from .trial import Trial, screen_text

pytestmark = pytest.mark.asyncio

SIZES = [(80, 20), (120, 36)]
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def _utc(utc: None) -> None:
    """The clocks of the screen are those of UTC."""


def known(view: IncidentsView | None = None, **more: bool) -> State:
    """A state with incidents."""
    state = sample_state(20, **more)
    state.absorb([Frame(incidents=view or incidents())])
    return state


def trial(state: State | None = None, **options: object) -> Trial:
    return Trial(AlertsPane(Options(state_dir=Path("unused"), **options)), state or known())  # type: ignore[arg-type]


async def on_row(pilot: Pilot[None], key: str, table: str = "incidents") -> None:
    """Puts the cursor on a row and gives it the keys."""
    found = pilot.app.query_one(f"#{table}", Table)
    found.select(key)
    found.focus()
    await pilot.pause()


def places(text: str, *words: str) -> list[int]:
    """The rows in which the words stand first."""
    rows = text.splitlines()
    return [next(place for place, row in enumerate(rows) if word in row) for word in words]


@pytest.mark.parametrize("size", SIZES)
async def test_what_goes_on_stands_before_what_is_over(size: tuple[int, int]) -> None:
    app = trial()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert text.splitlines()[0].split("  ")[0] == " 2 go on"
        rows = places(text, "syslog: Out of memory", "disk.sda", "errors:", "novel burst", "journald:", "backup")
        assert rows == [2, 3, 4, 5, 6, 7] and places(text, "slow disk:") == [8]
        assert "rejects" not in text, "a rule that is inactive is nothing to look at"
        lines = text.splitlines()
        for row, words in (
            (2, "▲ goes on fatal"),
            (4, "▲ firing error"),
            (5, "○ silenced until 07-3… warn"),
            (6, "✓ over silent"),
        ):
            assert " ".join(lines[row].lstrip("▌ ").split()).startswith(words), lines[row]
        # 12:00:00 is now; the time of another day has its date.
        assert "11:59:20" in lines[2] and "07-27 11:00" in lines[7]
        assert "12 402 held back, 3 unlike the rest were told" in text
        assert "app.log: slow query *" in text and "known since" in text
        assert ("ended" in lines[1]) == (size[0] > 100)


def with_groups(count: int, left_out: int = 0) -> State:
    """A state in which the first rule fires for several groups."""
    state = known()
    rule = state.alerts[0]
    rule.groups = [
        AlertGroup(f"web[{n}]", AlertState.FIRING, 40 - n, first_seq=90_050 + n, last_seq=90_100 + n, since_ns=NOW)
        for n in range(count)
    ]
    rule.groups_left_out = left_out
    return state


async def test_groups_stand_below_their_rule_and_more_are_opened() -> None:
    app = trial(with_groups(8, left_out=7))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        lines = screen_text(app).splitlines()
        (rule,) = places(screen_text(app), "errors: when")
        assert lines[rule + 1].split()[:3] == ["▲", "firing", "web[0]"] and " 40 " in lines[rule + 1]
        assert "web[4]" in lines[rule + 5] and "+ 10 more groups" in lines[rule + 6]
        await on_row(pilot, "group errors\0web[3]")
        await pilot.press("J", "enter", "s", "enter")
        await on_row(pilot, "more errors")
        await pilot.press("enter")
        await pilot.pause()
        text = screen_text(app)
        assert "web[7]" in text and "+ 7 more groups" in text
        await on_row(pilot, "more errors")
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert "+ 10 more groups" in screen_text(app) and "the number of the others" in app.told[-1]
        assert [jump.seq for jump in app.jumps] == [90_053, 90_053]
        assert app.sent == [Command(silence=SilenceCommand(SilenceTarget(rule=RuleSilenceTarget("errors")), 3600))]


async def test_what_is_silenced_says_until_when_and_fires_no_more() -> None:
    state = with_groups(2)
    assert state.incidents is not None
    rule = SilenceSubject(rule=RuleSilenceSubject("errors"))
    state.incidents.silences.append(SilenceView(Silence(5, rule, NOW, NOW + 3600 * 10**9, "alice", ""), 0, 0))
    app = trial(state)
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert text.count("○ silenced until 13:00") == 3, "the rule and its groups"
        assert " 0 rules fire" in text.splitlines()[0]


async def test_the_members_begin_at_the_lead_and_one_cursor_is_marked() -> None:
    view = incidents()
    view.incidents[0].lead = 2
    app = trial(known(view))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        marked = [line for line in screen_text(app).splitlines() if line.startswith("▌")]
        assert len(marked) == 2 and "incident 9" in marked[0] and "slow query" in marked[1]


@pytest.mark.parametrize("size", [*SIZES, (60, 11)])
async def test_empty_state_teaches(size: tuple[int, int]) -> None:
    state = State()
    app = trial(state)
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter", "s", "m", "x", "J", "o", "minus", "U", "escape")
        await pilot.pause()
        assert "Nothing has been heard yet." in screen_text(app)
        state.absorb([Frame(incidents=IncidentsView([], 0, []))])
        app.pane.present(state)
        await pilot.pause()
        text = " ".join(screen_text(app).split())
        assert "errors that are new" in text and "Nothing has to be configured for it" in text
        assert "Silences" not in text and app.sent == []


@pytest.mark.parametrize("size", SIZES)
async def test_enter_shows_the_members_in_order(size: tuple[int, int]) -> None:
    app = trial()
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        text = screen_text(app)
        assert "incident 9" in text and "goes on since 11:59:20" in text
        assert "14 events within 21s · 2 sources · came 2 times · 2 members left out" in text
        oom, silent, slow = places(text, "11:59:20.000 ◆ fatal", "11:59:22.000   silent", "11:59:30.000   odd")
        assert (silent, slow) == (oom + 1, oom + 2)
        assert ("backup" in text) == (size[1] > 30), "a low screen has room for the members alone"
        assert "why          never seen before" in text and "first 11:59:20.000 #90 000" in text
        await pilot.press("down", "down")
        await pilot.pause()
        text = screen_text(app)
        assert "latest 11:59:41.000 #90 071" in text
        assert "silenced     until 19:00; 12 400 held back, 3 unlike the rest" in text
        await pilot.press("escape")
        await pilot.pause()
        assert "incident 9" not in screen_text(app) and "backup" in screen_text(app)


async def test_an_incident_that_is_forgotten_closes() -> None:
    app = trial()
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press("enter")
        view = incidents()
        app.state.absorb([Frame(incidents=IncidentsView(view.incidents[1:], 9, view.silences))])
        app.pane.present(app.state)
        await pilot.pause()
        assert "incident 9" not in screen_text(app) and "disk.sda" in screen_text(app)


async def test_ways_to_the_events() -> None:
    app = trial()
    assert app.state.metrics is not None
    app.state.metrics.history = None
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press("J", "o", "enter", "down", "enter", "o", "escape")
        await on_row(pilot, "rule errors")
        await pilot.press("enter", "o")
        for key in ("incident 8", "incident 7"):
            await on_row(pilot, key)
            await pilot.press("J")
        await pilot.pause()
        silent = f'type:source.silent attr.source="{APP}"'
        assert [jump.filter or jump.seq for jump in app.jumps] == [
            *(90_000, f'pattern:142 source="{SYSLOG}"', 90_050, silent),
            *(90_112, 90_112),
        ]
        assert app.told == ["Event 41 000 is no longer in memory.", "Event 200 is no longer in memory."]


async def test_the_latest_event_is_shown_where_the_first_is_gone() -> None:
    app = trial()
    assert app.state.metrics is not None
    kept, app.state.metrics.history = app.state.metrics.history, None
    app.state.metrics.ring.first_seq = 90_070
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press("enter", "down", "down", "J")
        await pilot.pause()
        assert [jump.seq for jump in app.jumps] == [90_071]
        app.state.metrics.history = kept
        await pilot.press("J")
        await pilot.pause()
        assert [jump.seq for jump in app.jumps] == [90_071, 90_060], "history has the first"


IS_SILENT = f'type:source.silent attr.source="{APP}"'
SILENCED: list[tuple[str, tuple[str, ...], SilenceTarget]] = [
    ("incident 9", (), SilenceTarget(event=EventSilenceTarget(90_000))),
    (
        "incident 9",
        ("enter", "down"),
        SilenceTarget(filter=FilterSilenceTarget(IS_SILENT)),
    ),
    ("rule errors", (), SilenceTarget(rule=RuleSilenceTarget("errors"))),
]


@pytest.mark.parametrize(("row", "keys", "target"), SILENCED)
async def test_s_asks_for_how_long_and_why(row: str, keys: tuple[str, ...], target: SilenceTarget) -> None:
    app = trial()
    async with app.run_test(size=(80, 24)) as pilot:
        await on_row(pilot, row)
        await pilot.press(*keys, "s")
        await pilot.pause()
        text = screen_text(app)
        times = ("▌ 1 hour, until 13:00:00", "8 hours, until 20:00:00", "until tomorrow 08:00", "7 days, until 08-04")
        assert all(words in text for words in times)
        await pilot.press("escape", "s", *"known [b]", "down", "down", "down", "up", "enter")
        await pilot.pause()
        assert app.sent == [Command(silence=SilenceCommand(target, 20 * 3600, "known [b]"))]
        await pilot.press("s", "enter")
        await pilot.pause()
        assert app.sent[1:] == [Command(silence=SilenceCommand(target, 3600, None))]
        assert not isinstance(app.screen, AskSilence)


async def test_a_reason_is_as_long_as_the_engine_takes() -> None:
    app = trial()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s")
        await pilot.pause()
        app.screen.query_one(Input).value = "x" * 200
        await pilot.press("y", "enter")
        await pilot.pause()
        (sent,) = app.sent
        assert sent.silence is not None and sent.silence.reason == "x" * 200


async def test_m_mutes_for_a_day_after_one_question() -> None:
    app = trial()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter", "m")
        await pilot.pause()
        assert isinstance(app.screen, Confirm) and "Out of memory" in screen_text(app)
        await pilot.press("n", "m", "y")
        await pilot.pause()
        target = SilenceTarget(event=EventSilenceTarget(90_000))
        assert app.sent == [Command(silence=SilenceCommand(target, DAY, None))]
        await pilot.press("down", "down", "m")
        await pilot.pause()
        assert len(app.sent) == 1 and app.told[-1].startswith("It is silenced until 19:00; 12 400 held back")


async def test_a_silence_is_ended_where_it_stands() -> None:
    app = trial()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("x")
        await on_row(pilot, "4", "silences")
        await pilot.press("s", "m", "minus", "J", "enter", "x")
        await pilot.pause()
        assert app.sent == [Command(expire_silence=ExpireSilenceCommand(4))]
        assert app.told[0] == "Go to a silence with tab; x ends it."
        app.state.absorb([Frame(incidents=IncidentsView(incidents().incidents, 9, []))])
        app.pane.present(app.state)
        await pilot.pause()
        assert "Silences" not in screen_text(app)


async def test_the_lead_and_a_member_are_judged() -> None:
    subject = FeedbackSubject(source=APP, subject="slow query * ms", offset=0.98, latest=7, pattern=17)
    app = trial()
    app.state.absorb([Frame(feedback=FeedbackView(3.6, [subject], []))])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("minus", "U", "enter", "down", "down", "plus", "U", "escape")
        await on_row(pilot, "rule errors")
        await pilot.press("minus")
        await pilot.pause()
        assert app.sent == [
            Command(give_feedback=GiveFeedbackCommand(90_000, Feedback.FALSE_ALARM)),
            Command(give_feedback=GiveFeedbackCommand(90_071, Feedback.ACK)),
            Command(undo_feedback=UndoFeedbackCommand(7)),
        ]
        assert app.told[0] == "There is no feedback on this pattern." and "Feedback is on anomalies" in app.told[1]


async def test_what_cannot_be_done_says_why() -> None:
    app = trial()
    app.state.link = Link(LinkState.LIVE, role=Role.VIEWER)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s", "m", "minus", "U")
        await on_row(pilot, "3", "silences")
        await pilot.press("x")
        await pilot.pause()
        assert app.sent == [] and app.told == ["the role viewer does not have the right steer"] * 5
        assert "read only" in screen_text(app)


async def test_events_of_several_engines_have_other_numbers_of_patterns() -> None:
    app = trial(remote_engines={name: RemoteEngine(local=False) for name in ("one", "two")})
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("o")
        await pilot.pause()
        assert app.jumps == [] and "several engines" in app.told[0]


@pytest.mark.parametrize("size", [(60, 11), (80, 20), (120, 36), (20, 3)])
async def test_hostile_texts_are_shown_as_they_are(size: tuple[int, int]) -> None:
    view = incidents()
    for one in view.incidents[0].symptoms:
        one.source, one.text, one.why = HOSTILE, HOSTILE, HOSTILE
    silence = view.silences[0].silence
    silence.reason, silence.actor = HOSTILE, HOSTILE
    assert silence.subject.pattern is not None
    silence.subject.pattern.source = silence.subject.pattern.text = HOSTILE
    app = trial(known(view, hostile=True))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        texts = [screen_text(app)]
        await pilot.press("enter")
        await pilot.pause()
        texts.append(screen_text(app))
        await pilot.press("s")
        await pilot.pause()
        texts.append(screen_text(app))
        await pilot.press("escape", "m")
        await pilot.pause()
        texts.append(screen_text(app))
        assert not any("\x1b" in text or "\u202e" in text for text in texts)
        if size[1] >= 20:
            assert all("[/foo]" in text for text in texts)
