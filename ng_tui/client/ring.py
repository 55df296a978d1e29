"""The ring of the Rust engine, decoded: what `interface.Ring` and `interface.View` promise."""

from __future__ import annotations

import time

import msgspec

from ng_tui import _engine
from ng_tui.client.interface import Past
from ng_tui.client.wire import PatternView, RecordDetail, Row, TallyView, ViewState
from ng_tui.errors import FilterError

FRESH_S = 30.0
"""Age up to which the text of a pattern is not asked for again, seconds."""
MOST_TEMPLATES = 20_000
"""Texts of patterns that are remembered."""
SLOW_S = 0.1
"""Time for an answer after which the engine counts as busy, seconds."""
PAUSE_S = 5.0
"""Time for which a busy engine is not asked about patterns, seconds."""

_rows = msgspec.msgpack.Decoder(list[Row])
_state = msgspec.msgpack.Decoder(ViewState)
_detail = msgspec.msgpack.Decoder(RecordDetail)
_tally = msgspec.msgpack.Decoder(TallyView)
_pattern = msgspec.msgpack.Decoder(PatternView)


def filter_refused(error: _engine.FilterError) -> FilterError:
    """The console's form of a refused filter."""
    column, message = error.args
    return FilterError(column, message)


class EngineView:
    """A view of the ring; see `interface.View`."""

    def __init__(self, view: _engine.View) -> None:
        self._view = view

    def advance(self, budget: int) -> ViewState:
        """Examines at most `budget` more records."""
        return _state.decode(self._view.advance(budget))

    def rows(self, start: int, count: int) -> list[Row]:
        """Up to `count` rows from index `start` on."""
        return _rows.decode(self._view.rows(start, count))

    def seq_at(self, index: int) -> int | None:
        """The `seq` at an index."""
        return self._view.seq_at(index)

    def index_of(self, seq: int) -> int:
        """The index of the first record at or after `seq`."""
        return self._view.index_of(seq)

    def count_from(self, seq: int) -> int:
        """Records of the ring from a place on, whatever the filter."""
        return self._view.count_from(seq)

    def hold(self, filter: str | None = None) -> EngineView:
        """What the view shows now, for good."""
        try:
            return EngineView(self._view.hold(filter))
        except _engine.FilterError as error:
            raise filter_refused(error) from None

    def next_match(self, seq: int, forward: bool, filter: str, budget: int) -> tuple[str, int]:
        """The next record after or before `seq` that also passes `filter`."""
        try:
            return self._view.next_match(seq, forward, filter, budget)
        except _engine.FilterError as error:
            raise filter_refused(error) from None


class EngineTally:
    """Counts of patterns; see `interface.Tally`."""

    def __init__(self, tally: _engine.Tally) -> None:
        self._tally = tally

    def advance(self, budget: int) -> bool:
        """Counts at most `budget` more records; False when there are more."""
        return self._tally.advance(budget)

    def view(self, most: int, at_ns: int | None = None) -> TallyView:
        """The counts as of the latest advance."""
        return _tally.decode(self._tally.view(most, at_ns))


class EngineRing:
    """The ring; see `interface.Ring`."""

    past: Past | None = None

    def __init__(self, ring: _engine.Ring) -> None:
        self._ring = ring
        self._templates: dict[int, tuple[float, str | None]] = {}
        self._busy_until = 0.0

    def view(self, filter: str) -> EngineView:
        """A view of the records that pass `filter`."""
        try:
            return EngineView(self._ring.view(filter))
        except _engine.FilterError as error:
            raise filter_refused(error) from None

    def detail(self, seq: int, neighbours: int) -> RecordDetail | None:
        """Everything about one record."""
        packed = self._ring.detail(seq, neighbours)
        return None if packed is None else _detail.decode(packed)

    def release(self) -> None:
        """Lets go of what is held."""
        self._ring.release()

    @property
    def run_began(self) -> int:
        """The `seq` from which on numbers of patterns are those of the present run."""
        return 0

    def tally(self, from_seq: int) -> EngineTally:
        """Counts of the patterns of the records from `from_seq` on."""
        return EngineTally(self._ring.tally(from_seq))

    def template(self, source: str, pattern: int, seq: int) -> str | None:
        """The text of a pattern, at most half a minute old. An engine that is busy is left alone for a while."""
        asked, text = self._templates.get(pattern, (-FRESH_S, None))
        now = time.monotonic()
        if now - asked < FRESH_S or now < self._busy_until:
            return text
        text = self._ring.template(pattern)
        self._note_busy(now)
        if len(self._templates) >= MOST_TEMPLATES:
            self._templates.clear()
        self._templates[pattern] = now, text
        return text

    def pattern(self, source: str, pattern: int, seq: int) -> PatternView | None:
        """What the engine knows of a pattern."""
        now = time.monotonic()
        if now < self._busy_until:
            return None
        packed = self._ring.pattern(pattern)
        self._note_busy(now)
        return None if packed is None else _pattern.decode(packed)

    def _note_busy(self, asked: float) -> None:
        """Whoever draws must not wait again and again."""
        if (answered := time.monotonic()) - asked > SLOW_S:
            self._busy_until = answered + PAUSE_S

    def export(self, seq: int) -> bytes | None:
        """One record as JSON, its raw bytes untouched."""
        return self._ring.export(seq)

    def highlights(self, filter: str, text: str) -> list[tuple[int, int]]:
        """Character ranges of `text` that the words of `filter` hit."""
        try:
            return self._ring.highlights(filter, text)
        except _engine.FilterError as error:
            raise filter_refused(error) from None
