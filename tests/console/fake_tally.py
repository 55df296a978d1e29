"""Counts of the patterns of the scripted engine."""

from __future__ import annotations

from collections.abc import Sequence

from ng_tui.client.wire import Level, PatternCount, Row, TallyView


class FakeTally:
    """Counts rows by their place in the script, as if each line of it were a pattern."""

    def __init__(self, rows: Sequence[Row], from_seq: int, kinds: int) -> None:
        self._rows, self._from, self._kinds = rows, from_seq, kinds
        self.advanced = 0

    def advance(self, budget: int) -> bool:
        self.advanced += 1
        return True

    def view(self, most: int, at_ns: int | None = None) -> TallyView:
        kinds: dict[tuple[str, int], list[Row]] = {}
        for row in self._rows:
            if row.seq >= self._from and not row.type.startswith("metric."):
                kinds.setdefault((row.source, row.seq % self._kinds), []).append(row)
        counts = [
            PatternCount(
                source=source,
                pattern=pattern,
                count=len(rows),
                is_new=any(row.is_novel for row in rows),
                alerts=sum(row.is_alert for row in rows),
                worst=max((row.level for row in rows), key=list(Level).index),
                first_seq=rows[0].seq,
                last_seq=rows[-1].seq,
                last_ns=rows[-1].time_ns,
                recent=[0] * 29 + [len(rows)],
                text=rows[-1].text,
            )
            for (source, pattern), rows in kinds.items()
        ]
        counts.sort(key=lambda one: (not one.is_new, -one.count))
        return TallyView(
            from_seq=self._from,
            next_seq=self._rows[-1].seq + 1 if self._rows else self._from,
            events=sum(one.count for one in counts),
            alerts=sum(one.alerts for one in counts),
            patterns=len(counts),
            new_patterns=sum(one.is_new for one in counts),
            left_out=0,
            missed=0,
            span_s=10,
            rows=counts[:most],
        )
