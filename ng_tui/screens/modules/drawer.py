"""Everything about one module that its row has no room for."""

from __future__ import annotations

from typing import Any

from ng_tui.client.wire import ModuleView
from ng_tui.connection import refusal
from ng_tui.i18n import tr
from ng_tui.kit.chart import Series, chart
from ng_tui.kit.lines import LABEL, Line, Lines, cut, labelled, line_width, rule, wrap
from ng_tui.state import State
from ng_tui.text import fit, fmt_age, fmt_count, fmt_rate, fmt_us, fmt_value, now_ns, safe

CHART_SECONDS = 300


class ModuleDrawer(Lines):
    """Shows one module."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._state = State()
        self._module: str | None = None

    def show(self, state: State, module: str | None) -> None:
        """Shows a module of a state; None shows nothing."""
        self._state, self._module = state, module
        self.redraw()

    def lines(self, width: int, height: int) -> list[Line]:
        """The facts, and a chart of the rate where there is room."""
        module = self._state.modules.get(self._module or "")
        if module is None:
            return []
        now = now_ns(self._state.metrics)
        locked = refusal(self._state.link, "steer")
        result = [
            rule(safe(module.id), safe(module.term), width),
            *module_facts(module, self._state.mean(f"module.{module.id}"), width, now, locked),
        ]
        room = height - len(result) - 1
        if room >= 5:
            series = Series(module.id, self._state.history(f"module.{module.id}", CHART_SECONDS), "chart-1")
            result.append([])
            result.append([(tr("operations per second, last five minutes"), "dim")])
            result += chart([series], width, min(12, room - 1), seconds=CHART_SECONDS, end=now // 1_000_000_000)
        return result


def module_facts(module: ModuleView, rate: float | None, width: int, now: int, locked: str = "") -> list[Line]:
    """What is known of a module, as labelled lines. `locked`: why its switch cannot be used now."""
    result: list[Line] = [[(row, "")] for row in wrap(safe(module.summary), width, 3)]
    if module.last_error is not None:
        age = tr("{age} ago", age=fmt_age(module.last_error.time_ns, now))
        rows = wrap(f"{age}: {safe(module.last_error.text)}", width - LABEL - 1, 3)
        result += labelled(tr("last error"), rows, "bad")
    else:
        result += labelled(tr("last error"), [tr("none since the start")], "dim")
    result += labelled(tr("used by"), _users(module, width - LABEL - 1), "")
    if locked:
        result += labelled(tr("switch"), wrap(tr("unavailable: {why}", why=locked), width - LABEL - 1, 3), "warn")
    elif not module.can_disable:
        result += labelled(tr("switch"), wrap(why_fixed(module), width - LABEL - 1, 2), "dim")
    elif module.disable_warning:
        result += labelled(tr("when off"), wrap(safe(module.disable_warning), width - LABEL - 1, 2), "warn")
    pairs = [
        (tr("operations"), fmt_count(module.operations)),
        (tr("rate"), fmt_rate(rate)),
        (tr("errors"), fmt_count(module.errors)),
        ("p50", fmt_us(module.p50_us)),
        ("p95", fmt_us(module.p95_us)),
        ("p99", fmt_us(module.p99_us)),
        *((safe(gauge.name), fmt_value(gauge.value, gauge.unit)) for gauge in module.gauges),
    ]
    return result + _pairs(pairs, width)


def why_fixed(module: ModuleView) -> str:
    """Why a module has no switch."""
    if module.disable_warning:
        return safe(module.disable_warning)
    if module.id == "guardian":
        return tr("always on; set single rules to observe on the Guardian screen instead")
    return tr("always on; every event passes through it")


def _users(module: ModuleView, width: int) -> list[str]:
    return wrap(safe(", ".join(module.dependents)) or tr("no other module"), width, 2)


def _pairs(pairs: list[tuple[str, str]], width: int) -> list[Line]:
    """Names and values in as many equal columns as fit, values at the right of each."""
    count = max(1, min(3, width // 24))
    size = width // count
    result: list[Line] = []
    for start in range(0, len(pairs), count):
        line: Line = []
        for name, value in pairs[start : start + count]:
            line += [(fit(name, LABEL) + " ", "dim")]
            line += cut([(value, "")], size - LABEL - 2)
            line += [(" " * max(0, size - line_width(line) % size) if line_width(line) % size else "", "")]
        result.append(line)
    return result
