"""A line that takes few bytes a second: a key never waits behind more than a piece of what was sent before."""

from __future__ import annotations

import random

from rich.segment import Segment
from textual.strip import Strip

from ng_tui.terminal.pacing import PIECE_S, PIECES, QUESTION, LinkMeter
from tests.console.linked import wrong_cells
from tests.console.test_thin_link import STYLES, Emulator

STEP = 0.005
"""Seconds of the line's own clock that pass at a time."""

Page = list[tuple[int, int, Strip]]


class SlowLine(Emulator):
    """A terminal behind a line that is read no faster than `per_second`, and answers what it has read."""

    def __init__(self, per_second: int) -> None:
        super().__init__(columns=100, rows=30)
        self.waiting, self.before = "", ""
        self.per_second = per_second

    def write(self, text: str) -> None:
        self.waiting += text

    def pass_time(self, seconds: float) -> None:
        """So much is read meanwhile."""
        until = self.now + seconds
        while self.now < until - STEP / 2:
            self.now += STEP
            count = int(STEP * self.per_second)
            came, self.waiting = self.waiting[:count], self.waiting[count:]
            self.stream.feed(came.replace(QUESTION, ""))
            # A question may be cut between two steps.
            for _ in range((self.before[1 - len(QUESTION) :] + came).count(QUESTION)):
                self.link.answered()
            self.before = came


def page(number: int) -> Page:
    """A screen of words in many styles, which says in every row which it is."""
    chance = random.Random(number)

    def row(index: int) -> Strip:
        words = [Segment(f"{chance.randrange(10**6):06d} ", chance.choice(STYLES)) for _ in range(13)]
        return Strip([Segment(f"page {number:02d} ", STYLES[index % 3]), *words]).adjust_cell_length(100, STYLES[0])

    return [(index, 0, row(index)) for index in range(30)]


async def test_a_new_screen_overtakes_the_rest_of_the_one_before() -> None:
    line = SlowLine(20_000)
    line.link.paint(line.size(), iter(page(0)), None)
    line.pass_time(2.0)
    for number in (1, 2):  # Frames by which the line is known.
        line.link.paint(line.size(), iter(page(number)), None)
        line.pass_time(1.0)
    limit = line.link.limit
    assert limit is not None and PIECES[0] <= limit <= 2.0 * PIECE_S * line.per_second
    took = []
    for number in range(10, 30):
        line.link.key()
        line.link.paint(line.size(), iter(page(number)), None)
        began = line.now
        while f"page {number}" not in line.rows()[0]:
            line.pass_time(STEP)
            assert line.now - began < 5.0
        took.append(line.now - began)
        line.pass_time(0.05)
    assert max(took) < 0.2, took
    line.pass_time(3.0)
    assert not wrong_cells(line.screen, [strip.text for _, _, strip in page(29)])
    line.link.close()


async def test_a_frame_under_way_is_finished_before_the_next_begins() -> None:
    line = SlowLine(20_000)
    line.link.paint(line.size(), iter(page(0)), None)
    line.pass_time(2.0)
    for number in (1, 2):
        line.link.paint(line.size(), iter(page(number)), None)
        line.pass_time(1.0)
    seen = set()
    for number in range(10, 40):  # More than the line takes: each would begin anew with the upper rows.
        line.link.paint(line.size(), iter(page(number)), None)
        line.pass_time(0.1)
        seen |= {row[:7] for row in line.rows()[-1:]}
    assert len(seen) > 5, "the last row follows too"
    line.link.close()


def test_the_line_is_measured_beside_what_every_frame_takes() -> None:
    meter = LinkMeter()
    meter.answered(0.45, 8_000)
    meter.answered(0.05, 300)
    assert meter.capacity == 8_000 / 0.4
    far = LinkMeter()
    for size, seconds in ((8_000, 0.26), (300, 0.25), (8_000, 0.26)):
        far.answered(seconds, size)
    assert far.capacity is not None and far.capacity > 10 * PIECES[1] / 1.2, "far away, and wide"
