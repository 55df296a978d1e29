"""The scroll bar of the list of events."""

from __future__ import annotations

from pathlib import Path

from ng_tui.screens.events.tail import Tail
from tests.console.test_events import SIZE
from tests.console.trial_console import console, settle


async def test_a_tail_that_runs_has_no_scroll_bar(tmp_path: Path) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        bar = app.query_one(Tail).vertical_scrollbar

        def looks() -> set[tuple[str, str]]:
            """Texts and backgrounds in the last column of the list."""
            rows = app.screen._compositor.render_strips()[bar.region.y : bar.region.bottom]
            last = [next(iter(row.crop(SIZE[0] - 1))) for row in rows]
            return {(text, str(style.bgcolor) if style else "") for text, style, _ in last}

        client.ring.add(500)
        await settle(pilot)
        assert len(looks()) == 1
        await pilot.press("k")
        await settle(pilot)
        assert len(looks()) > 1
        await pilot.press("G")
        await settle(pilot)
        assert len(looks()) == 1
