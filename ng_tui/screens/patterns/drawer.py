"""Everything about one pattern that its row has no room for: its text, an example, and what stands around it."""

from __future__ import annotations

from typing import Any

from ng_tui.client.wire import PatternCount, PatternLink, PatternView
from ng_tui.i18n import tr
from ng_tui.kit.lines import LABEL, Line, Lines, labelled, rule, wrap
from ng_tui.screens.feedback import Said
from ng_tui.text import ABSENT, fit, fmt_age, fmt_count, fmt_rate, safe

MOST_LINKS = 5
"""Patterns shown on either side."""


class PatternDrawer(Lines):
    """Shows one pattern."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._row: PatternCount | None = None
        self._view: PatternView | None = None
        self._now = 0
        self._is_frozen = False
        self._said = Said()

    def show(
        self,
        row: PatternCount | None,
        view: PatternView | None,
        now: int,
        *,
        is_frozen: bool = False,
        said: Said | None = None,
    ) -> None:
        """Shows what was counted and, where an engine answers, what it knows; `now` in nanoseconds since 1970, UTC.

        `said` is what people said of it.
        """
        self._row, self._view, self._now = row, view, now
        self._is_frozen, self._said = is_frozen, said or Said()
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """The facts from the most to the least important."""
        if self._row is None:
            return []
        facts = pattern_facts(self._row, self._view, width, self._now, self._said)
        if self._is_frozen:
            facts.insert(1, [(tr("The source is frozen: its events are scored and not learnt."), "warn")])
        return facts[:height]


def pattern_facts(row: PatternCount, view: PatternView | None, width: int, now: int, said: Said) -> list[Line]:
    """What is known of a pattern. Texts of the engine pass the sanitiser here; those of the row have passed it."""
    result: list[Line] = [rule(tr("pattern {number}", number=row.pattern), row.source, width)]
    result += [[(text, "")] for text in wrap(safe(view.template) if view else row.text or ABSENT, width, 3)]
    first = f"#{row.first_seq}" + (f" {tr('new')}" if row.is_new else "")
    result += labelled(tr("first here"), [first], "good" if row.is_new else "")
    result += labelled(tr("latest"), [tr("{age} ago, #{seq}", age=fmt_age(row.last_ns, now), seq=row.last_seq)], "")
    if row.alerts:
        count = tr("{n} of its events", n=fmt_count(row.alerts))
        result += labelled(tr("anomalies"), [count], "bad")
    if said.threshold:
        undo = tr("{threshold}; U undoes", threshold=said.threshold)
        result += labelled(tr("threshold"), wrap(undo, width - LABEL - 1, 2), "")
    if said.silenced:
        result += labelled(tr("silenced"), wrap(said.silenced, width - LABEL - 1, 2), "warn")
    if view is None:
        result += labelled(tr("latest text"), wrap(row.text or ABSENT, width - LABEL - 1, 2), "")
        return result + labelled(tr("around it"), [tr("known to a running engine only")], "dim")
    result += labelled(tr("in all"), [f"{fmt_count(view.count)}   {fmt_rate(view.rate)}"], "")
    result += _links(tr("followed by"), view.successors, width)
    result += _links(tr("preceded by"), view.predecessors, width)
    return result + labelled(tr("example"), wrap(safe(view.example), width - LABEL - 1, 4), "")


def _links(title: str, links: list[PatternLink], width: int) -> list[Line]:
    """Share, mean time between, and the text of each."""
    if not links:
        return labelled(title, [tr("nothing yet")], "dim")
    rows = [
        fit(
            f"{link.share * 100:3.0f}% {_delay(link.mean_delay_s):>6} {safe(link.template or ABSENT)}",
            width - LABEL - 1,
        )
        for link in links[:MOST_LINKS]
    ]
    return labelled(title, rows, "")


def _delay(seconds: float) -> str:
    for limit, factor, form in ((1, 1000, "{:.0f}ms"), (100, 1, "{:.1f}s"), (6000, 1 / 60, "{:.0f}min")):
        if seconds < limit:
            return form.format(seconds * factor)
    return f"{seconds / 3600:.0f}h"
