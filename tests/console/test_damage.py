"""What is drawn anew is what Textual would draw, and nothing that is covered."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ng_tui.terminal.textual_internals import damage
from tests.console.trial_console import console, settle

Cells = list[tuple[str, object]]


def cells(strip: Strip) -> Cells:
    """A row cell by cell, a wide character as itself and nothing."""
    found: Cells = []
    for text, style, _ in strip:
        for character in text:
            found += [(character, style)] + [("", style)] * (Segment(character).cell_length - 1)
    return found


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5", "question_mark", "exclamation_mark"])
async def test_damage_is_what_textual_would_draw(tmp_path: Path, key: str) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        compositor = app.screen._compositor
        whole = [cells(strip) for strip in compositor.render_strips()]
        chance = random.Random(key)
        for _ in range(40):
            x, y = chance.randrange(120), chance.randrange(40)
            regions = [Region(x, y, chance.randrange(1, 200), chance.randrange(1, 60))]
            regions.append(Region(0, chance.randrange(40), 120, 1))
            wanted = {(row, column) for one in regions for row in one.line_range for column in range(*one.column_span)}
            wanted = {(row, column) for row, column in wanted if row < 40 and column < 120}
            drawn: dict[tuple[int, int], tuple[str, object]] = {}
            for row, column, strip in damage(compositor, regions):
                for place, cell in enumerate(cells(strip), column):
                    assert (row, place) not in drawn, "nothing is drawn twice"
                    drawn[row, place] = cell
            assert drawn == {(row, column): whole[row][column] for row, column in wanted}


async def test_what_is_covered_is_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        asked: list[Widget] = []
        stock = Widget.render_lines

        def render_lines(self: Widget, crop: Region) -> list[Strip]:
            asked.append(self)
            return stock(self, crop)

        monkeypatch.setattr(Widget, "render_lines", render_lines)
        damage(app.screen._compositor, [app._tabs.region])
        assert app.screen not in asked and all(child.is_attached and child is app._tabs for child in asked)
