"""The Patterns screen on the fake engine: the table, the drawer, the mark, and the way to the events."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot

from ng_tui.app import ConsoleApp
from ng_tui.client.wire import Gauge, SetLearningCommand, Unit
from ng_tui.kit.table import Table
from ng_tui.screens.events.tail import Tail
from ng_tui.screens.patterns.pane import PatternsPane
from tests.console.script import template
from tests.console.trial_console import console, settle, shown


async def opened(pilot: Pilot[int]) -> PatternsPane:
    """The pane, shown and filled."""
    await settle(pilot)
    await pilot.press("5")
    pane = pilot.app.query_one(PatternsPane)
    while "patterns" not in shown(cast(ConsoleApp, pilot.app)):
        await pilot.pause(0.02)
    return pane


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_patterns_are_shown_with_what_stands_around_them(tmp_path: Path, size: tuple[int, int]) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        screen = shown(app)
        assert "everything in memory" in screen and "8 patterns" in screen and "anom. per 1 000" in screen
        assert template(6)[:32] in screen and template(0)[:40] in screen
        assert "75%" in screen and "1.5s session <*> closed" in screen and "nothing yet" in screen
        assert "in all" in screen and "1 234" in screen


async def test_a_mark_counts_from_now_on_and_u_counts_all(tmp_path: Path) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("m")
        assert "since " in shown(app) and "No event of text or JSON since the mark" in shown(app)
        client.ring.add(6)
        await pilot.press("m", "u")
        await settle(pilot)
        assert "everything in memory" in shown(app)


async def test_its_events_are_shown_by_a_filter(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        source, _, pattern = (pane.query_one(Table).cursor_key or "").partition("\n")
        await pilot.press("o")
        await settle(pilot)
        assert app.query_one(Tail).has_focus and f'pattern:{pattern} source="{source}"' in shown(app)


async def test_the_latest_event_is_shown_among_the_others(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        latest = pane._rows[pane.query_one(Table).cursor_key or ""].last_seq
        await pilot.press("J")
        await settle(pilot)
        assert app.query_one(Tail).cursor == latest


async def test_it_counts_while_another_screen_is_shown(tmp_path: Path) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        pane = app._panes.pane("patterns")
        assert isinstance(pane, PatternsPane)
        for count in (200, 206):
            async with asyncio.timeout(10):
                while pane._tally is None or pane._tally.view(1).next_seq <= count:
                    await pilot.pause(0.02)
            client.ring.add(6)
        assert not pane.display


async def test_its_source_is_frozen_and_learns_again(tmp_path: Path) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await opened(pilot)
        source = (pane.query_one(Table).cursor_key or "").partition("\n")[0]
        await pilot.press("z")
        assert client.sent[-1].set_learning == SetLearningCommand(source, learning=False)
        pane.known.modules["intuition_engine"].gauges.append(Gauge(f"frozen: {source}", 1.0, Unit.COUNT))
        pane._show_drawer()
        await pilot.pause()
        assert "The source is frozen" in shown(app)
        await pilot.press("z")
        assert client.sent[-1].set_learning == SetLearningCommand(source, learning=True)
