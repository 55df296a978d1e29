"""Buckets of time and the rows drawn from them."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from ng_tui.kit.glyphs import GlyphName, use_glyphs
from ng_tui.kit.raster import bars, buckets, nice_top, traces
from ng_tui.kit.sparkline import sparkline


def test_zero_is_a_dot_and_nothing_is_a_hole() -> None:
    assert sparkline([None, None, 0.0, 0.0, 4.0, 4.0], 3, seconds=6, top=4.0) == [" ⣀⣿"]


@pytest.mark.parametrize(("name", "shown"), [("block", " ▁▄█"), ("ascii", " .=@")])
def test_fallbacks(name: GlyphName, shown: str) -> None:
    use_glyphs(name)
    assert sparkline([None, 0.0, 4.0, 8.0], 4, seconds=4, top=8.0) == [shown]


@pytest.mark.parametrize("name", ["braille", "block", "ascii"])
@pytest.mark.parametrize("width", [1, 2, 7, 40])
@pytest.mark.parametrize("seconds", [1, 59, 60, 61, 3600])
def test_rows_fill_their_width(name: GlyphName, width: int, seconds: int) -> None:
    use_glyphs(name)
    values = [float(index % 17) for index in range(seconds)]
    for sweep in (False, True):
        rows = sparkline(values, width, seconds=seconds, end=1_000_003, height=3, sweep=sweep)
        assert [cell_len(row) for row in rows] == [width] * 3


def test_a_value_never_changes_its_bucket() -> None:
    """One second later every finished column is the same, one place to the left at most."""
    values = [float((second * 7919) % 101) for second in range(1000)]
    before = buckets(values[:900], 50, seconds=300, end=899)
    after = buckets(values[:901], 50, seconds=300, end=900)
    assert after[:-1] in (before[:-1], before[1:])


def test_sweep_redraws_the_pen_only() -> None:
    values = [float((second * 7919) % 101) for second in range(1000)]
    before = buckets(values[:900], 60, seconds=60, end=899, sweep=True)
    after = buckets(values[:901], 60, seconds=60, end=900, sweep=True)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 2


def test_columns_keep_the_greatest() -> None:
    assert buckets([1.0, 9.0, 2.0, 3.0], 2, seconds=4, end=3) == [9.0, 3.0]
    assert buckets([float("nan"), float("inf"), 2.0, None], 2, seconds=4, end=3) == [None, 2.0]


def test_bars_stack_upwards() -> None:
    assert bars([8.0, 8.0, 1.0, 1.0], 2, 8.0) == ["⣿ ", "⣿⣀"]


def test_traces_leave_holes() -> None:
    [row] = traces([[0.0, None, 4.0, 4.0]], 1, 4.0)
    assert [who for _, who in row] == [0, 0]
    [row] = traces([[None, None, 4.0, 4.0]], 1, 4.0)
    assert row[0] == (" ", -1)


@pytest.mark.parametrize(
    ("given", "shown"), [(0, 1.0), (-3, 1.0), (1, 1.0), (1.1, 1.2), (7, 8.0), (812, 1000.0), (0.03, 0.03)]
)
def test_nice_top(given: float, shown: float) -> None:
    assert nice_top(given) == pytest.approx(shown)


def test_binary_top() -> None:
    assert nice_top(1_500_000, binary=True) == 2**21
