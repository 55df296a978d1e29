"""History behind a ring of the test: all records that were ever added, page by page, as an engine answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

import msgspec

from ng_tui import _engine
from ng_tui.client import answers
from ng_tui.client.interface import Page, PageQuery
from ng_tui.client.past import PagedPast
from ng_tui.client.ring import EngineRing, filter_refused
from ng_tui.client.wire import Frame, Record

from .fake import FakeClient


class ScriptedPast(PagedPast):
    """Answers at once, or with `late` when the test says so. A page looks at `most` records, as an engine does."""

    def __init__(self, records: list[Record], live: EngineRing, *, most: int = 100_000) -> None:
        super().__init__(self._ask, lambda capacity: _engine.Ring(capacity, {}, "UTC"), live)
        self.records = records
        self.asked: list[PageQuery] = []
        self.late = False
        self.failure: Exception | None = None
        self._most = most
        self._waiting: list[Callable[[], None]] = []

    def deliver(self) -> None:
        """Answers what waits."""
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer()

    def answered(self, query: PageQuery) -> answers.Page:
        """What an engine says."""
        first, end = self.records[0].seq, self.records[-1].seq + 1
        if query.newest_first:
            begin = min(query.from_seq if query.from_seq is not None else end, end - 1)
            seqs = range(begin, max(first - 1, begin - self._most), -1)
        else:
            begin = max(query.from_seq if query.from_seq is not None else first, first)
            seqs = range(begin, min(end, begin + self._most))
        passing = {record.seq: record for record in passed(self.records, query.filter)}
        found, at = [], begin
        for at in seqs:
            if at in passing:
                found.append(passing[at])
            if len(found) == query.limit:
                break
        if query.newest_first:
            rest = at - 1 if seqs else begin
            return answers.Page(found, first, next_seq=rest if rest >= first else None, more=rest >= first)
        rest = at + 1 if seqs else begin
        return answers.Page(found, first, next_seq=rest, more=rest < end)

    def _ask(self, query: PageQuery, page_of: Callable[[answers.Page], Page]) -> Future[Page]:
        self.asked.append(query)
        future: Future[Page] = Future()

        def answer() -> None:
            if not future.set_running_or_notify_cancel():
                return
            if self.failure is not None:
                future.set_exception(self.failure)
                return
            try:
                future.set_result(page_of(self.answered(query)))
            except _engine.FilterError as error:
                future.set_exception(filter_refused(error))

        if self.late:
            self._waiting.append(answer)
        else:
            answer()
        return future


def passed(records: list[Record], filter: str) -> list[Record]:
    """Those that the filter lets through."""
    ring = _engine.Ring(4 * len(records) + 4, {}, "UTC")
    ring.append(msgspec.json.encode(Frame(records=records)))
    view = EngineRing(ring).view(filter)
    matched = view.advance(1 << 40).matched
    seqs = {row.seq for row in view.rows(0, matched)}
    return [record for record in records if record.seq in seqs]


def with_history(records: int, capacity: int, *, most: int = 100_000) -> tuple[FakeClient, ScriptedPast]:
    """A client whose ring holds the last of its records, with all of them in history."""
    client = FakeClient(records, capacity=capacity)
    past = ScriptedPast(client.ring.records, client.ring, most=most)
    client.ring.past = past
    return client, past
