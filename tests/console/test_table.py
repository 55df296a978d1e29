"""The table: what it keeps under the cursor, which columns give way, and how little it repaints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from ng_tui.kit.table import Cell, Column, Row, Table

from .trial import THEME, VARIABLES, screen_text

pytestmark = pytest.mark.asyncio


def columns() -> list[Column]:
    return [
        Column("name", "name", 10),
        Column("rate", "rate", 6, "right"),
        Column("note", "note", 20, drop=2),
        Column("more", "more", 10, drop=1, grow=True),
    ]


def row(key: str, rate: float | None, note: str = "note") -> Row:
    order: float | str = "" if rate is None else rate
    return Row(key, {"name": Cell(key), "rate": Cell(str(rate), "", order), "note": Cell(note), "more": Cell("more")})


class Tables(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.register_theme(THEME)
        self.theme = "trial"
        self.table = Table(columns, lambda: "Nothing here; wait for it.")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return VARIABLES

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def fill(self, rows: Sequence[Row]) -> None:
        self.table.show(rows)


async def test_the_cursor_follows_its_item() -> None:
    app = Tables()
    async with app.run_test(size=(60, 10)) as pilot:
        app.fill([row("a", 1), row("b", 2), row("c", 3)])
        await pilot.press("down", "s", "s")
        assert app.table.sort_key == "rate"
        assert app.table.keys == ["c", "b", "a"]
        assert app.table.cursor_key == "b"
        app.fill([row("a", 9), row("b", 0), row("c", 3)])
        assert app.table.keys == ["a", "c", "b"]
        assert app.table.cursor_key == "b"
        await pilot.pause()
        assert screen_text(app).splitlines()[3].startswith("▌b")


async def test_a_vanished_item_leaves_the_cursor_near() -> None:
    app = Tables()
    async with app.run_test(size=(60, 10)) as pilot:
        app.fill([row("a", 1), row("b", 2), row("c", 3)])
        await pilot.press("G")
        app.fill([row("a", 1), row("b", 2)])
        assert app.table.cursor_key == "b"
        app.fill([])
        assert app.table.cursor_key is None
        await pilot.pause()
        assert "Nothing here" in screen_text(app)


async def test_absent_values_come_last_in_both_directions() -> None:
    app = Tables()
    async with app.run_test(size=(60, 10)) as pilot:
        app.fill([row("a", None), row("b", 2), row("c", 3)])
        await pilot.press(">", ">")
        assert app.table.keys == ["c", "b", "a"]
        await pilot.press("r")
        assert app.table.keys == ["b", "c", "a"]
        await pilot.press("<", "<")
        assert app.table.sort_key is None
        assert app.table.keys == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("width", "shown"), [(60, "name rate note more"), (35, "name rate more"), (19, "name rate"), (9, "name")]
)
async def test_columns_give_way(width: int, shown: str) -> None:
    app = Tables()
    async with app.run_test(size=(width, 6)) as pilot:
        app.fill([row("a", 1)])
        await pilot.pause()
        assert screen_text(app).splitlines()[0].split() == shown.split()


async def test_only_changed_rows_are_repainted(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Tables()
    async with app.run_test(size=(60, 10)) as pilot:
        app.fill([row("a", 1), row("b", 2), row("c", 3)])
        await pilot.pause()
        painted: list[Any] = []
        monkeypatch.setattr(app.table, "refresh", lambda *regions, **_: painted.append(regions))
        app.fill([row("a", 1), row("b", 2), row("c", 3)])
        assert painted == []
        app.fill([row("a", 1), row("b", 7), row("c", 3)])
        assert painted == [(Region(0, 2, 60, 1),)]


async def test_a_long_table_scrolls_with_the_cursor() -> None:
    app = Tables()
    async with app.run_test(size=(60, 6)) as pilot:
        app.fill([row(f"r{index}", index) for index in range(50)])
        await pilot.press("G")
        await pilot.pause()
        lines = screen_text(app).splitlines()
        assert lines[-1].startswith("▌r49")
        assert lines[-1].endswith("┃")
        await pilot.press("g", "pagedown")
        await pilot.pause()
        assert app.table.cursor_key == "r5"


async def test_text_in_square_brackets_is_text() -> None:
    app = Tables()
    async with app.run_test(size=(60, 6)) as pilot:
        app.fill([row("a", 1, "[/foo] user[admin]")])
        await pilot.pause()
        assert "[/foo] user[admin]" in screen_text(app)
