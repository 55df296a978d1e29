"""The detail pane beside the events."""

from __future__ import annotations

import json
from pathlib import Path

from textual.pilot import Pilot

from ng_tui.client.wire import Format, Level, Record
from tests.console.script import make_record
from tests.console.trial_console import console


async def folded(pilot: Pilot[int]) -> str:
    """The facts of the event of the pane, once nothing is left to do."""
    await pilot.pause()
    await pilot.pause()
    return str(pilot.app.query_one("#facts").render())


async def test_another_width_folds_the_facts_anew(tmp_path: Path) -> None:
    shown = {}
    for opened in [(80, 24), (120, 40)]:
        app, _ = console(tmp_path / str(opened[0]))
        async with app.run_test(size=opened) as pilot:
            await pilot.pause()
            await pilot.press("E", "enter")
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
        await pilot.pause()
        await pilot.press("E", "enter")
        facts = await folded(pilot)
    rows = [row.rstrip() for row in facts.splitlines()]
    place = rows.index("request.headers.content_length")
    assert rows[place + 1].strip() == "7"
    assert any(row.split() == ["n", "9"] for row in rows)
