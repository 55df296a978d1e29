"""When events came, in the lists of the Alerts screen, and rules that another one holds back."""

from __future__ import annotations

from pathlib import Path

import pytest

from ng_tui.alert_rules import firing, held_back_text, state_text
from ng_tui.client.wire import AlertGroup, AlertState, Frame, Timeline
from ng_tui.kit.glyphs import GlyphName, use_glyphs
from ng_tui.options import Options
from ng_tui.screens.alerts.pane import AlertsPane
from ng_tui.screens.alerts.trend import WIDTH, sums, trend
from ng_tui.state import State
from ng_tui.text import fmt_count

from .sample_incidents import incidents
from .sample_state import NOW, alerts, sample_state
from .trial import Trial, screen_text

SECOND = 1_000_000_000


def timeline(*counts: int, seconds: int = 1) -> Timeline:
    return Timeline(NOW, seconds * SECOND, list(counts))


@pytest.mark.parametrize(
    ("counts", "until", "most", "expected"),
    [
        ((3,), 0, 16, [3]),
        ((3, 0, 1), 2, 16, [3, 0, 1]),
        ((3, 0, 1), -60, 16, [3, 0, 1]),
        ((3, 0, 1), 5, 16, [3, 0, 1, 0, 0, 0]),
        (tuple(range(16)), 15, 8, [1, 5, 9, 13, 17, 21, 25, 29]),
        ((3, 0, 1), 63, 16, [4, *[0] * 15]),
        ((3, 0, 1, 0, 2), 64, 16, [6, *[0] * 12]),
        ((3, 1), 10**9, 2, [4, 0]),
    ],
)
def test_bins_that_are_many_share_a_column(counts: tuple[int, ...], until: int, most: int, expected: list[int]) -> None:
    found = sums(timeline(*counts), NOW + until * SECOND, most)
    assert found[: len(expected)] == expected and len(found) <= most
    assert sum(found) == sum(counts), "no event is left out"


@pytest.mark.parametrize(("name", "shown"), [("braille", "⣇⣀⣀⡀"), ("block", "█▁▁▁▁▁▁"), ("ascii", "@......")])
def test_the_chart_is_drawn_with_the_glyphs_of_the_terminal(name: GlyphName, shown: str) -> None:
    use_glyphs(name)
    assert trend(None, NOW) == ""
    assert trend(timeline(5), NOW + 6 * SECOND) == shown


@pytest.mark.parametrize("until", [0, NOW, 2**62])
def test_what_no_honest_engine_says_does_no_harm(until: int) -> None:
    for one in (Timeline(0, 0, [1]), Timeline(-(2**62), -5, []), Timeline(2**62, 1, [2**31] * 16)):
        assert len(trend(one, until)) <= WIDTH


def known() -> State:
    """A state in which an incident and a rule have timelines, and the rule fires while another one does."""
    state, view = sample_state(20), incidents()
    view.incidents[0].timeline = Timeline(NOW - 15 * SECOND, SECOND, [*[1] * 8, *[4] * 8])
    view.silences = []
    state.absorb([Frame(incidents=view)])
    rule = state.alerts[0]
    began = NOW - 7 * SECOND
    rule.groups = [AlertGroup("", AlertState.FIRING, 9, timeline=Timeline(began, SECOND, [8, 0, 0, 0, 0, 0, 0, 1]))]
    rule.inhibited_by, rule.held_back = "node-down", 1200
    return state


@pytest.mark.asyncio
@pytest.mark.parametrize(("size", "has_room"), [((120, 30), True), ((80, 24), False)])
async def test_a_wide_list_has_the_chart_and_a_narrow_one_all_else(size: tuple[int, int], has_room: bool) -> None:
    app = Trial(AlertsPane(Options(state_dir=Path("unused"))), known())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        lines = screen_text(app).splitlines()
        assert ("trend" in lines[1]) == has_room
        assert ("⣀⣀⣀⣀⣿⣿⣿⣿" in lines[2]) == has_room
        assert all(word in lines[1] for word in ("state", "worst", "what", "count", "since"))
        (rule,) = [line for line in lines if "errors: " in line]
        assert rule.lstrip("▌ ").startswith("○ held by node-down error")
        assert f"errors: {fmt_count(1200)} held back" in rule and ("⣇" in rule) == has_room
        assert " 0 rules fire" in lines[0]


def test_a_rule_that_is_held_back_fires_for_nobody_and_says_by_which() -> None:
    rule, other = alerts()[:2]
    assert held_back_text(rule) == "" and firing([rule], None) == [rule]
    rule.inhibited_by, rule.held_back = "node-\x1b[2Jdown", 3
    assert firing([rule], None) == [] and held_back_text(rule) == "3 held back"
    told = state_text(rule, AlertState.FIRING, None, NOW)
    assert told.startswith("held by node-") and "\x1b" not in told
    assert state_text(rule, AlertState.RESOLVED, None, NOW) == "resolved"
    assert state_text(other, AlertState.PENDING, None, NOW) == "pending"
