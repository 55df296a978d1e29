"""What is paused or read stays when it leaves the ring, and rows say what is not in memory."""

from __future__ import annotations

from pathlib import Path

from ng_tui.screens.events.tail import Tail
from tests.console.fake import FakeClient
from tests.console.test_events import SIZE, top_lines, type_filter
from tests.console.trial_console import console, settle, shown


async def test_a_paused_page_stays_when_it_has_left_the_ring(tmp_path: Path) -> None:
    app, client = console(tmp_path, FakeClient(200, capacity=200))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("space", "enter")
        await settle(pilot)
        before, detail = top_lines(shown(app)), app.query_one("#facts").render()
        for _ in range(3):
            client.ring.add(5000)
            await settle(pilot)
        assert top_lines(shown(app)) == before and "PAUSED" in shown(app) and "+15 000 new" in shown(app)
        assert app.query_one("#facts").render() == detail
        await pilot.press("escape", "g")
        await settle(pilot)
        assert app.query_one(Tail).cursor == 1, "all that was there when it was paused can be read"
        await type_filter(pilot, "level>=error")
        await pilot.press("enter")
        await settle(pilot)
        assert app.query_one(Tail).window.state.next_seq == 201 and 0 < app.query_one(Tail).count < 200
        await pilot.press("space")
        await settle(pilot)
        assert app.query_one(Tail).window.state.next_seq == 15_201


async def test_a_reader_goes_on_behind_what_has_left_memory(tmp_path: Path) -> None:
    app, client = console(tmp_path, FakeClient(200, capacity=200))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("k", "k")
        await settle(pilot)
        before, cursor = top_lines(shown(app)), app.query_one(Tail).cursor
        client.ring.add(1200)
        await settle(pilot)
        assert top_lines(shown(app)) == before and app.query_one(Tail).cursor == cursor
        await pilot.press("j", "j", "j")
        await settle(pilot)
        assert "1 000 events have left memory" in shown(app)
        await pilot.press("j")
        await settle(pilot)
        assert app.query_one(Tail).cursor == 1201
        await pilot.press("k")
        await settle(pilot)
        assert "1 200 earlier events are not in memory" in shown(app)
        await pilot.press("G")
        await settle(pilot)
        assert app.query_one(Tail).cursor == 1400
