"""What the dashboard shows of the host: processor, load, memory, disks, network, as bars and small charts."""

from __future__ import annotations

from ng_tui.client.wire import Gauge, Unit
from ng_tui.i18n import tr
from ng_tui.kit.bar import bar
from ng_tui.kit.chart import Series, chart
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line, cut
from ng_tui.kit.sparkline import sparkline
from ng_tui.screens.metrics.flow import end_of
from ng_tui.state import State
from ng_tui.text import fit, fmt_bytes, fmt_number, fmt_value, safe

VALUE = 11
CHARTED = 24
"""Rows from which the processor and the network have charts of their own."""

_FIRST = ("cpu.total", "memory.used", "swap.used")


def host(state: State, width: int, height: int, seconds: int) -> list[Line]:
    """The most telling first: shares as bars, the load in one row, then rates and amounts."""
    gauges = state.metrics.gauges if state.metrics else []
    if not gauges:
        return [[(tr("not measured yet"), "dim")]]
    result = _charts(state, gauges, width, height, seconds) if height >= CHARTED else []
    cores = [one for one in gauges if _is_core(one)]
    loads = [one for one in gauges if _group(one) == "load"]
    rest = sorted((one for one in gauges if one not in cores and one not in loads), key=_rank)
    for one in rest:
        if loads and _rank(one) > _FIRST.index("memory.used"):
            result.append(_loads(loads, width))
            loads = []
        result.append(_gauge(state, one, width, seconds))
        if cores and one.name == "cpu.total":
            result.append(_cores(cores, width))
            cores = []
    if cores:
        result.insert(0, _cores(cores, width))
    if loads:
        result.append(_loads(loads, width))
    return result


def _gauge(state: State, one: Gauge, width: int, seconds: int) -> Line:
    line: Line = [("  " + fit(_short_name(one), _name_width(width)) + " ", "dim")]
    room = width - _name_width(width) - VALUE - 5
    history = state.history(one.name, seconds)
    end = end_of(state.metrics)
    if one.unit == Unit.PERCENT:
        chart_width = room // 3 if room >= 18 else 0
        line += bar(one.value / 100, max(1, room - chart_width - bool(chart_width)))
        if chart_width:
            line.append((" ", ""))
            line.append((sparkline(history, chart_width, seconds=seconds, end=end, top=100.0)[0], "chart-1"))
    elif room > 0:
        line.append((sparkline(history, room, seconds=seconds, end=end)[0], _tag(one)))
    line.append((fit(fmt_value(one.value, one.unit), VALUE, "right") + "  ", ""))
    return line


def _cores(cores: list[Gauge], width: int) -> Line:
    heights = glyphs().heights
    steps = len(heights) - 1
    text = "".join(heights[max(1, min(steps, round(one.value / 100 * steps)))] for one in cores)
    line: Line = [("  " + fit(tr("cores"), _name_width(width)) + " ", "dim"), (text, "chart-1")]
    return cut(line, width)


def _loads(loads: list[Gauge], width: int) -> Line:
    loads = sorted(loads, key=lambda one: (len(one.name), one.name))
    text = "  ".join(fmt_number(round(one.value, 2)) for one in loads)
    names = " ".join([tr("load"), *(_short_name(one).removeprefix("load ") for one in loads)])
    return cut([("  " + fit(names, _name_width(width)) + " ", "dim"), (text, "")], width)


def _name_width(width: int) -> int:
    return max(11, min(18, width // 4))


def _charts(state: State, gauges: list[Gauge], width: int, height: int, seconds: int) -> list[Line]:
    rows = max(6, height // 4)
    end = end_of(state.metrics)
    result: list[Line] = []
    if totals := [one for one in gauges if _group(one) == "cpu" and not _is_core(one) and one.unit == Unit.PERCENT]:
        series = _series(state, totals[:3], seconds)
        result.append([(tr("processor, per cent"), "strong")])
        result += chart(series, width - 1, rows, seconds=seconds, end=end, top=100.0)
    if rates := [one for one in gauges if _group(one) == "net" and one.unit == Unit.BYTES_PER_SECOND]:
        series = _series(state, sorted(rates, key=lambda one: -one.value)[:4], seconds)
        result.append([(tr("network, bytes per second"), "strong")])
        result += chart(series, width - 1, rows, seconds=seconds, end=end, unit=fmt_bytes, binary=True)
    return [*result, []] if result else []


def _series(state: State, gauges: list[Gauge], seconds: int) -> list[Series]:
    ordered = sorted(gauges, key=lambda one: one.name)
    return [
        Series(_short_name(one), state.history(one.name, seconds), f"chart-{index % 6 + 1}")
        for index, one in enumerate(ordered)
    ]


def _group(one: Gauge) -> str:
    return one.name.split(".", 1)[0]


def _is_core(one: Gauge) -> bool:
    return _group(one) == "cpu" and one.unit == Unit.PERCENT and one.name.rsplit(".", 1)[-1].isdigit()


def _rank(one: Gauge) -> int:
    """How early it is shown: what tells most about the host's health first; equals stay in the order given."""
    if one.name in _FIRST:
        return _FIRST.index(one.name)
    group, full = _group(one), one.name.endswith(".used")
    places = {"disk": 10 if full else 40, "net": 20, "pressure": 30, "cpu": 50}
    return places.get(group, 60)


def _short_name(one: Gauge) -> str:
    """The name without its group where the rest says enough; parts are kept in order."""
    group, _, rest = one.name.partition(".")
    words = rest.removesuffix("_percent").removesuffix(".used").removesuffix(".percent").replace(".", " ")
    if group in ("disk", "net") and words:
        return safe(words)
    return safe(group if words in ("", "total", "used") and one.unit == Unit.PERCENT else f"{group} {words}".strip())


def _tag(one: Gauge) -> str:
    return {"net": "chart-4", "disk": "chart-3", "memory": "chart-2"}.get(_group(one), "chart-1")
