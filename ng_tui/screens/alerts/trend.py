"""How many events of an incident or of a firing came over time, as a chart in one cell of a list."""

from __future__ import annotations

from ng_tui.client.wire import Timeline
from ng_tui.kit.raster import bars, columns_of, greatest

WIDTH = 8
"""Cells of a chart."""


def trend(timeline: Timeline | None, until_ns: int) -> str:
    """The chart from the first event to `until_ns`, nanoseconds since 1970, UTC; empty without events.

    The column with the most events is full. It is narrower than its cell where there are fewer bins than columns.
    """
    if timeline is None:
        return ""
    columns = sums(timeline, until_ns, columns_of(WIDTH))
    (row,) = bars(columns, 1, greatest([columns]) or 1.0)
    return row


def sums(timeline: Timeline, until_ns: int, most: int) -> list[float]:
    """Events of as many whole bins as make at most `most` columns; the last may have fewer bins."""
    since = max(0, until_ns - timeline.start_ns) // max(1, timeline.bin_ns)
    bins = max(since + 1, len(timeline.counts))
    step = -(-bins // most)
    columns = [0.0] * -(-bins // step)
    for place, count in enumerate(timeline.counts):
        columns[place // step] += count
    return columns
