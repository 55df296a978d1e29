"""The table of columns of Events: every row can be seen, fits, is drawn as wide as it was told, and is explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.style import Style

from ng_tui.client.wire import Level, Outcome, Row, Scoring
from ng_tui.kit.palette import Palette
from ng_tui.kit.worn import Worn
from ng_tui.screens.events.columns import COLUMNS, GUTTER, LEAST_TEXT, Cell, layout
from ng_tui.screens.events.look import COLUMN_SETS, SIGNS, TIME_STYLES, Look
from ng_tui.screens.events.tail_row import draw

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "GLOSSARY.md"

HOSTS = ("alpha", "a host with a long name")
NARROWEST = 60


def row(**values: object) -> Row:
    fields: dict[str, object] = {
        "seq": 7,
        "time_ns": 1_785_240_000_123_000_000,
        "level": Level.INFO,
        "type": "log.web.access",
        "source": "nginx",
        "outcome": Outcome.ADMIT,
        "state": Scoring.SCORED,
        "novelty": 1.2,
        "anomaly": 0.1,
        "is_novel": False,
        "is_alert": False,
        "text": "GET /api/v1/orders 200",
    }
    return Row(**{**fields, **values})  # type: ignore[arg-type]


ROWS = (
    row(),
    row(level=Level.ERROR, is_alert=True, novelty=3.5, more_lines=12, text="x" * 300),
    row(level=Level.WARN, is_novel=True, outcome=Outcome.FLAG, source="alpha/files:/var/log/日本語/a/long/name.log"),
    row(outcome=Outcome.REJECT, source=f"{HOSTS[1]}/日本語", type="日本語." * 12, text="日本語" * 60),
    row(state=Scoring.UNSCORED, level=Level.DEBUG, type="", source="", text=""),
    row(time_ns=0, state=Scoring.LEARNING),
)


def looks(widths: tuple[int, ...]) -> Iterator[Look]:
    """Every set, form of time and number of engines at these widths."""
    for width in widths:
        for columns in range(len(COLUMN_SETS)):
            for style in TIME_STYLES:
                for hosts in ((), HOSTS[:1], HOSTS):
                    yield Look(width, columns, style, hosts=hosts)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_every_column_can_be_seen(column: object) -> None:
    """In each of its sets there is a screen on which it stands; a column of no set would be drawn never."""
    (found,) = [one for one in COLUMNS if one is column]
    assert found.widths and set(found.widths) <= set(COLUMN_SETS)
    for columns, name in enumerate(COLUMN_SETS):
        shown = [one for one, _ in layout(Look(200, columns, hosts=HOSTS))]
        assert (found in shown) == (name in found.widths)


def test_the_table_is_sound() -> None:
    names = [column.name for column in COLUMNS]
    assert len(names) == len(set(names))
    order = [column.gives_way for column in COLUMNS if column.gives_way]
    assert len(order) == len(set(order)), "two columns cannot leave at the same time"
    assert set(COLUMNS[-1].widths) == set(COLUMN_SETS) and not COLUMNS[-1].gives_way


def test_columns_fit_the_narrowest_screen() -> None:
    """What stands on a screen is as wide as the screen, and leaves the text room to be read."""
    for look in looks((NARROWEST, 63, 64, 80, 99, 100, 110, 130, 200)):
        found = layout(look)
        assert sum(width + 1 for _, width in found) + GUTTER - 1 == look.width
        # Beside whole dates nothing is left that could give way.
        least = 18 if look.time_style == "iso" else LEAST_TEXT
        assert found[-1][0] is COLUMNS[-1] and found[-1][1] >= least, look
        if look.width == 80 and look.time_style != "iso" and not look.hosts:
            assert found[-1][1] >= 40, look


def test_columns_give_way_in_their_order() -> None:
    """Whatever the width, no column that gives way earlier stands where a later one had to leave."""
    for look in looks(tuple(range(20, 100))):
        shown = [column for column, _ in layout(look)]
        wanted = [one for one in COLUMNS if (width := one.widths.get(COLUMN_SETS[look.columns])) and width(look)]
        left = [column.gives_way for column in wanted if column not in shown]
        assert 0 not in left
        assert all(column.gives_way > max(left) for column in shown if column.gives_way and left)


def test_every_cell_is_as_wide_as_it_was_told() -> None:
    palette = Palette({})
    for name, signs in SIGNS.items():
        for look in looks((NARROWEST, 80, 110, 140)):
            look = Look(look.width, look.columns, look.time_style, glyphs=name, hosts=look.hosts)
            for one in ROWS:
                cell = Cell(one, one.time_ns - 5_000_000, (), look, palette, signs)
                for column, width in layout(look):
                    drawn = cell_len("".join(segment.text for segment in column.draw(cell, width)))
                    if column is COLUMNS[-1]:
                        assert drawn <= width, (column.name, one, look)
                    else:
                        assert drawn == width + 1, (column.name, one, look)
                assert draw(one, None, look, palette, (), Worn(Style.null())).cell_length == look.width


def test_the_glossary_lists_every_column() -> None:
    table = GLOSSARY.read_text().partition("## Columns of Events")[2]
    listed = re.findall(r"^\| `(\w+)` \| (.+) \| ((?:`\w+` ?)+) \|$", table, re.M)
    assert listed == [
        (column.name, column.shows, " ".join(f"`{name}`" for name in COLUMN_SETS if name in column.widths))
        for column in COLUMNS
    ]
