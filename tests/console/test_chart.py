"""Charts fit their room in every set of glyphs."""

from __future__ import annotations

import pytest

from ng_tui.kit.chart import Series, chart
from ng_tui.kit.glyphs import GlyphName, use_glyphs
from ng_tui.kit.lines import Line, line_width


def rows_of(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


WAVE = [float(abs(second % 40 - 20)) for second in range(400)]


@pytest.mark.parametrize("name", ["braille", "block", "ascii"])
@pytest.mark.parametrize("width", [0, 1, 7, 8, 20, 60, 133])
@pytest.mark.parametrize("height", [0, 1, 2, 3, 4, 5, 6, 20])
@pytest.mark.parametrize("count", [1, 3])
def test_fits(name: GlyphName, width: int, height: int, count: int) -> None:
    use_glyphs(name)
    series = [Series(f"s{index}", [value / (index + 1) for value in WAVE]) for index in range(count)]
    for sweep in (False, True):
        lines = chart(series, width, height, seconds=300, end=400, sweep=sweep)
        assert len(lines) <= height
        assert all(line_width(line) <= width for line in lines)


def test_says_when_nothing_was_measured() -> None:
    for values in ([], [None] * 20, [float("nan")]):
        assert any("not measured yet" in row for row in rows_of(chart([Series("x", values)], 40, 6, seconds=60, end=0)))


def test_axes() -> None:
    rows = rows_of(chart([Series("x", WAVE)], 60, 8, seconds=300, end=400))
    assert rows[0].startswith("20┤")
    assert rows[6].startswith(" 0┤")
    assert "5m" in rows[7]
    assert rows[7].endswith("now")


def test_round_top() -> None:
    rows = rows_of(chart([Series("x", [1130.0] * 60)], 60, 8, seconds=60, end=60))
    assert rows[0].startswith("1.2k┤")
    assert rows[3].startswith(" 600┤")


def test_legend_and_colours_by_run() -> None:
    lines = chart(
        [Series("rx", WAVE, "chart-1"), Series("tx", [value / 2 for value in WAVE], "chart-2")],
        60,
        10,
        seconds=300,
        end=400,
    )
    assert rows_of(lines)[0].split() == ["•", "rx", "•", "tx"]
    assert {tag for line in lines[1:] for _, tag in line} == {"dim", "", "chart-1", "chart-2"}


def test_ascii_is_ascii() -> None:
    use_glyphs("ascii")
    series = [Series("rx", WAVE), Series("tx", [value / 2 for value in WAVE])]
    text = "".join(rows_of(chart(series, 60, 10, seconds=300, end=400)))
    assert text.isascii()
    assert {"*", "o"} <= set(text)


def test_a_single_series_is_one_style_per_row() -> None:
    for line in chart([Series("x", WAVE)], 60, 8, seconds=300, end=400)[:-1]:
        assert [tag for _, tag in line] == ["dim", "dim", "chart-1"]
