"""What is paused or read stays when it leaves the ring, and rows say what is not in memory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ng_tui.client.wire import Detection, Format, Level, Outcome, Record, Scoring
from ng_tui.screens.events.tail import Tail
from tests.console.fake import FakeClient
from tests.console.script import make_record, verdict
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
        assert app.query_one(Tail).windows.memory.state.next_seq == 201 and 0 < app.query_one(Tail).count < 200
        await pilot.press("space")
        await settle(pilot)
        assert app.query_one(Tail).windows.memory.state.next_seq == 15_201


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
        assert "980 events have left memory" in shown(app), "200 lines are held, and 20 samples besides"
        await pilot.press("j")
        await settle(pilot)
        assert app.query_one(Tail).cursor == 1181
        await pilot.press("k")
        await settle(pilot)
        assert "1 180 earlier events are not in memory" in shown(app)
        await pilot.press("G")
        await settle(pilot)
        assert app.query_one(Tail).cursor == 1400


def line(seq: int) -> Record:
    """A line of text."""
    return msgspec.structs.replace(make_record(seq), format=Format.TEXT)


def sample(seq: int) -> Record:
    """A measured value of which nothing was concluded."""
    quiet = Detection(Scoring.SCORED, [], False, False, [], "", pattern=1)
    return msgspec.structs.replace(
        make_record(seq), format=Format.METRIC, level=Level.INFO, detection=quiet, verdict=verdict(Outcome.ADMIT)
    )


async def test_samples_leave_memory_before_lines_do(tmp_path: Path) -> None:
    app, client = console(tmp_path, FakeClient(0, capacity=4000))
    client.ring.add(3000)
    client.ring.add(3000, sample)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("k", "k", "m")
        await settle(pilot)
        before, cursor = top_lines(shown(app)), app.query_one(Tail).cursor
        for _ in range(10):
            client.ring.add(5000, sample)
            await settle(pilot)
        assert top_lines(shown(app)) == before and app.query_one(Tail).cursor == cursor, "what is read stays"
        await pilot.press("G", "g")
        await settle(pilot)
        assert "older samples are not in memory" in shown(app) and "earlier" not in shown(app)
        await pilot.press("j")
        await settle(pilot)
        assert app.query_one(Tail).cursor == 1, "no line has left"


async def test_the_row_of_what_is_missing_is_passed_when_the_very_first_event_is_there(tmp_path: Path) -> None:
    client = FakeClient(0, capacity=2000)
    client.ring.next_seq = 0
    client.ring.add(60, line)
    client.ring.add(6000, sample)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("g")
        await settle(pilot)
        assert "older samples are not in memory" in shown(app) and shown(app).count("▌") == 1
        await pilot.press("j", "j", "j")
        await settle(pilot)
        assert app.query_one(Tail).cursor == 2


async def test_no_row_vanishes_under_the_eyes_of_a_reader(tmp_path: Path) -> None:
    client = FakeClient(0, capacity=4000)
    client.ring.add(3000, lambda seq: line(seq) if seq % 5 == 0 else sample(seq))
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("k", "k")
        await settle(pilot)
        before = top_lines(shown(app))
        client.ring.add(20_000, sample)
        await settle(pilot)
        assert top_lines(shown(app)) == before
        await pilot.press("pagedown")
        await settle(pilot)
        held = client.ring.view("").count_from(3001)
        assert f"{20_000 - held:,} events have left memory".replace(",", " ") in shown(app)


async def test_what_left_behind_held_rows_is_counted_also_where_it_is_little(tmp_path: Path) -> None:
    client = FakeClient(0, capacity=20_000)
    client.ring.add(15_000, line)
    client.ring.add(3000, sample)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("k", "k")
        await settle(pilot)
        client.ring.add(20_000, sample)
        await settle(pilot)
        await pilot.press("pagedown")
        await settle(pilot)
        left = 20_000 - client.ring.view("").count_from(18_001)
        assert left > 9000 and f"{left:,} events have left memory".replace(",", " ") in shown(app)
