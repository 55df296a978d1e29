"""The console looks no more often than somebody reads, and repaints nothing that stands still."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.app import App
from textual.geometry import Region
from textual.widget import Widget

from ng_tui.app import ConsoleApp
from ng_tui.frame import panes, pulse
from ng_tui.frame.pulse import Pulse
from ng_tui.kit.panel import Panel
from ng_tui.screens import SCREENS
from ng_tui.screens.base import Jump
from tests.console.trial_console import console, settle, shown, turn


class Turns:
    """A pulse that is beaten by hand, and what its looks find."""

    def __init__(self) -> None:
        self.found = False
        self.turns = self.glances = 0
        self.pulse = Pulse(App(), self.turn, self.glance)

    def turn(self) -> bool:
        self.turns += 1
        return self.found

    def glance(self) -> bool:
        self.glances += 1
        return self.found

    def looks(self, count: int, found: bool) -> float:
        """The pause after so many looks."""
        self.found = found
        for _ in range(count):
            self.pulse._next.cancel()
            self.pulse._beat()
        return self.pulse.pause


async def test_looks_are_as_many_as_are_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "time", SimpleNamespace(time=lambda: 1000.0))
    one = Turns()
    assert one.looks(1, True) == pulse.TICK
    assert one.looks(pulse.STREAK, True) == pulse.RUN, "what runs is looked at as often as it is drawn"
    assert one.looks(1, False) == pulse.TICK, "what comes now and then is seen at once"
    assert one.looks(pulse.PATIENCE, False) == pulse.REST + pulse.LATE
    assert one.looks(1, True) == pulse.TICK
    one.looks(pulse.STREAK, True)
    one.pulse.wake()
    assert one.looks(pulse.PATIENCE, True) == pulse.TICK, "a key is followed closely, also while events pour in"
    assert one.looks(pulse.STREAK, True) == pulse.RUN
    one.pulse.stop()


async def test_in_the_quiet_all_is_looked_at_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 1000.2
    monkeypatch.setattr(pulse, "time", SimpleNamespace(time=lambda: clock))
    one = Turns()
    assert one.looks(pulse.PATIENCE, False) == pytest.approx(0.3 + pulse.LATE), "the next look is with the clock"
    one.turns = 0
    clock = 1000.5
    assert one.looks(1, False) == pytest.approx(0.5 + pulse.LATE) and (one.turns, one.glances) == (0, 1)
    clock = 1001.0
    one.looks(1, False)
    assert (one.turns, one.glances) == (1, 1)
    clock = 1001.5
    assert one.looks(1, True) == pulse.TICK and (one.turns, one.glances) == (2, 2), "events are looked at at once"
    one.pulse.stop()


async def test_a_key_ends_a_long_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "time", SimpleNamespace(time=lambda: 1000.0))
    one = Turns()
    one.looks(pulse.PATIENCE, False)
    due, loop = one.pulse._next.when(), asyncio.get_running_loop()
    one.pulse.wake()
    assert one.pulse._next.when() < due and one.pulse._next.when() <= loop.time() + pulse.TICK
    one.pulse.stop()


async def test_a_key_in_the_middle_of_a_look_starts_no_second_row_of_them() -> None:
    one = Turns()
    one.looks(pulse.STREAK + 1, True)
    before = one.pulse._next

    def turn() -> bool:
        one.pulse.wake()
        return True

    one.pulse._turn = turn
    one.pulse._beat()
    assert before.cancelled() and one.pulse.pause == pulse.TICK
    waiting = [handle for handle in asyncio.get_running_loop()._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
    assert waiting == [one.pulse._next]
    one.pulse.stop()


async def test_in_the_quiet_nothing_but_the_clock_is_painted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        async with asyncio.timeout(10):
            while len(app._panes.children) < len(SCREENS):  # made in advance
                await pilot.pause(0.02)
        for key in "12345":
            await pilot.press(key)
            await settle(pilot)
            painted = watched(monkeypatch)
            for _ in range(5):
                await turn(pilot)
            assert not painted, f"screen {key}, while the clock stands still"
            app.options = later(app, 1)
            await turn(pilot)
            assert set(painted) == {app._overview}
            monkeypatch.undo()


def watched(monkeypatch: pytest.MonkeyPatch) -> list[Widget]:
    """Gets every widget that is to be painted from now on."""
    painted: list[Widget] = []
    stock = Widget.refresh

    def refresh(self: Widget, *regions: Region, **how: Any) -> Widget:
        painted.append(self)
        return stock(self, *regions, **how)

    monkeypatch.setattr(Widget, "refresh", refresh)
    return painted


def later(app: ConsoleApp, seconds: int) -> Any:
    """The options of the app with a clock that stands so much later."""
    at = app.options.now_ns() + seconds * 1_000_000_000
    return replace(app.options, now_ns=lambda: at)


async def test_a_pane_is_made_when_it_is_shown_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panes, "LATER_S", 1000.0)
    app, _ = console(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert [pane.id for pane in app._panes.children] == ["events"]
        await pilot.press("3")
        await settle(pilot)
        assert "p50" in shown(app) and "not measured yet" not in shown(app), "it knows the state at once"
        assert isinstance(app.focused, Panel) and app.pane in app.focused.ancestors
        await pilot.press("1", "3", "plus")
        await settle(pilot)
        assert [pane.id for pane in app._panes.children] == ["events", "metrics"]


async def test_all_panes_are_made_soon_after_the_start(tmp_path: Path) -> None:
    app, _ = console(tmp_path, screen="guardian")
    async with app.run_test(size=(80, 24)) as pilot:
        async with asyncio.timeout(10):
            while not all(app._panes.pane(entry.id).is_attached for entry in SCREENS):
                await pilot.pause(0.02)
        assert [pane.id for pane in app._panes.children if pane.display] == ["guardian"]


async def test_a_pane_that_comes_on_the_way_out_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panes, "LATER_S", 1000.0)
    app, _ = console(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.exit(129, 129)
        await app._panes._prepare_next()
        await app.action_screen(3)
        await app.on_jump(Jump(seq=1))
        assert [pane.id for pane in app._panes.children] == ["events"]
    assert app.return_code == 129


def test_a_start_imports_no_screen() -> None:
    """Each is imported when it is made."""
    code = "import sys, ng_tui.app; print(*[name for name in sys.modules if name.endswith('.pane')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
