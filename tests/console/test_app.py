"""The frame around the screens: tabs, footer, help, palette, notices, sizes, keys, idle."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import msgspec
import pytest
from textual._styles_cache import StylesCache
from textual.events import Key

from ng_tui import keymap
from ng_tui.app import ConsoleApp
from ng_tui.client.wire import Command, Frame, IncidentsView, Level, Notice, SetModuleCommand
from ng_tui.errors import ConsoleError
from ng_tui.frame.overview import Overview
from ng_tui.frame.tabs import TabBar
from ng_tui.kit.confirm import Confirm
from ng_tui.kit.lines import Line
from ng_tui.screens import SCREENS
from ng_tui.screens.base import Jump, Send
from ng_tui.screens.events.pane import EventsPane
from ng_tui.screens.events.tail import Tail
from ng_tui.state import Series, State
from ng_tui.terminal import type_ahead
from ng_tui.terminal.capabilities import Capabilities
from tests.console.sample_incidents import incidents
from tests.console.sample_state import alerts, metrics
from tests.console.trial_console import console, events, settle, shown

SIZE = (80, 24)


async def test_keys_choose_screens_and_never_disturb_typing(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for key, title in (("2", "[2 Modules]"), ("]", "[3 Metrics]"), ("[", "[2 Modules]"), ("1", "[1 Events]")):
            await pilot.press({"]": "right_square_bracket", "[": "left_square_bracket"}.get(key, key))
            await settle(pilot)
            assert title in shown(app)
        await pilot.press("f", "2", "question_mark", "colon")
        await settle(pilot)
        assert "[1 Events]" in shown(app) and "2?:" in shown(app)


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (120, 40)])
async def test_nothing_overflows(tmp_path: Path, size: tuple[int, int]) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        lines = shown(app).split("\n")
        assert len(lines) == size[1] and all(len(line) == size[0] for line in lines)
        assert "events 550/s" in lines[0] and "^q Quit" in lines[-1] and "live" in lines[-2]
        assert any("charge failed" in line for line in lines)


async def test_too_small_says_what_it_needs(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=(50, 12)) as pilot:
        await settle(pilot)
        assert "too small, need 60x15" in shown(app)
        await pilot.resize_terminal(60, 15)
        await settle(pilot)
        assert "too small" not in shown(app) and "live" in shown(app)


async def test_help_palette_and_notices(tmp_path: Path) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        await settle(pilot)
        assert "Freeze the view" in shown(app)
        await pilot.press("escape", "colon", *"freeze the", "enter")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.5)
        assert app.query_one(Tail).windows.frozen_at is not None
        client.queue.append(Frame(notice=Notice(0, Level.WARN, "gateway", "source lost: \x1b]52;c;x\x07")))
        await settle(pilot)
        await pilot.press("exclamation_mark")
        await settle(pilot)
        assert "gateway: source lost: ^[]52;c;x^G" in shown(app)


async def test_notices_wait_while_a_window_is_open(tmp_path: Path) -> None:
    app, client = console(tmp_path)

    def notice(number: int) -> None:
        client.queue.append(Frame(notice=Notice(0, Level.ERROR, "engine", f"notice {number}")))

    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        notice(0)
        await settle(pilot)
        await pilot.pause()
        assert "engine: notice 0" in shown(app)
        app.push_screen(Confirm("Mute for 24 hours?", ["a reason"]))
        for number in range(1, 5):
            notice(number)
        await settle(pilot)
        assert "Mute for 24 hours?" in shown(app) and "notice" not in shown(app)
        await pilot.press("n")
        await settle(pilot)
        await pilot.pause()
        assert [f"engine: notice {number}" in shown(app) for number in range(1, 5)] == [False, True, True, True]
        assert [notice.text for notice in app.notices][-4:] == [f"notice {number}" for number in range(1, 5)]


async def test_escape_goes_back_to_where_a_jump_came_from(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("escape", "6")
        await settle(pilot)
        app.post_message(Jump(filter="level>=error"))
        await settle(pilot)
        await pilot.press("enter", "escape")
        await settle(pilot)
        assert "[1 Events]" in shown(app), "the detail is closed first"
        await pilot.press("escape")
        await settle(pilot)
        assert "[6 Alerts]" in shown(app)
        app.post_message(Jump(filter="level>=error"))
        await settle(pilot)
        await pilot.press("2", "1", "escape")
        await settle(pilot)
        assert "[1 Events]" in shown(app), "who went on is not taken back"


async def test_a_remapped_key_works_and_is_shown(tmp_path: Path) -> None:
    app, _ = console(tmp_path, keys={"events.pause": "p,f5", "app.screen_2": "f2"})
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert "p Pause" in shown(app)
        await pilot.press("space")
        assert app.query_one(Tail).windows.frozen_at is None
        await pilot.press("f5")
        assert app.query_one(Tail).windows.frozen_at is not None
        await pilot.press("p", "f2")
        await settle(pilot)
        assert app.query_one(Tail).windows.frozen_at is None and "[2 Modules]" in shown(app)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"events.pause": "f"}, ("events.pause", "events.filter")),
        ({"events.mark": "1"}, ("events.mark", "app.screen_1")),
        ({"app.help": "space"}, ("app.help", "modules.toggle", "events.pause", "guardian.mode")),
        ({"app.help": "question_mark,ctrl+q"}, ("app.help", "app.quit")),
        ({"events.puase": "p"}, ("events.puase", "events.pause")),
        ({"events.mark": "ctrl+a"}, ("events.mark", "ctrl+a")),
        ({"events.mark": ""}, ("events.mark",)),
    ],
)
def test_a_clash_names_both(keys: dict[str, str], words: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(ConsoleError) as caught:
        console(tmp_path, keys=keys)
    text = str(caught.value)
    assert words[0] in text and (len(words) == 1 or any(word in text for word in words[1:]))


def test_keys_under_a_window_do_not_clash_with_its_own() -> None:
    """`?` opens the help and closes it; but what comes first comes first there too."""
    assert not keymap.faults({"confirm.yes": "?", "window.close": "1,escape"})
    found = "\n".join(str(one) for one in keymap.faults({"window.close": "ctrl+q", "confirm.yes": "ctrl+z"}))
    assert "app.quit" in found and "app.suspend" in found


async def test_windows_close_by_the_keys_of_the_table(tmp_path: Path) -> None:
    app, _ = console(tmp_path, keys={"window.close": "x"})
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        await settle(pilot)
        assert len(app.screen_stack) == 2
        await pilot.press("escape")
        await settle(pilot)
        assert len(app.screen_stack) == 2, "the key was given away"
        await pilot.press("x")
        await settle(pilot)
        assert len(app.screen_stack) == 1


def test_the_table_is_sound() -> None:
    keymap.check({})
    ids = [row.id for row in keymap.ACTIONS]
    assert len(ids) == len(set(ids))
    assert all(row.short and row.help.endswith(".") for row in keymap.ACTIONS)


async def test_every_binding_with_an_id_is_in_the_table(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        known = {row.id: row for row in keymap.ACTIONS}
        for node in [app, *app.query("*")]:
            for key, binding in node._bindings:
                if binding.id:
                    keys = {one.key for row in [known[binding.id]] for one in keymap.bindings_of(row)}
                    assert key in keys and known[binding.id].action == binding.action, binding
            for _, binding in node._bindings:
                name = binding.action.split("(")[0].removeprefix("screen.").removeprefix("app.")
                if binding.id:
                    assert hasattr(node, f"action_{name}"), binding


async def test_ctrl_q_quits_while_typing(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("f", "x", "ctrl+q")
        await pilot.pause()
    assert app.return_value == 0


async def test_ctrl_q_does_not_wait_behind_keys_that_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = console(tmp_path)
    monkeypatch.setattr(type_ahead, "PATIENCE", 3600.0)
    monkeypatch.setattr(type_ahead.TypeAhead, "_climb", lambda *_: None)  # No key comes back.
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for key in ("j", "k", "ctrl+q"):
            app.post_message(Key(key, None))
        async with asyncio.timeout(20):
            while app.return_value is None:
                await asyncio.sleep(0)
    assert app.return_value == 0


async def test_commands_and_jumps_of_screens(tmp_path: Path) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        client.refuse = True
        app.pane.post_message(Send(Command(set_module=SetModuleCommand("grid", False))))
        await pilot.pause()
        await settle(pilot)
        assert len(client.sent) == 1 and not app.state.pending and "not allowed [bold]here[/]" in app.notices[-1].text
        await pilot.press("3")
        app.pane.post_message(Jump(seq=57, filter="level>=warn"))
        await settle(pilot)
        assert isinstance(app.pane, EventsPane) and app.query_one(Tail).cursor == 57


async def test_events_are_taken_in_while_another_screen_is_shown(tmp_path: Path) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("2")
        client.ring.add(5)
        await settle(pilot)
        assert app.pane.id == "modules" and events(app).viewing.last.matched == 205


async def test_idle_draws_nothing(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        while not all(app._panes.pane(entry.id).is_attached for entry in SCREENS):
            await pilot.pause(0.05)
        await pilot.pause(0.5)
        drawn: list[object] = []
        display = ConsoleApp._display

        def count(self: ConsoleApp, screen: object, renderable: object) -> None:
            drawn.append(renderable)
            display(self, screen, renderable)  # type: ignore[arg-type]

        try:
            ConsoleApp._display = count  # type: ignore[method-assign, assignment]
            await pilot.pause(0.6)
        finally:
            ConsoleApp._display = display  # type: ignore[method-assign]
        assert [one for one in drawn if one is not None] == []


async def test_every_glyph_set_and_theme_draws(tmp_path: Path) -> None:
    for capabilities in (Capabilities(glyphs="ascii", colour=False, monochrome=True), Capabilities(glyphs="block")):
        app, _ = console(tmp_path, capabilities=capabilities)
        async with app.run_test(size=SIZE) as pilot:
            await settle(pilot)
            text = shown(app)
            assert app.theme == ("ansi-dark" if not capabilities.colour else "night")
            if capabilities.glyphs == "ascii":
                await pilot.press("k", "k", "space", "enter")
                await settle(pilot)
                text += shown(app)
                assert text.isascii(), [char for char in text if not char.isascii()]
                await pilot.press("question_mark")
                await settle(pilot)
                assert shown(app).isascii()
                await pilot.press("escape")
            for _ in range(6):
                await pilot.press("ctrl+t")
                await settle(pilot)


def test_a_rate_is_a_mean_over_ten_seconds() -> None:
    state = State()
    assert state.mean("events") is None
    state.series["events"] = Series([500.0, *[27.0, 0.0] * 5])
    assert state.mean("events") == 13.5
    state.series["events"].extend([None])
    assert state.mean("events") == 12.0, "what was not measured does not count"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_number_with_more_digits_moves_no_other(width: int) -> None:
    def heads(events: float, novel: int) -> list[int]:
        shown = msgspec.structs.replace(metrics(0), novel_per_min=novel)
        overview = Overview()
        overview.present(State(metrics=shown, series={"events": Series([events])}), 0, label="embedded")
        [line] = overview.lines(width, 1)
        text = "".join(part for part, _ in line)
        return [text.find(name) for name in ("events", "new", "reject", "dropped", "incidents", "alerts")]

    assert heads(0.0, 0) == heads(999.4, 99_999) == heads(1234.0, 7)


def strip(width: int, view: IncidentsView | None, *, dropped: int = 0, lost_at: float | None = None) -> Line:
    """The first line of the screen with these incidents."""
    overview, shown = Overview(), msgspec.structs.replace(metrics(0), dropped=dropped)
    state = State(metrics=shown, incidents=view, alerts=alerts(), series={"events": Series([800.0])}, lost_at=lost_at)
    overview.present(state, 45_296_000_000_000, label="embedded")
    [line] = overview.lines(width, 1)
    return line


def test_the_first_line_says_how_many_incidents_go_on_and_what_the_worst_is() -> None:
    two, odd = incidents(), incidents()
    over = IncidentsView(two.incidents[2:], 9, [])
    odd.incidents = odd.incidents[1:]
    for view, expected, tag in (
        (two, "2 incidents fatal", "bad"),
        (odd, "1 incident odd", "warn"),
        (over, "0 incidents", ""),
        (None, "— incidents", ""),
    ):
        line = strip(120, view)
        text = "".join(part for part, _ in line)
        assert f"  {expected}  " in text and "alerts 1" in text
        assert (expected.split()[0], tag) in line
    assert ("2", "dim") in strip(120, two, lost_at=1.0), "no longer of now"


def test_incidents_and_rules_that_fire_are_seen_on_a_narrow_screen() -> None:
    text = "".join(part for part, _ in strip(78, incidents()))
    assert all(word in text for word in ("events 800/s", "new 6/min", "2 incidents fatal", "alerts 1", "12:34"))
    assert "dropped" not in text
    text = "".join(part for part, _ in strip(78, incidents(), dropped=7))
    assert all(word in text for word in ("events 800/s", "dropped 7", "2 incidents fatal", "alerts 1"))
    text = "".join(part for part, _ in strip(58, incidents()))
    assert all(word in text for word in ("events 800/s", "2 incidents fatal"))


@pytest.mark.parametrize("width", [58, 78])
def test_the_tab_that_is_shown_has_its_name_at_any_width(width: int) -> None:
    tabs = TabBar([entry.title for entry in SCREENS])
    for place, entry in enumerate(SCREENS):
        tabs._active = place
        text = "".join(part for part, _ in tabs.lines(width, 1)[0])
        assert f"[{place + 1} {entry.title}]" in text and len(text.rstrip()) <= width
        assert all(str(number + 1) in text for number in range(len(SCREENS)))


def test_a_series_keeps_an_hour() -> None:
    series = Series([None, 1.5])
    assert series.last(5) == [None, 1.5] and len(series) == 2
    series.extend(float(second) for second in range(10_000))
    assert len(series) == 3600 and series.last(2) == [9998.0, 9999.0] and series.last(9999)[0] == 6400.0


async def test_what_is_closed_is_let_go(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)

        def drawn() -> int:
            gc.collect()
            return sum(type(one) is StylesCache for one in gc.get_objects())

        await pilot.press(*"234561", "question_mark", "escape")
        await settle(pilot)
        before = drawn()
        for _ in range(10):
            await pilot.press("question_mark", "escape")
        await settle(pilot)
        assert drawn() <= before + 2, "windows are drawn anew, and those before are gone"
