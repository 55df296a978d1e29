"""What a reader goes through: the rows of a view, and rows that say what of the stream is not in memory."""

from __future__ import annotations

from collections.abc import Callable

from ng_tui.client.interface import View
from ng_tui.client.wire import Level, Outcome, Row, Scoring, ViewState
from ng_tui.i18n import ntr, tr
from ng_tui.text import fmt_count

NOTICE = "memory"
"""The type of a row that stands for events which are not in memory."""
EXAMINED = 65_536
"""Records of what is held that are examined in one turn, after the filter was changed."""


class Window:
    """A view with its latest state. Indices count rows, those that say what is missing among them."""

    def __init__(self, view: View, state: ViewState, reads_on: Callable[[int], bool] = lambda first_seq: False) -> None:
        """`reads_on`: before this place in the stream there may be events that history has."""
        self.view = view
        self.state = state
        self._reads_on = reads_on
        self._lost = 0

    @property
    def lead(self) -> int:
        """Rows before the first event: one when events were there before it."""
        state = self.state
        return int(state.matched > 0 and (state.earlier + state.thinned > 0 or self._reads_on(state.first_seq)))

    @property
    def events(self) -> int:
        """Events that can be gone through."""
        return self.state.matched

    @property
    def count(self) -> int:
        """All rows."""
        return self.lead + self.state.matched + int(self._lost > 0)

    def update(self, state: ViewState) -> None:
        """The view was advanced."""
        self.state = state

    def hold(self, filter: str | None = None) -> Window:
        """What is here now, for good, through the same filter or another. Raises FilterError."""
        view = self.view.hold(filter)
        return Window(view, view.advance(0), self._reads_on)

    def examine(self) -> bool:
        """Examines more of what is held; False when all of it has been."""
        if self.state.scanned_from <= self.state.first_seq:
            return False
        self.state = self.view.advance(EXAMINED)
        return True

    def covers(self, seq: int) -> bool:
        """An event of this place in the stream would be here."""
        return self.state.first_seq <= seq < self.state.next_seq

    def knows(self, seq: int) -> bool:
        """What passes the filter from this place in the stream on is here."""
        return max(self.state.first_seq, self.state.scanned_from) <= seq < self.state.next_seq

    def lose(self, live: Window) -> None:
        """Says behind the last event how many came after it and have left memory since."""
        came = live.state.recorded - self.state.recorded
        self._lost = max(0, came - live.view.count_from(self.state.next_seq))

    def outlives(self, seqs: list[int], live: Window) -> bool:
        """Some of these events are here, and have left memory."""
        first, scanned = live.state.first_seq, live.state.scanned_from
        gone = (seq for seq in seqs if seq < first or (seq >= scanned and not live.has(seq)))
        return any(self.has(seq) for seq in gone)

    def rows(self, start: int, count: int) -> list[Row]:
        """Up to `count` rows from an index on."""
        end = min(start + count, self.count)
        first, last = self.lead, self.lead + self.state.matched
        found = []
        if start < first and end > 0:
            found.append(notice(self._before, self.state.earlier + self.state.thinned, self._missing()))
        if start < last and end > first:
            begin = max(start, first)
            found += self.view.rows(begin - first, min(end, last) - begin)
        if end > last:
            text = ntr("{n} event has left memory", "{n} events have left memory", self._lost, n=fmt_count(self._lost))
            found.append(notice(self.state.next_seq, self._lost, text))
        return found

    def seq_at(self, index: int) -> int | None:
        """The place in the stream of a row; None past the end."""
        if 0 <= index < self.lead:
            return self._before
        if index == self.lead + self.state.matched < self.count:
            return self.state.next_seq
        return self.view.seq_at(index - self.lead) if index >= self.lead else None

    def index_of(self, seq: int) -> int:
        """The index of the first row at or after a place in the stream."""
        if self.lead and seq <= self._before:
            return 0
        return self.lead + self.view.index_of(max(0, seq))

    def has(self, seq: int) -> bool:
        """The event of this place in the stream is here."""
        return self.view.seq_at(self.view.index_of(max(0, seq))) == seq

    def _missing(self) -> str:
        """What is not in memory: events before the first, and samples anywhere between."""
        earlier, samples = self.state.earlier, self.state.thinned
        events = ntr("{n} earlier event", "{n} earlier events", earlier, n=fmt_count(earlier))
        thinned = ntr("{n} older sample", "{n} older samples", samples, n=fmt_count(samples))
        parts = [text for text, count in ((events, earlier), (thinned, samples)) if count]
        if self._reads_on(self.state.first_seq):
            return tr("up goes on in history")
        what = tr(" and ").join(parts)
        return ntr("{what} is not in memory", "{what} are not in memory", earlier + samples, what=what)

    @property
    def _before(self) -> int:
        """The place of the row before the first event: of none that was, though samples left from behind the first."""
        return self.state.first_seq - 1


def notice(seq: int, missing: int, text: str) -> Row:
    """A row that stands for events which are not here."""
    return Row(
        seq=seq,
        time_ns=0,
        level=Level.INFO,
        type=NOTICE,
        source="",
        outcome=Outcome.ADMIT,
        state=Scoring.UNSCORED,
        novelty=0.0,
        anomaly=0.0,
        is_novel=False,
        is_alert=False,
        gap=missing,
        text=text,
    )
