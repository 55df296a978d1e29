"""Events that an engine holds, in memory and on disk, a page at a time: what `interface.Past` promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from ng_tui import _engine
from ng_tui.client.interface import Page, PageQuery
from ng_tui.client.ring import EngineRing
from ng_tui.client.wire import Frame, Gap, PatternView, Record, RecordDetail

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ng_tui.client import answers

ROOM = 128
"""Bytes for which a ring has room with each record of its capacity, at least."""


class PastRing(EngineRing):
    """A ring of records that the ring of the engine may have no more; of their patterns it knows what that one does."""

    def __init__(self, ring: _engine.Ring, live: EngineRing) -> None:
        super().__init__(ring)
        self._live = live

    def detail(self, seq: int, neighbours: int) -> RecordDetail | None:
        """Everything about one record. Its template may be absent until it is known; ask again later."""
        detail = super().detail(seq, neighbours)
        pattern = detail.record.detection.pattern if detail is not None else None
        if detail is not None and pattern is not None:
            detail.template = self.template(detail.record.source, pattern, seq)
        return detail

    def template(self, source: str, pattern: int, seq: int) -> str | None:
        """The text of a pattern. A number means the same pattern in all runs of an engine that keeps its events."""
        return self._live.template(source, pattern, max(seq, self._live.run_began))

    def pattern(self, source: str, pattern: int, seq: int) -> PatternView | None:
        """What the engine knows of a pattern."""
        return self._live.pattern(source, pattern, max(seq, self._live.run_began))


class PagedPast:
    """Asks for pages, and makes of each a ring that can be gone through; see `interface.Past`."""

    def __init__(
        self,
        ask: Callable[[PageQuery, Callable[[answers.Page], Page]], Future[Page]],
        new_ring: Callable[[int], _engine.Ring],
        live: EngineRing,
    ) -> None:
        """`ask` has the query answered, and what came made a page of. `new_ring` is an empty ring for so many records;
        `live` is the ring of the engine.
        """
        self.oldest_seq: int | None = None
        self._ask = ask
        self._new_ring = new_ring
        self._live = live

    def page(self, query: PageQuery) -> Future[Page]:
        """Asks for a page."""
        return self._ask(query, lambda found: self._page(query, found))

    def _page(self, query: PageQuery, found: answers.Page) -> Page:
        """What was answered, as the screens go through it. Without a filter, what is missing has rows of its own."""
        self.oldest_seq = found.first_seq
        records, gaps = found.records, [] if query.filter else found.gaps
        if query.newest_first:
            records = records[::-1]
        frames = [msgspec.msgpack.encode(frame) for frame in in_order(records, gaps)]
        size = sum(len(frame) for frame in frames)
        # A ring gives half of its places to samples, and each record of them a little room.
        ring = self._new_ring(2 * (len(records) + len(gaps) + 1) + size // ROOM)
        inlet = _engine.Inlet(ring, "")
        for frame in frames:
            inlet.absorb(frame)
        begin, end = span(query, found)
        past = PastRing(ring, self._live)
        view = past.view("")
        return Page(
            past,
            view,
            count=view.advance(0).matched,
            size=size,
            begin=begin,
            end=end,
            is_oldest=begin <= found.first_seq,
            is_newest=not query.newest_first and not found.more,
        )


def span(query: PageQuery, found: answers.Page) -> tuple[int, int]:
    """The part of the stream that a page was made of: the first place, and that behind the last."""
    seqs = [record.seq for record in found.records]
    if query.newest_first:
        begin = found.next_seq + 1 if found.next_seq is not None else found.first_seq
        end = query.from_seq + 1 if query.from_seq is not None else max(seqs, default=begin - 1) + 1
        return begin, max(begin, end)
    begin = query.from_seq if query.from_seq is not None else found.first_seq
    return begin, max(begin, found.next_seq if found.next_seq is not None else begin)


def in_order(records: list[Record], gaps: list[Gap]) -> list[Frame]:
    """Records, oldest first, and what is missing between them, as an engine tells them."""
    frames: list[Frame] = []
    for gap in sorted(gaps, key=lambda one: one.from_seq):
        before = [record for record in records if record.seq < gap.from_seq]
        records = records[len(before) :]
        frames += [Frame(records=before)] if before else []
        frames.append(Frame(gap=gap))
    return [*frames, Frame(records=records)] if records else frames
