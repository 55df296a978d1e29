"""The modules screen: switches that wait for the engine, the question before, undo, settings, and small rooms."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from ng_tui.client.wire import Command, ErrorCode, ErrorFrame, Frame, ResultFrame, SetModuleCommand
from ng_tui.kit.confirm import Confirm
from ng_tui.kit.table import Table
from ng_tui.screens.modules import pane as modules_screen
from ng_tui.screens.modules.pane import ModulesPane
from ng_tui.state import State

from .sample_state import modules, sample_state
from .trial import Trial, screen_text

pytestmark = pytest.mark.asyncio


def line_of(app: Trial, name: str) -> str:
    return next(line for line in screen_text(app).splitlines() if f" {name} " in line)


def on_row(app: Trial, name: str) -> None:
    app.query_one(Table).select(name)


async def test_shows_every_module_with_sign_and_word() -> None:
    app = Trial(ModulesPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        assert "! error  gateway" in line_of(app, "gateway")
        assert "● active grid" in line_of(app, "grid")
        assert "○ off    signal_system" in line_of(app, "signal_system")
        assert "—" in line_of(app, "signal_system")
        assert "42s ago: file:/var/log/app.log" in screen_text(app)


async def test_a_switch_is_pending_until_the_engine_shows_it() -> None:
    app = Trial(ModulesPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        on_row(app, "signal_system")
        await pilot.press("space")
        await pilot.pause()
        assert app.sent == [Command(set_module=SetModuleCommand("signal_system", True))]
        assert "◌ on" in line_of(app, "signal_system")
        await pilot.press("space")
        assert len(app.sent) == 1
        app.pane.present(app.state)
        await pilot.pause()
        assert "◌ on" in line_of(app, "signal_system")
        fresh = modules()
        fresh[6].enabled, fresh[6].status = True, fresh[5].status
        app.state.absorb([Frame(modules=fresh), Frame(result=ResultFrame(1))])
        app.pane.present(app.state)
        await pilot.pause()
        assert "● active" in line_of(app, "signal_system")


async def test_a_refusal_rolls_back() -> None:
    app = Trial(ModulesPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        on_row(app, "signal_system")
        await pilot.press("space")
        await pilot.pause()
        app.state.absorb([Frame(modules=modules())])
        app.pane.present(app.state)
        await pilot.pause()
        assert "◌ on" in line_of(app, "signal_system")
        app.state.absorb([Frame(error=ErrorFrame(1, ErrorCode.CONFLICT, "no")), Frame(modules=modules())])
        app.pane.present(app.state)
        await pilot.pause()
        assert "○ off" in line_of(app, "signal_system")


@pytest.mark.parametrize(("key", "sent"), [("y", 1), ("n", 0)])
async def test_dependents_are_named_first(key: str, sent: int) -> None:
    app = Trial(ModulesPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        on_row(app, "intuition_engine")
        await pilot.press("space")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        assert "Used by: action_controller." in screen_text(app)
        assert "Events are not scored" in screen_text(app)
        await pilot.press(key)
        await pilot.pause()
        assert len(app.sent) == sent
        assert ("◌ off" in line_of(app, "intuition_engine")) == bool(sent)


async def test_a_module_without_a_switch_says_why() -> None:
    app = Trial(ModulesPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        on_row(app, "guardian")
        await pilot.press("space")
        await pilot.pause()
        assert app.sent == []
        assert "observe" in app.told[0]


async def test_undo_within_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(modules_screen, "monotonic", lambda: now[0])
    app = Trial(ModulesPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        on_row(app, "action_controller")
        await pilot.press("space")
        now[0] += 9
        await pilot.press("u")
        await pilot.pause()
        assert [command.set_module for command in app.sent] == [
            SetModuleCommand("action_controller", False),
            SetModuleCommand("action_controller", True),
        ]
        await pilot.press("u")
        await pilot.pause()
        assert len(app.sent) == 2
        assert "Nothing was switched" in app.told[0]


async def test_undo_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(modules_screen, "monotonic", lambda: now[0])
    app = Trial(ModulesPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        on_row(app, "action_controller")
        await pilot.press("space")
        now[0] += 11
        await pilot.press("u")
        await pilot.pause()
        assert len(app.sent) == 1


async def test_settings_are_sent() -> None:
    app = Trial(ModulesPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        on_row(app, "intuition_engine")
        await pilot.press("enter", "down", "down", "space", "enter")
        await pilot.pause()
        assert app.sent[0].configure is not None
        assert app.sent[0].configure.module == "intuition_engine"
        assert app.sent[0].configure.values == {"score_text": False}
        await pilot.press("escape")
        await pilot.pause()
        assert app.focused is app.query_one(Table)
        assert "Settings of" not in screen_text(app)


async def test_typing_in_the_form_does_not_switch() -> None:
    app = Trial(ModulesPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        on_row(app, "intuition_engine")
        await pilot.press("enter", "space", "u", "s", "space", "r")
        assert app.query_one(Input).value == "0.99us r"
        assert app.sent == []


@pytest.mark.parametrize("size", [(60, 11), (80, 20), (120, 36), (40, 6), (20, 3)])
async def test_hostile_texts_and_small_rooms(size: tuple[int, int]) -> None:
    app = Trial(ModulesPane(), sample_state(20, hostile=True))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        text = screen_text(app)
        assert "\x1b" not in text
        assert "\u202e" not in text
        if size[0] >= 60:
            assert "[/foo]" in text


@pytest.mark.parametrize("size", [(80, 20), (120, 36)])
async def test_empty_state_teaches(size: tuple[int, int]) -> None:
    app = Trial(ModulesPane(), State())
    async with app.run_test(size=size) as pilot:
        await pilot.press("space", "enter", "u", "s", "r", "j", "k")
        await pilot.pause()
        assert "No module has been heard of yet" in screen_text(app)
        assert app.sent == []


async def test_the_drawer_stands_beside_when_wide() -> None:
    app = Trial(ModulesPane(), sample_state())
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert "gateway" in screen_text(app).splitlines()[0]
        await pilot.resize_terminal(80, 20)
        await pilot.pause()
        assert "gateway" not in screen_text(app).splitlines()[0]
