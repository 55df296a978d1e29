"""The detail pane beside the events."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from tests.console.trial_console import console, settle


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
            await pilot.press("E")
            await settle(pilot)
            await pilot.press("enter")
            for size in [(80, 24), (120, 40)]:
                await pilot.resize_terminal(*size)
                shown[opened, size] = await folded(pilot)
    assert all("event 195" in facts for facts in shown.values())
    for size in [(80, 24), (120, 40)]:
        assert shown[(80, 24), size] == shown[(120, 40), size]
    assert shown[(80, 24), (80, 24)] != shown[(80, 24), (120, 40)]
