"""The detail pane beside the events."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from textual.pilot import Pilot

from ng_tui.client.wire import Format, Level, Record
from tests.console.script import make_record
from tests.console.trial_console import console, settle, shown


async def folded(pilot: Pilot[int]) -> str:
    """The facts of the event of the pane, once nothing is left to do."""
    await settle(pilot)
    return str(pilot.app.query_one("#facts").render())


async def test_another_width_folds_the_facts_anew(tmp_path: Path) -> None:
    shown = {}
    for opened in [(80, 24), (120, 40)]:
        app, _ = console(tmp_path / str(opened[0]))
        async with app.run_test(size=opened) as pilot:
            await settle(pilot)
            await pilot.press("E", "enter")
            async with asyncio.timeout(10):
                while "event 195" not in await folded(pilot):
                    pass
            for size in [(80, 24), (120, 40)]:
                await pilot.resize_terminal(*size)
                shown[opened, size] = await folded(pilot)
    assert all("event 195" in facts for facts in shown.values())
    for size in [(80, 24), (120, 40)]:
        assert shown[(80, 24), size] == shown[(120, 40), size]
    assert shown[(80, 24), (80, 24)] != shown[(80, 24), (120, 40)]


async def test_a_long_path_is_not_cut(tmp_path: Path) -> None:
    def nested(seq: int) -> Record:
        made = make_record(seq)
        made.format, made.level = Format.JSON, Level.ERROR
        made.raw = json.dumps({"message": made.text, "request": {"headers": {"content_length": 7, "id": 8}}, "n": 9})
        return made

    app, client = console(tmp_path)
    client.ring.add(2, nested)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        facts = await folded(pilot)
    rows = [row.rstrip() for row in facts.splitlines()]
    place = rows.index("request.headers.content_length")
    assert rows[place + 1].strip() == "7"
    assert any(row.split() == ["n", "9"] for row in rows)


async def test_an_event_of_several_lines_says_how_many_and_shows_them(tmp_path: Path) -> None:
    def trace(seq: int) -> Record:
        record = make_record(seq)
        record.level, record.format, record.text = Level.ERROR, Format.TEXT, "order failed " * 9 + "at last"
        record.raw = record.text + "\n\tat shop.Cart.pay(Cart.java:17)\nCaused by: no \x1b[31mmoney"
        return record

    app, client = console(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        client.ring.add(1, trace)
        await settle(pilot)
        assert "… ⏎ 2" in shown(app)
        await pilot.press("enter")
        await settle(pilot)
        facts = str(app.query_one("#facts").render())
        assert "at shop.Cart.pay(Cart.java:17)\n" in facts
        assert "Caused by: no ^[[31mmoney\n" in facts
