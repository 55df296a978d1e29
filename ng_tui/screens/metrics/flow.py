"""What the dashboard shows of the engine itself: throughput, latency, queues, subscriptions, sources."""

from __future__ import annotations

from rich.cells import chop_cells

from ng_tui.client.wire import HistoryView, MetricsView, SourceView, Trouble, TroubleKind
from ng_tui.i18n import ntr, tr
from ng_tui.kit.bar import bar
from ng_tui.kit.chart import Series, chart
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line, cut, line_width, spread
from ng_tui.kit.raster import Values
from ng_tui.kit.sparkline import sparkline
from ng_tui.state import State
from ng_tui.text import fit, fmt_age, fmt_bytes, fmt_number, fmt_rate, fmt_short, fmt_us, safe, short_source

STACKED = 24
"""Rows from which every rate has a chart of its own."""

LATENCY_HEAD = "p50     p95     p99"
SOURCE_HEAD = "rate  readings   lost   ok"
QUEUE_NAME = 10


def rates() -> list[tuple[str, str, str]]:
    """Series, name and tag of the rates below the chart of events."""
    return [
        ("novel", tr("new/min"), "chart-2"),
        ("rejected", tr("rejected/min"), "chart-5"),
        ("alerts", tr("anomaly/min"), "chart-3"),
    ]


def throughput(state: State, width: int, height: int, seconds: int) -> list[Line]:
    """A chart of events a second, and the rates a minute as small charts, or as large ones where there is room."""
    end = end_of(state.metrics)
    events = Series(tr("events/s"), state.history("events", seconds), "chart-1")
    if height >= STACKED:
        result: list[Line] = []
        share = height // 4
        for index, (key, name, tag) in enumerate([("events", tr("events/s"), "chart-1"), *rates()]):
            rows = height - 3 * share if index == 0 else share
            series = Series(name, state.history(key, seconds), tag)
            last = fmt_number(_rounded(_last(series.values)))
            result.append(spread([(name, "strong")], [(last + " ", tag)], width))
            body = chart([series], width - 1, rows - 1, seconds=seconds, end=end, margin=4)
            result += body + [[]] * (rows - 1 - len(body))
        return result
    strips = rates() if height >= 7 else rates()[:1] if height >= 5 else []
    result = chart([events], width - 1, height - len(strips), seconds=seconds, end=end)
    result += [[]] * (height - len(strips) - len(result))
    for key, name, tag in strips:
        values = state.history(key, seconds)
        room = width - 15 - 9
        result.append(
            [
                ("  " + fit(name, 12) + " ", "dim"),
                (sparkline(values, room, seconds=seconds, end=end)[0], tag),
                (fit(fmt_number(_rounded(_last(values))), 7, "right") + "  ", ""),
            ]
        )
    return result


def latency(state: State, width: int, seconds: int) -> list[Line]:
    """One row for each stage, with the history of its p95 where there is room; the columns are LATENCY_HEAD."""
    if state.metrics is None:
        return [[(tr("not measured yet"), "dim")]]
    room = width - 12 - 26 - 2
    result: list[Line] = []
    for stage in state.metrics.stages:
        tag = "strong" if stage.name == "total" else ""
        left: Line = [("  " + fit(safe(stage.name), 10), tag)]
        if room >= 6:
            history = state.history(f"stage.{stage.name}", seconds)
            left.append((sparkline(history, room, seconds=seconds, end=end_of(state.metrics))[0], "chart-4"))
        values = "".join(fit(fmt_us(value), 8, "right") for value in (stage.p50_us, stage.p95_us, stage.p99_us))
        result.append(spread(left, [(values + "  ", tag)], width))
    return result


def queues(metrics: MetricsView | None, width: int) -> list[Line]:
    """The ring, history, the queues and the subscriptions, each with how full it is and what it dropped."""
    if metrics is None:
        return [[(tr("not measured yet"), "dim")]]
    ring = metrics.ring
    note = fmt_bytes(ring.bytes)
    if ring.samples:
        note = ntr("{n} sample", "{n} samples", ring.samples, n=fmt_short(ring.samples)) + f" {note}"
    held = ring.next_seq - ring.first_seq if ring.records is None else ring.records
    result = [_fill(tr("ring"), held, ring.capacity, note, width, calm=True)]
    if metrics.history is not None:
        result += _history(metrics.history, metrics.time_ns, width)
    result += [
        _fill(safe(queue.name), queue.len, queue.capacity, _dropped(queue.dropped), width) for queue in metrics.queues
    ]
    for one in metrics.subscriptions:
        name = f"#{one.id}"
        result.append(_fill(name, one.len, one.capacity, _dropped(one.dropped), width))
        text = safe(one.filter) or tr("every event")
        sent = tr("{count} delivered", count=fmt_short(one.delivered))
        result.append(cut([(" " * (QUEUE_NAME + 3), ""), (f"{text} · {sent}", "dim")], width))
    return result


def sources(state: State, width: int) -> list[Line]:
    """One row for each source, below it why it is not read; those in trouble first. The columns are SOURCE_HEAD."""
    metrics = state.metrics
    if metrics is None:
        return [[(tr("not measured yet"), "dim")]]
    if not metrics.sources:
        return [[("  " + tr("No sensor is switched on, so no events come in."), "dim")]]
    result: list[Line] = []
    said: set[str] = set()
    for one in sorted(metrics.sources, key=lambda one: one.trouble is None or not one.enabled):
        result.append(_source(one, state.mean(f"source.{one.name}"), metrics.time_ns, width))
        # What is wrong with a sensor is wrong with all of its sources, and is said once.
        if one.enabled and one.trouble is not None and one.trouble.reason not in said:
            said.add(one.trouble.reason)
            result += _reason(one.trouble, metrics.time_ns, width)
    return result


def end_of(metrics: MetricsView | None) -> int:
    """The second that the newest value of every series belongs to."""
    return metrics.time_ns // 1_000_000_000 if metrics else 0


def _source(one: SourceView, rate: float | None, now: int, width: int) -> Line:
    mark = glyphs()
    if not one.enabled:
        glyph, word, tag = mark.off, tr("off"), "dim"
    elif one.trouble is not None:
        glyph, word, tag = _trouble(one.trouble)
    elif one.ended:
        glyph, word, tag = mark.off, tr("ended"), "dim"
    elif one.stale:
        glyph, word, tag = mark.waiting, tr("stale"), "warn"
    elif one.last_ok_ns is None:
        glyph, word, tag = mark.waiting, tr("waiting"), "dim"
    else:
        glyph, word, tag = mark.active, tr("live"), "good"
    name = min(26, max(12, width // 4))
    left: Line = [("  ", ""), (f"{glyph} {fit(word, 8)}", tag), (fit(_name(one, name), name), "")]
    if one.refused:
        left.append(("  " + tr("{count} refused", count=fmt_short(one.refused)), "warn"))
    if one.last_error is not None and one.trouble is None:
        left.append((f"  {mark.error} {fmt_age(one.last_error.time_ns, now)} {safe(one.last_error.text)}", "bad"))
    right: Line = [
        (fit(fmt_rate(rate), 7, "right"), ""),
        (fit(fmt_short(one.readings), 10, "right"), "dim"),
        (fit(fmt_short(one.lost), 7, "right"), "bad" if one.lost else "dim"),
        (fit(fmt_age(one.last_ok_ns, now), 5, "right") + "  ", "warn" if one.stale else "dim"),
    ]
    return spread(left, right, width)


def _name(one: SourceView, width: int) -> str:
    """The name of a source, or how many sources the row stands for."""
    if one.stands_for is None:
        return safe(short_source(one.name, width))
    count = fmt_short(one.stands_for)
    return tr("{count} that ended", count=count) if one.ended else tr("{count} not shown", count=count)


def _trouble(trouble: Trouble) -> tuple[str, str, str]:
    """Glyph, word and tag of a source that is not read."""
    mark = glyphs()
    if trouble.kind is TroubleKind.FAILED:
        return mark.error, tr("failed"), "bad"
    if trouble.kind is TroubleKind.UNREADABLE:
        return mark.error, tr("unread"), "bad"
    return mark.waiting, tr("waiting"), "warn"


def _reason(trouble: Trouble, now: int, width: int) -> list[Line]:
    """Why a source is not read, and since when; the whole of it, in as many rows as it needs."""
    tag = "warn" if trouble.kind is TroubleKind.WAITING else "bad"
    text = f"{fmt_age(trouble.since_ns, now)} {safe(trouble.reason)}"
    # Most of it is a path, which has no spaces to break it at.
    return [[("    ", ""), (row, tag)] for row in chop_cells(text, max(8, width - 6))]


def _history(history: HistoryView, now: int, width: int) -> list[Line]:
    """How much is on disk and how far back it goes, how long a commit takes, and what is wrong."""
    events = ntr("{n} event", "{n} events", history.events, n=fmt_short(history.events))
    left: Line = [("  " + fit(tr("history"), QUEUE_NAME) + " ", "dim"), (events, "")]
    result = [spread(left, [(fmt_bytes(history.bytes) + "  ", "dim")], width)]
    parts: Line = []
    if history.since_ns is not None:
        parts.append((tr("for {age}", age=fmt_age(history.since_ns, now)), "dim"))
    if history.commit_p50_ms is not None:
        parts.append((tr("commit {time}", time=fmt_us(history.commit_p50_ms * 1e3)), "dim"))
    if history.behind:
        parts.append((tr("{n} not on disk yet", n=fmt_short(history.behind)), "dim"))
    if history.lost:
        parts.append((tr("{n} lost", n=fmt_short(history.lost)), "bad"))
    if history.unreadable:
        parts.append((tr("{n} unreadable", n=fmt_short(history.unreadable)), "bad"))
    if parts:
        line: Line = [(" " * (QUEUE_NAME + 3), "")]
        for index, part in enumerate(parts):
            line += [(" · ", "dim"), part] if index else [part]
        result.append(cut(line, width))
    if history.trouble is not None:
        result += [[("    ", ""), (row, "bad")] for row in chop_cells(safe(history.trouble), max(8, width - 6))]
    return result


def _fill(name: str, held: int, capacity: int, note: str, width: int, *, calm: bool = False) -> Line:
    amount = f"{fmt_short(held)}/{fmt_short(capacity)}"
    right: Line = [(fit(amount, 12, "right"), ""), (fit(note, 11, "right") + "  ", "bad" if "!" in note else "dim")]
    left: Line = [("  " + fit(name, QUEUE_NAME) + " ", "dim")]
    room = width - line_width(left) - line_width(right)
    share = held / capacity if capacity else None
    if room >= 4:
        left += bar(share, room, calm=calm)
    return [*left, *right]


def _dropped(count: int) -> str:
    return f"{glyphs().error} {tr('{count} lost', count=fmt_short(count))}" if count else tr("none lost")


def _last(values: Values) -> float | None:
    return values[-1] if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
