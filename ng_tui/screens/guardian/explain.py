"""Why a rule of Guardian objected to its latest event, and what its two modes do."""

from __future__ import annotations

from typing import Any

from ng_tui.client.wire import Mode, Offender, RuleView
from ng_tui.connection import refusal
from ng_tui.i18n import tr
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line, Lines, rule, wrap
from ng_tui.state import State
from ng_tui.text import fit, fmt_age, fmt_count, fmt_exact, fmt_number, fmt_time, now_ns, safe

LABEL = 10


class Explain(Lines):
    """Explains one rule."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._state = State()
        self._rule: RuleView | None = None

    def show(self, state: State, rule: RuleView | None) -> None:
        """Explains a rule; None shows nothing."""
        self._state, self._rule = state, rule
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """The explanation, the keys last."""
        if self._rule is None:
            return []
        result = explain(self._rule, self._state, width)
        keys = tr("J go to the event · o events of this rule · esc close")
        if len(result) >= height:
            return result[:height]
        return [*result, *[[(row, "dim")] for row in wrap(keys, width, height - len(result))]]


def mode_text(mode: Mode) -> str:
    """Sign and name of a mode."""
    mark = glyphs()
    return f"{mark.enforce} {tr('enforce')}" if mode == Mode.ENFORCE else f"{mark.observe} {tr('observe')}"


def effect_of(mode: Mode) -> str:
    """What a mode does with an event that the rule objects to."""
    if mode == Mode.ENFORCE:
        return tr("the event is rejected: recorded, but neither scored nor delivered")
    return tr("the event is flagged and goes on")


def explain(view: RuleView, state: State, width: int) -> list[Line]:
    """The rule, its latest objection, and its modes."""
    result = [rule(safe(view.name), mode_text(view.mode), width)]
    result += [[(row, "")] for row in wrap(safe(view.summary), width, 2)]
    result += _labelled(tr("terms"), safe(view.terms), "strong", width)
    if view.last is None:
        result += _labelled(tr("last"), tr("It has not objected to any event since the start."), "dim", width)
    else:
        result += _offender(view.last, state, width)
    for mode in (Mode.OBSERVE, Mode.ENFORCE):
        name = tr("observe") if mode == Mode.OBSERVE else tr("enforce")
        result += _labelled(name, effect_of(mode), "" if mode == view.mode else "dim", width)
    if why := refusal(state.link, "steer"):
        result += _labelled(tr("switch"), tr("unavailable: {why}", why=why), "warn", width)
    return result


def _offender(last: Offender, state: State, width: int) -> list[Line]:
    now = now_ns(state.metrics)
    when = fmt_time(last.time_ns, "clock", now_ns=now)
    age = tr("{age} ago", age=fmt_age(last.time_ns, now))
    gone = "" if state.may_show(last.seq) else " · " + tr("no longer in memory")
    result = _labelled(tr("event"), f"#{fmt_count(last.seq)} · {when} · {age}{gone}", "", width)
    result += _labelled(tr("source"), safe(last.source), "", width)
    result += _labelled(tr("clause"), safe(last.clause), "", width)
    observed = fmt_exact(last.observed)
    if last.limit > 0 and last.observed > last.limit:
        observed += " · " + tr("{factor} × the limit", factor=fmt_number(round(last.observed / last.limit, 2)))
    result += _labelled(tr("observed"), observed, "flag", width)
    return result + _labelled(tr("limit"), fmt_exact(last.limit), "", width)


def _labelled(label: str, text: str, tag: str, width: int) -> list[Line]:
    rows = wrap(text, max(8, width - LABEL - 1), 2)
    return [[(fit(label if index == 0 else "", LABEL) + " ", "dim"), (row, tag)] for index, row in enumerate(rows)]
