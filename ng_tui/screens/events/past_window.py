"""What a reader goes through behind what is in memory: pages of history, with more asked for near either end."""

from __future__ import annotations

from collections import deque
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from itertools import accumulate

from ng_tui.client.interface import Page, PageQuery, Past
from ng_tui.client.wire import RecordDetail, Row
from ng_tui.i18n import tr
from ng_tui.screens.events.window import notice

KEPT_BYTES = 16 << 20
"""Bytes of pages that are kept; what is furthest from the reader is given up first."""
FEWEST = 3
"""Pages that are kept whatever they take."""
NEAR = 100
"""Rows before an end from which on more is asked for."""


class PastWindow:
    """Pages that follow each other. Indices count rows, that of the first says what is before the first event.

    Nothing is here until `tick` says so; where a filter lets little through, that may take many questions.
    """

    def __init__(self, past: Past, filter: str, seq: int | None) -> None:
        """Begins around a place in the stream, which need not be that of an event; None is the oldest."""
        self.filter = filter
        self.pages: deque[Page] = deque()
        self._past = past
        self._seq = seq
        self._under_way: tuple[Future[Page], bool] | None = None
        """What was asked for, and whether it is older than what is here."""
        self._wanted = {True: seq is not None, False: True}
        """More is to be asked for of what is older, and of what is newer."""
        self._lacks = {True: seq is not None, False: True}
        """What came first of what is older, and of what is newer, is still to come."""

    @property
    def is_there(self) -> bool:
        """There is something to go through on both sides, or it is known that there is nothing."""
        has_all = not any(self._lacks.values()) and self.events > 0
        return has_all or (self.is_oldest and self.is_newest)

    @property
    def examined(self) -> float:
        """The part of what is older than the beginning that was looked at, 0 to 1."""
        oldest = self._past.oldest_seq
        if not self.pages or oldest is None or self._seq is None or self._seq <= oldest:
            return 0.0
        return max(0.0, min(1.0, (self._seq - self.pages[0].begin) / (self._seq - oldest)))

    @property
    def oldest_seq(self) -> int:
        """The oldest place in the stream that is held, as far as is known."""
        return self._past.oldest_seq or 0

    @property
    def lead(self) -> int:
        """Rows before the first event."""
        return 1

    @property
    def events(self) -> int:
        """Events that can be gone through at once."""
        return sum(page.count for page in self.pages)

    @property
    def count(self) -> int:
        """All rows."""
        return self.lead + self.events + int(not self.is_newest)

    @property
    def is_oldest(self) -> bool:
        """The first event here is the first of all that pass."""
        return bool(self.pages) and self.pages[0].is_oldest

    @property
    def is_newest(self) -> bool:
        """Behind the last event here there was none that passes."""
        return bool(self.pages) and self.pages[-1].is_newest

    def tick(self) -> bool:
        """Takes in what has come and asks for more; True when there is more than before. Raises ConsoleError."""
        came = False
        if self._under_way is not None and self._under_way[0].done():
            future, is_older = self._under_way
            self._under_way = None
            try:
                page = future.result()
            except CancelledError:
                return False
            came = self._add(page, is_older)
        self.ask()
        return came

    def near(self, top: int, height: int) -> None:
        """The reader is at these rows: more is wanted near an end, and what is far is given up."""
        above, below = self._sizes(top, top + height)
        # Of large events fewer are enough, else what is asked for at one end would drive out what is near the other.
        self._wanted[True] = top < NEAR and above < KEPT_BYTES // 4
        self._wanted[False] = top + height > self.count - NEAR and below < KEPT_BYTES // 4
        self.ask()

    def _sizes(self, top: int, bottom: int) -> tuple[int, int]:
        """Bytes of the pages that lie wholly above some rows, and below them."""
        above, below, begin = 0, 0, self.lead
        for page in self.pages:
            end = begin + page.count
            above += page.size if end <= top else 0
            below += page.size if begin >= bottom else 0
            begin = end
        return above, below

    def give_up(self) -> None:
        """Nothing of what was asked for is wanted any more."""
        if self._under_way is not None:
            self._under_way[0].cancel()
            self._under_way = None

    def rows(self, start: int, count: int) -> list[Row]:
        """Up to `count` rows from an index on."""
        end = min(start + count, self.count)
        found = [self._first_row()] if start < self.lead and end > 0 else []
        begin = self.lead
        for page in self.pages:
            behind = begin + page.count
            if start < behind and begin < end:
                at = max(start, begin)
                found += page.view.rows(at - begin, min(end, behind) - at)
            begin = behind
        if end > begin:
            found.append(notice(self.pages[-1].end if self.pages else 0, 0, tr("later events are being read")))
        return found

    def seq_at(self, index: int) -> int | None:
        """The place in the stream of a row; None past the end."""
        if not self.pages or not 0 <= index < self.count:
            return None
        index -= self.lead
        if index < 0:
            return self.pages[0].begin - 1
        for page in self.pages:
            if index < page.count:
                return page.view.seq_at(index)
            index -= page.count
        return self.pages[-1].end

    def index_of(self, seq: int) -> int:
        """The index of the first row at or after a place in the stream."""
        if not self.pages or seq < self.pages[0].begin:
            return 0
        before = accumulate((page.count for page in self.pages), initial=self.lead)
        for page, begin in zip(self.pages, before, strict=False):
            if seq < page.end:
                return begin + page.view.index_of(max(0, seq))
        return self.lead + self.events

    def has(self, seq: int) -> bool:
        """The event of this place in the stream is here."""
        page = self._page_of(seq)
        return page is not None and page.view.seq_at(page.view.index_of(seq)) == seq

    def detail(self, seq: int) -> RecordDetail | None:
        """Everything about an event that is here; of its neighbours nothing is known."""
        page = self._page_of(seq)
        return page.ring.detail(seq, 0) if page is not None else None

    def _page_of(self, seq: int) -> Page | None:
        return next((page for page in self.pages if page.begin <= seq < page.end), None)

    def _first_row(self) -> Row:
        begins = self.is_oldest
        text = tr("history begins here") if begins else tr("earlier events are being read")
        return notice(self.pages[0].begin - 1 if self.pages else 0, 0, text)

    def ask(self) -> None:
        """Asks for what is wanted, one page at a time."""
        if self._under_way is not None:
            return
        for is_older in (True, False):
            ended = self.is_oldest if is_older else self.is_newest
            if self._wanted[is_older] and not ended:
                self._under_way = self._past.page(self._query(is_older)), is_older
                return

    def _query(self, is_older: bool) -> PageQuery:
        if is_older:
            at = self.pages[0].begin - 1 if self.pages else self._seq
        else:
            at = self.pages[-1].end if self.pages else self._seq
        return PageQuery(self.filter, at, newest_first=is_older)

    def _add(self, page: Page, is_older: bool) -> bool:
        """Takes in a page; True when there is anything else to see than before."""
        self._lacks[is_older] = False
        if not self.pages:
            self.pages.append(page)
        elif is_older:
            self.pages.extendleft(reversed(together(page, self.pages.popleft())))
        else:
            self.pages.extend(together(self.pages.pop(), page))
        while len(self.pages) > FEWEST and sum(one.size for one in self.pages) > KEPT_BYTES:
            if is_older:
                self.pages.pop()
            else:
                self.pages.popleft()
        return page.count > 0 or page.is_oldest or page.is_newest


def together(first: Page, second: Page) -> list[Page]:
    """Two pages that follow each other. One without events becomes a part of the other."""
    if not first.count:
        return [replace(second, begin=first.begin, is_oldest=first.is_oldest)]
    if not second.count:
        return [replace(first, end=second.end, is_newest=second.is_newest)]
    return [first, second]
