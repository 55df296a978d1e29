"""What is in memory goes on in history: scrolling, filters, searches, jumps, marks, detail, export, without a seam."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from textual.pilot import Pilot

from ng_tui.client.failures import ConnectionFailed
from ng_tui.screens.events.tail import Tail
from tests.console.past import ScriptedPast, with_history
from tests.console.test_events import SIZE, top_lines, type_filter
from tests.console.trial_console import console, settle, shown


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Presses keys, and waits after each until nothing changes."""
    tail = pilot.app.query_one(Tail)
    for key in keys:
        await pilot.press(key)
        await settle(pilot)
        async with asyncio.timeout(10):
            while tail.windows.past.is_looking and not late(tail):
                await settle(pilot)


def late(tail: Tail) -> bool:
    """Nothing is answered until the test says so."""
    assert isinstance(tail.ring.past, ScriptedPast)
    return tail.ring.past.late


def was_told(pilot: Pilot[int], text: str) -> bool:
    """A notice said it."""
    return any(text in notice.message for notice in pilot.app._notifications)


async def test_up_goes_on_in_history_and_down_comes_back_without_a_seam(tmp_path: Path) -> None:
    client, _ = with_history(2000, 400)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        tail = app.query_one(Tail)
        await press(pilot, "k")
        while tail.windows.past.window is None:
            await press(pilot, "pageup")
            assert tail.cursor is not None
        seen: list[int] = []
        for _ in range(400):
            assert tail.cursor is not None
            if tail.cursor < 1000:
                break
            seen.append(tail.cursor)
            await press(pilot, "up")
        assert seen == list(range(seen[0], seen[0] - len(seen), -1)), "one event after the other"
        assert "↑ history" in shown(app) and "2026-07-28 12:0" in shown(app)
        for _ in range(200):
            if tail.windows.past.window is None:
                break
            await press(pilot, "pagedown")
        assert tail.windows.past.window is None and "reading" in shown(app)
        await press(pilot, "G")
        assert tail.following and tail.cursor == 2000


async def test_g_is_the_oldest_event_of_all(tmp_path: Path) -> None:
    client, past = with_history(2000, 200)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        past.late = True
        before = top_lines(shown(app))
        await press(pilot, "g")
        assert "looking in history" in shown(app) and top_lines(shown(app)) == before
        past.late = False
        past.deliver()
        await settle(pilot)
        assert app.query_one(Tail).cursor == 1 and "history begins here" in shown(app)
        await press(pilot, "L")
        assert app.query_one(Tail).cursor == 2000


async def test_a_look_can_be_ended_and_a_failure_is_told(tmp_path: Path) -> None:
    client, past = with_history(2000, 200)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        past.late = True
        await press(pilot, "g", "escape")
        past.deliver()
        await settle(pilot)
        assert "looking in history" not in shown(app) and app.query_one(Tail).windows.past.window is None
        past.late, past.failure = False, ConnectionFailed("NG-3311", "no answer in time")
        await press(pilot, "g")
        assert was_told(pilot, "no answer in time") and app.query_one(Tail).windows.past.window is None


async def test_a_filter_is_asked_of_history_too(tmp_path: Path) -> None:
    client, past = with_history(3000, 200, most=300)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "~/#(7|1207)$/")
        await press(pilot, "enter")
        assert "No events in memory match; up looks in history." in shown(app)
        await press(pilot, "up")
        assert app.query_one(Tail).cursor == 1207 and "↑ history" in shown(app)
        await press(pilot, "up")
        assert app.query_one(Tail).cursor == 7
        await press(pilot, "F")
        assert app.query_one(Tail).cursor == 7 and app.query_one(Tail).windows.has(8)
        assert all(query.limit <= 200 for query in past.asked)


async def test_a_search_goes_through_history_and_around(tmp_path: Path) -> None:
    client, _ = with_history(3000, 200, most=300)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        tail = app.query_one(Tail)
        await press(pilot, "slash")
        await press(pilot, *"charge", "enter")
        hits = [record.seq for record in client.ring.records if "charge" in record.text]
        newest_first = hits[::-1]
        assert tail.cursor == newest_first[0]
        for expected in newest_first[1:60]:
            await press(pilot, "N")
            assert tail.cursor == expected
        await press(pilot, "g", "n")
        assert tail.cursor == hits[0]
        await press(pilot, "N")
        assert tail.cursor == hits[-1] and was_told(pilot, "went on from the newest")
        await press(pilot, "n")
        assert tail.cursor == hits[0] and was_told(pilot, "went on from the oldest")


async def test_marks_and_detail_work_in_history(tmp_path: Path) -> None:
    client, _ = with_history(3000, 200)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "g", "down", "down", "m", "G", "apostrophe")
        assert app.query_one(Tail).cursor == 3 and app.query_one(Tail).windows.past.window is not None
        await press(pilot, "enter")
        assert "event 3" in shown(app) and "no longer here" not in shown(app)


async def test_what_has_left_memory_while_it_was_read_is_read_on(tmp_path: Path) -> None:
    client, _ = with_history(200, 200)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "k", "k")
        client.ring.add(1200)
        await settle(pilot)
        await press(pilot, "j", "j", "j", "j")
        assert app.query_one(Tail).cursor == 201
        await press(pilot, "j")
        assert app.query_one(Tail).cursor == 202


async def test_a_paused_reader_finds_nothing_newer_in_history(tmp_path: Path) -> None:
    client, past = with_history(600, 200)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "space")
        client.ring.add(600)
        await settle(pilot)
        await press(pilot, "g")
        assert app.query_one(Tail).cursor == 1 and "PAUSED" in shown(app)
        assert past.asked[-1].filter == "seq<601"


async def test_an_export_begins_with_history(tmp_path: Path) -> None:
    client, _ = with_history(2500, 200)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "level>=error")
        await press(pilot, "enter", "ctrl+s")
        for _ in range(100):
            await settle(pilot)
            if not app.pane.tasks.are_running:  # type: ignore[attr-defined]
                break
        written = next(iter(tmp_path.rglob("*.jsonl"))).read_text().splitlines()
        found = [json.loads(line)["seq"] for line in written]
        assert found == [record.seq for record in client.ring.records if record.level.value == "error"]


async def test_nothing_in_history_is_told(tmp_path: Path) -> None:
    client, _ = with_history(3000, 200)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "nowhere")
        await press(pilot, "enter", "up")
        await settle(pilot)
        assert was_told(pilot, "Nothing was found in history") and "No events in memory match" in shown(app)


async def test_a_filter_that_history_has_nothing_of_leads_back_to_memory(tmp_path: Path) -> None:
    client, past = with_history(3000, 200)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "g")
        past.late = True
        await type_filter(pilot, "nowhere")
        assert "Looking in history" in shown(app)
        past.late = False
        past.deliver()
        await press(pilot, "enter")
        await settle(pilot)
        assert was_told(pilot, "Nothing was found in history") and "No events in memory match" in shown(app)
        await press(pilot, "F")
        assert app.query_one(Tail).windows.past.window is None and app.query_one(Tail).count > 0


async def test_a_place_between_those_that_pass_is_the_next_of_them(tmp_path: Path) -> None:
    client, _ = with_history(3000, 200)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "charge")
        await press(pilot, "enter", "g")
        tail = app.query_one(Tail)
        wanted = next(record.seq for record in client.ring.records if record.seq > 1000 and "charge" in record.text)
        tail.go_to(wanted - 1)
        await press(pilot)
        await settle(pilot)
        assert tail.windows.past.window is not None and (row := tail.row()) is not None and row.seq == wanted
