"""The constitution on Guardian's screen: weights with their zones, the trial, and going back."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList

from ng_tui.client.wire import (
    Amendment,
    AmendmentKind,
    Command,
    ConstitutionView,
    Effect,
    Frame,
    ProfileView,
    RollBackCommand,
    StartTrialCommand,
    StopTrialCommand,
    TrialView,
    WeightView,
    Zone,
)
from ng_tui.kit.confirm import Confirm
from ng_tui.screens.guardian.pane import GuardianPane
from ng_tui.state import State

from .sample_state import HOSTILE, NOW, sample_state
from .trial import Trial, screen_text

pytestmark = pytest.mark.asyncio

ONES = [1.0] * 8
WEIGHTS = [
    WeightView("physical", 1.0, Zone.SAFE, 20.0),
    WeightView("sensory", 2.0, Zone.SAFE, 20.0),
    WeightView("motor", 3.0, Zone.SAFE, 20.0),
    WeightView("emotional", 5.0, Zone.SAFE, 20.0),
    WeightView("cognitive", 16.5, Zone.CAUTION, 30.0, 0.604),
    WeightView("social", 16.0, Zone.DANGER, 20.0),
    WeightView("temporal", 21.0, Zone.BEYOND, 20.0),
    WeightView("abstract", 5.0, Zone.SAFE, 50.0),
]


def amendment(version: int, *changes: str, on_trial: bool = False) -> Amendment:
    return Amendment(
        version, on_trial, NOW, "alice", AmendmentKind.WEIGHTS, "creative", ONES, {}, list(changes), None, None, None
    )


def constitution(*, trial: bool = False, version: int = 4, actor: str = "alice") -> ConstitutionView:
    profiles = [
        ProfileView("neutral", "Nothing is weighed.", ONES),
        ProfileView("creative", "Each outweighs the one before.", [1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0]),
    ]
    before, during = Effect(60.0, 12.0, 1.0, 4.0), Effect(48.0, 30.0, 0.0, 2.5)
    running = TrialView(actor, NOW - 48_000_000_000, NOW + 252_000_000_000, "neutral", ONES, before, during)
    return ConstitutionView(
        version,
        "creative",
        WEIGHTS,
        [amendment(version, "cognitive 16.5 → 2", on_trial=True), amendment(version, "cognitive 1 → 16.5")],
        profiles,
        running if trial else None,
    )


def state(view: ConstitutionView) -> State:
    known = sample_state()
    known.absorb([Frame(constitution=view)])
    return known


async def test_shows_version_weights_and_zones() -> None:
    app = Trial(GuardianPane(), state(constitution()))
    async with app.run_test(size=(80, 22)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert "version 4 · creative, changed" in text
        rows = [line.split() for line in text.splitlines() if "physical" in line or "sensory" in line]
        assert [row[0] for row in rows] == ["physical", "sensory"]
        assert rows[0][2:5] == ["1", "safe", "—"] and rows[0][-3:] == ["16.5", "caution", "60%"]
        assert rows[1][-3:] == ["16", "danger", "—"] and "beyond" in text
        assert rows[0][1].count("█") < rows[0][6].count("█")
        assert "trial" not in text.lower()
        assert "▲ firing" in text, "the alert rules keep their place"


async def test_a_trial_counts_down_beside_what_it_does() -> None:
    app = Trial(GuardianPane(), state(constitution(trial=True)))
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert "trial 4m 12s left, then neutral" in text
        assert "rejected 12 → 30/min · anomalies 1 → 0/min · new 4 → 2.5/min · by alice" in text


async def test_a_small_room_keeps_the_title_and_the_trial() -> None:
    app = Trial(GuardianPane(), state(constitution(trial=True)))
    async with app.run_test(size=(80, 16)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert "version 4" in text and "4m 12s left" in text and "physical" not in text
        await pilot.resize_terminal(80, 22)
        await pilot.pause()
        assert "physical" in screen_text(app)


async def test_a_profile_is_tried_for_five_minutes() -> None:
    app = Trial(GuardianPane(), state(constitution()))
    async with app.run_test(size=(80, 22)) as pilot:
        await pilot.press("t")
        await pilot.pause()
        options = app.screen.query_one(OptionList)
        assert options.option_count == 1, "the one in force is not offered"
        assert "neutral: Nothing is weighed." in screen_text(app)
        await pilot.press("escape", "t", "enter")
        await pilot.pause()
        assert app.sent == [Command(start_trial=StartTrialCommand(300, profile="neutral"))]


@pytest.mark.parametrize(("keys", "keep"), [(("enter",), False), (("down", "enter"), True)])
async def test_a_trial_is_kept_or_reverted(keys: tuple[str, ...], keep: bool) -> None:
    app = Trial(GuardianPane(), state(constitution(trial=True, actor=HOSTILE)))
    async with app.run_test(size=(80, 22)) as pilot:
        await pilot.press("R", "t")
        await pilot.pause()
        assert "\x1b" not in screen_text(app)
        await pilot.press(*keys)
        await pilot.pause()
        assert "A trial runs" in app.told[0]
        assert app.sent == [Command(stop_trial=StopTrialCommand(keep=keep))]


@pytest.mark.parametrize(("key", "sent"), [("y", [Command(roll_back=RollBackCommand(3))]), ("n", [])])
async def test_going_back_says_what_is_taken_back(key: str, sent: list[Command]) -> None:
    app = Trial(GuardianPane(), state(constitution()))
    async with app.run_test(size=(80, 22)) as pilot:
        await pilot.press("R")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        text = screen_text(app)
        assert "Take version 3 up again?" in text and "cognitive 1 → 16.5" in text and "→ 2" not in text
        await pilot.press(key)
        await pilot.pause()
        assert app.sent == sent


async def test_without_a_constitution_or_a_version_there_is_nothing_to_do() -> None:
    app = Trial(GuardianPane(), State())
    async with app.run_test(size=(80, 22)) as pilot:
        await pilot.press("t", "R")
        await pilot.pause()
        assert len(app.told) == 2 and all("has not told" in text for text in app.told)
    app = Trial(GuardianPane(), state(constitution(version=0)))
    async with app.run_test(size=(80, 22)) as pilot:
        await pilot.press("R")
        await pilot.pause()
        assert "no version before" in app.told[0]
        assert app.sent == []
