"""The settings form: what is accepted, when it is sent, and the question before a switch."""

from __future__ import annotations

from typing import Any

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.widgets import Input

from ng_tui.client.wire import Kind, ModuleView, Setting, SettingValue
from ng_tui.kit.confirm import Confirm
from ng_tui.screens.modules.setting_values import expectation, next_choice, parse_setting, show_setting
from ng_tui.screens.modules.settings_form import SettingsForm

from .sample_state import HOSTILE, SETTINGS, modules
from .trial import THEME, VARIABLES, screen_text

BY_KEY = {setting.key: setting for setting in SETTINGS}


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("alert_threshold", " 0.75 ", 0.75),
        ("alert_threshold", "1", 1.0),
        ("warmup", "1 000", 1000),
        ("score_text", "off", False),
        ("channel", "level", "level"),
        ("only", "level>=warn", "level>=warn"),
        ("ignore", "a, b ,,c", ["a", "b", "c"]),
        ("ignore", "", []),
    ],
)
def test_accepted(key: str, typed: str, value: SettingValue) -> None:
    assert parse_setting(BY_KEY[key], typed) == value


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("alert_threshold", "1.5"),
        ("alert_threshold", "nan"),
        ("alert_threshold", "inf"),
        ("alert_threshold", ""),
        ("warmup", "12.5"),
        ("warmup", "9"),
        ("warmup", "0x10"),
        ("warmup", "99999999999999999999999"),
        ("score_text", "maybe"),
        ("channel", "none"),
    ],
)
def test_refused_with_what_is_expected(key: str, typed: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        parse_setting(BY_KEY[key], typed)
    assert expectation(BY_KEY[key]) in str(caught.value)


def test_words() -> None:
    assert expectation(BY_KEY["warmup"]) == "a whole number from 10 to 10 000 events"
    assert show_setting(BY_KEY["warmup"], 500) == "500 events"
    assert show_setting(BY_KEY["only"], "") == "every event"
    assert show_setting(BY_KEY["ignore"], []) == "none"
    assert next_choice(BY_KEY["channel"], "rarity", 1) == "all"
    assert next_choice(BY_KEY["channel"], "gone", 1) == "all"


class Forms(App[None]):
    def __init__(self, module: ModuleView) -> None:
        super().__init__()
        self.register_theme(THEME)
        self.theme = "trial"
        self.form = SettingsForm()
        self.module = module
        self.applied: list[dict[str, SettingValue]] = []
        self.closed = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return VARIABLES

    def compose(self) -> ComposeResult:
        yield self.form

    def on_mount(self) -> None:
        self.form.open(self.module)

    @on(SettingsForm.Apply)
    def _apply(self, event: SettingsForm.Apply) -> None:
        self.applied.append(event.values)

    @on(SettingsForm.Closed)
    def _close(self) -> None:
        self.closed += 1


def intuition() -> ModuleView:
    return next(module for module in modules() if module.id == "intuition_engine")


async def clear_and_type(pilot: Any, text: str) -> None:
    pilot.app.query_one(Input).value = ""
    await pilot.press(*["full_stop" if char == "." else char for char in text])


@pytest.mark.asyncio
async def test_changes_are_collected_and_sent_together() -> None:
    app = Forms(intuition())
    async with app.run_test(size=(80, 16)) as pilot:
        await pilot.press("space")
        await clear_and_type(pilot, "0.7")
        await pilot.press("enter")
        assert app.applied == []
        await pilot.press("down", "down", "space", "down", "left")
        await pilot.pause()
        assert app.form.changes == {"alert_threshold": 0.7, "score_text": False, "channel": "rarity"}
        assert "3 changes not applied" in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.applied == [app.form.changes]
        app.module.values = app.module.values | app.form.changes
        app.form.update_module(app.module)
        assert app.form.changes == {}


@pytest.mark.asyncio
async def test_a_wrong_value_is_not_kept() -> None:
    app = Forms(intuition())
    async with app.run_test(size=(80, 16)) as pilot:
        await pilot.press("space")
        await clear_and_type(pilot, "7")
        await pilot.press("enter")
        await pilot.pause()
        assert "! expected a number from 0.5 to 1" in screen_text(app)
        assert app.form.changes == {}
        assert app.focused is app.query_one(Input)
        await pilot.press("escape")
        assert app.closed == 0
        await pilot.press("escape")
        await pilot.pause()
        assert app.closed == 1


@pytest.mark.asyncio
async def test_default_and_marker() -> None:
    app = Forms(intuition())
    async with app.run_test(size=(80, 16)) as pilot:
        await pilot.pause()
        [line] = [line for line in screen_text(app).splitlines() if "warmup" in line]
        assert "◆ 500 events  default 200 events" in line
        await pilot.press("down", "d")
        assert app.form.changes == {"warmup": 200}


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [(80, 9), (60, 8), (44, 5), (20, 3)])
async def test_small_rooms_keep_the_cursor_in_sight(size: tuple[int, int]) -> None:
    app = Forms(intuition())
    async with app.run_test(size=size) as pilot:
        await pilot.press("down", "down", "down", "down", "down")
        await pilot.pause()
        assert "▌ignore" in screen_text(app)


@pytest.mark.asyncio
async def test_foreign_texts_stay_texts() -> None:
    module = intuition()
    module.settings = [Setting("[/x]", Kind.TEXT, HOSTILE, [], "", HOSTILE)]
    module.values = {"[/x]": HOSTILE + "!"}
    app = Forms(module)
    async with app.run_test(size=(80, 16)) as pilot:
        await pilot.pause()
        assert "[/foo]" in screen_text(app)
        assert "\x1b" not in screen_text(app)
        await pilot.press("space")
        await pilot.pause()
        assert app.query_one(Input).value == ""


@pytest.mark.asyncio
@pytest.mark.parametrize(("key", "answer"), [("y", True), ("n", False), ("escape", False)])
async def test_question(key: str, answer: bool) -> None:
    app = Forms(intuition())
    async with app.run_test(size=(80, 24)) as pilot:
        answers: list[bool | None] = []
        app.push_screen(Confirm("Switch [/foo] off?", [HOSTILE, "Used by: a, b."]), answers.append)
        await pilot.pause()
        text = screen_text(app)
        assert "Switch [/foo] off?" in text
        assert "[@click=app.quit]" in text
        await pilot.press("enter")
        assert answers == []
        await pilot.press(key)
        await pilot.pause()
        assert answers == [answer]
