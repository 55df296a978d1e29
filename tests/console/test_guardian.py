"""Guardian's screen: modes that wait for the engine, the explanation, and the ways to the events."""

from __future__ import annotations

import pytest

from ng_tui.client.wire import (
    AlertGroup,
    AlertState,
    Command,
    ErrorCode,
    ErrorFrame,
    Frame,
    Mode,
    ResultFrame,
    SetRuleModeCommand,
)
from ng_tui.kit.table import Table
from ng_tui.screens.guardian.pane import GuardianPane
from ng_tui.state import State

from .sample_incidents import incidents
from .sample_state import NOW, guardian, sample_state
from .trial import Trial, screen_text

pytestmark = pytest.mark.asyncio


def line_of(app: Trial, name: str) -> str:
    return next(line for line in screen_text(app).splitlines() if f" {name} " in line)


def on_row(app: Trial, name: str) -> None:
    app.query(Table).first().select(name)


async def test_shows_counts_rules_and_alerts() -> None:
    app = Trial(GuardianPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert text.splitlines()[0].split() == (
            ["checked", "1", "284", "112", "admitted", "1", "282", "228", "flagged", "1", "872", "rejected", "12"]
        )
        assert "● enforce size_limit" in text
        assert "◐ observe rate_limit" in text
        assert "12s limit 70 112 / 65 536" in line_of(app, "size_limit")
        for word in ("▲ firing", "◔ pending", "✓ resolved", "○ inactive", "1 firing"):
            assert word in text
        for absent in ("version", "trial", "dry", "weight"):
            assert absent not in text.lower()


async def test_groups_of_a_rule_stand_below_it_and_lead_to_their_events() -> None:
    state = sample_state()
    state.alerts[0].groups = [
        AlertGroup("web[1]", AlertState.FIRING, 38, first_seq=90_060, last_seq=90_111),
        AlertGroup("db", AlertState.RESOLVED, 3, first_seq=90_001, last_seq=90_040),
    ]
    state.alerts[1].groups = [AlertGroup("", AlertState.PENDING, 8)]
    app = Trial(GuardianPane(), state)
    async with app.run_test(size=(80, 26)) as pilot:
        await pilot.pause()
        table = app.query(Table).last()
        assert table.keys == ["errors", "errors\0web[1]", "errors\0db", "novel burst", "slow disk", "rejects"]
        assert line_of(app, "web[1]").split()[:4] == ["▲", "firing", "web[1]", "events"]
        assert "✓ resolved" in line_of(app, "db")
        table.focus()
        table.select("errors\0web[1]")
        await pilot.press("J")
        await pilot.pause()
        assert app.jumps[-1].seq == 90_111


async def test_a_rule_that_is_silenced_says_until_when() -> None:
    state = sample_state()
    view = incidents()
    view.silences[1].silence.until_ns = NOW + 3600 * 10**9
    state.absorb([Frame(incidents=view)])
    state.alerts[0].name = "novel burst"
    state.alerts[0].groups = [AlertGroup("db", AlertState.FIRING, 3)]
    state.alerts[0].groups_left_out = 4
    app = Trial(GuardianPane(), state)
    async with app.run_test(size=(80, 26)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert text.count("○ silenced until 13:00") == 3 and "none firing" in text
        assert "+ 4 more" in text
        app.query(Table).last().focus()
        app.query(Table).last().select("\0novel burst")
        await pilot.press("J")
        await pilot.pause()
        assert app.jumps[-1].seq == 90_112


async def test_mode_is_pending_then_confirmed() -> None:
    app = Trial(GuardianPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        on_row(app, "rate_limit")
        await pilot.press("space", "space")
        await pilot.pause()
        assert app.sent == [Command(set_rule_mode=SetRuleModeCommand("rate_limit", Mode.ENFORCE))]
        assert "◌ enforce" in line_of(app, "rate_limit")
        fresh = guardian()
        fresh.rules[2].mode = Mode.ENFORCE
        app.state.absorb([Frame(guardian=fresh), Frame(result=ResultFrame(1))])
        app.pane.present(app.state)
        await pilot.pause()
        assert "● enforce" in line_of(app, "rate_limit")


async def test_a_refusal_rolls_back() -> None:
    app = Trial(GuardianPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        on_row(app, "rate_limit")
        await pilot.press("space")
        await pilot.pause()
        app.state.absorb([Frame(error=ErrorFrame(1, ErrorCode.INTERNAL, "disk full")), Frame(guardian=guardian())])
        app.pane.present(app.state)
        await pilot.pause()
        assert "◐ observe" in line_of(app, "rate_limit")


@pytest.mark.parametrize("size", [(80, 20), (120, 36)])
@pytest.mark.parametrize("key", ["i", "enter"])
async def test_explains(size: tuple[int, int], key: str) -> None:
    app = Trial(GuardianPane(), sample_state())
    async with app.run_test(size=size) as pilot:
        on_row(app, "size_limit")
        await pilot.press(key)
        await pilot.pause()
        text = screen_text(app)
        for word in ("70 112 · 1.07 × the limit", "65 536", "file:/var/log/app.log", "#84 112", "neither scored"):
            assert word in text
        await pilot.press("up")
        await pilot.pause()
        assert "It has not objected to any event" in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "It has not objected" not in screen_text(app)


async def test_ways_to_the_events() -> None:
    app = Trial(GuardianPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press("J")
        on_row(app, "rate_limit")
        await pilot.press("J", "o")
        await pilot.pause()
        assert "No event yet" in app.told[0]
        assert [(jump.seq, jump.filter) for jump in app.jumps] == [(90_007, None), (None, "rule:rate_limit")]
        app.query(Table).last().focus()
        await pilot.press("J", "o", "space", "i")
        await pilot.pause()
        assert app.jumps[-1].seq == 90_112
        assert app.sent == []


async def test_an_event_that_left_the_ring_is_not_promised() -> None:
    state = sample_state()
    assert state.metrics is not None
    state.metrics.ring.first_seq, state.metrics.history = 85_000, None
    app = Trial(GuardianPane(), state)
    async with app.run_test(size=(80, 20)) as pilot:
        on_row(app, "size_limit")
        await pilot.press("J", "i")
        await pilot.pause()
        assert app.jumps == []
        assert "no longer in memory" in app.told[0]
        assert "no longer in memory" in screen_text(app)


@pytest.mark.parametrize("size", [(60, 11), (80, 20), (120, 36), (20, 3)])
async def test_hostile_source(size: tuple[int, int]) -> None:
    app = Trial(GuardianPane(), sample_state(20, hostile=True))
    async with app.run_test(size=size) as pilot:
        on_row(app, "size_limit")
        await pilot.press("i")
        await pilot.pause()
        text = screen_text(app)
        assert "\x1b" not in text
        if size[1] >= 20:
            assert "[/foo]" in text


async def test_empty_state_teaches() -> None:
    app = Trial(GuardianPane(), State())
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press("space", "i", "J", "o", "escape", "s", "r")
        await pilot.pause()
        assert "No rule has been heard of yet" in screen_text(app)
        assert "No alert rule is configured" in screen_text(app)
        assert app.sent == []
