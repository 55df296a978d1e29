"""The one place that turns times, numbers and foreign texts into what a person reads.

The forms are the same in every locale: a dot before decimals, a space between thousands, 24-hour times in the zone of
this process. What was not measured is `—`. Every function names the widest text it returns for ordinary values, so
that a column can be laid out before the values are known.
"""

from __future__ import annotations

import json
import math
import re
import time
from typing import Literal, TypeGuard

from rich.cells import cell_len, set_cell_size

from ng_tui._engine import filter_hint, local_time, safe_text
from ng_tui.client.wire import MetricsView, Unit

ABSENT = "—"
"""Shown in place of a value that was not measured."""

TimeStyle = Literal["clock", "iso", "relative", "delta"]

_DAY, _CLOCK = "{0:04}-{1:02}-{2:02}", "{3:02}:{4:02}:{5:02}"
_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_NOT_PLAIN = re.compile(r"[^ -~\n]")
_BYTE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def safe(text: str) -> str:
    """A foreign text on one line that no terminal obeys. Square brackets stay: never parse it as markup."""
    # File names may hold bytes that are no UTF-8, which Python keeps as lone surrogates.
    return safe_text(text.encode("utf-8", "replace").decode())


def safe_lines(text: str) -> str:
    """A foreign text that may have several lines, each of them safe."""
    return "\n".join(safe(line) for line in text.split("\n"))


def safe_json(data: bytes) -> bytes:
    """JSON of the same meaning in which everything that is not drawn stands as an escape; lines stay lines."""
    return _NOT_PLAIN.sub(_escaped, data.decode("utf-8", "replace")).encode()


def now_ns(metrics: MetricsView | None) -> int:
    """The engine's time of the latest metrics, so that ages agree with what is shown; this host's clock before any."""
    return metrics.time_ns if metrics is not None else time.time_ns()


def fmt_time(ns: int, style: TimeStyle, *, now_ns: int, previous_ns: int | None = None) -> str:
    """A moment, nanoseconds since 1970 UTC.

    `clock` is `12:34:56.789` (12 cells), `iso` is `2026-07-28T12:34:56.789` (23), both in the local zone; `relative` is
    the age (5); `delta` is the distance to `previous_ns`, such as `+1.2ms` (8), and `—` for the first.
    A moment outside the calendar is `—`.
    """
    if style == "relative":
        return fmt_age(ns, now_ns)
    if style == "delta":
        return ABSENT if previous_ns is None else _fmt_delta((ns - previous_ns) / 1e9)
    seconds = _fmt_local(ns, _CLOCK if style == "clock" else f"{_DAY}T{_CLOCK}")
    return seconds if seconds == ABSENT else f"{seconds}.{ns // 1_000_000 % 1000:03d}"


def fmt_clock(ns: int) -> str:
    """A moment on the clock, in the local zone: `12:34:56` (8 cells)."""
    return _fmt_local(ns, _CLOCK)


def fmt_moment(ns: int, *, now_ns: int) -> str:
    """A moment in a list, in the local zone: `12:34:56` today, else `07-28 12:34` (11 cells)."""
    iso, today = fmt_time(ns, "iso", now_ns=now_ns), fmt_time(now_ns, "iso", now_ns=now_ns)
    return iso[11:19] if iso[:10] == today[:10] else f"{iso[5:10]} {iso[11:16]}" if iso != ABSENT else ABSENT


def fmt_until(ns: int, *, now_ns: int) -> str:
    """The end of something, to the minute, in the local zone: `19:00` today, else `07-28 19:00` (11 cells)."""
    moment = fmt_moment(ns, now_ns=now_ns)
    return moment[:5] if len(moment) == 8 else moment


def fmt_stamp(ns: int) -> str:
    """A moment as it stands in the name of a file, in the local zone: `20260728-123456` (15 cells)."""
    return _fmt_local(ns, "{0:04}{1:02}{2:02}-{3:02}{4:02}{5:02}")


def fmt_age(ns: int | None, now_ns: int) -> str:
    """How long ago a moment was: `3s`, `4m`, `2h`, `5d`, `3y` (5 cells). A moment ahead of the clock is `0s`."""
    if ns is None:
        return ABSENT
    seconds = max(0, (now_ns - ns) // 1_000_000_000)
    for size, unit in ((31_557_600, "y"), (86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{min(seconds // size, 9999)}{unit}"
    return f"{seconds}s"


def fmt_count(n: float | None) -> str:
    """A whole number in full: `1 284` (17 cells below 10^13)."""
    if not _finite(n):
        return ABSENT
    return f"{round(n):,}".replace(",", " ")


def fmt_short(n: float | None) -> str:
    """A number in three digits: `999`, `1.2k`, `12k`, `3.4M` (5 cells below 10^15)."""
    if not _finite(n):
        return ABSENT
    return _scaled(n, f"{n:.0f}")


def fmt_rate(x: float | None) -> str:
    """Occurrences per second: `0.3/s`, `812/s`, `1.2k/s` (7 cells)."""
    return ABSENT if not _finite(x) else f"{_small(x)}/s"


def fmt_bytes(x: float | None) -> str:
    """Bytes in powers of 1024: `512 B`, `1.2 KiB`, `340 MiB` (9 cells)."""
    if not _finite(x):
        return ABSENT
    size, unit = abs(x), 0
    while size >= 999.5 and unit < len(_BYTE_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    digits = f"{size:.1f}" if unit and size < 9.95 else f"{size:.0f}"
    return f"{'-' if x < 0 else ''}{digits} {_BYTE_UNITS[unit]}"


def fmt_us(x: float | None) -> str:
    """Microseconds: `0.4µs`, `3.1µs`, `812µs`, `1.2ms`, `3.4s` (6 cells below 1000 s)."""
    if not _finite(x):
        return ABSENT
    for size, unit in ((1e6, "s"), (1e3, "ms")):
        if abs(x) >= size * 0.9995:
            return f"{_digits(x / size)}{unit}"
    return f"{_digits(x)}µs"


def fmt_percent(x: float | None) -> str:
    """Per cent, 0 to 100: `0.0%`, `12.3%`, `100%` (6 cells)."""
    if not _finite(x):
        return ABSENT
    return f"{x:.1f}%" if abs(x) < 99.95 else f"{x:.0f}%"


def fmt_duration(s: float | None) -> str:
    """Seconds as two units at most: `12ms`, `5.0s`, `1m 05s`, `2h 03m`, `5d 04h` (8 cells below 1000 days)."""
    if not _finite(s):
        return ABSENT
    sign, s = ("-" if s < 0 else ""), abs(s)
    if s < 0.9995:
        return f"{sign}{fmt_us(s * 1e6)}" if s else "0s"
    if s < 59.95:
        return f"{sign}{_digits(s)}s"
    whole = round(s)
    for size, unit, part, name in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "m")):
        if whole >= size:
            return f"{sign}{whole // size}{unit} {whole % size // part:02d}{name}"
    return f"{sign}{whole // 60}m {whole % 60:02d}s"


def fmt_number(x: float | None) -> str:
    """A bare number in four significant digits, without a tail of zeros: `0.2`, `65 536`, `1.2M` (9 cells)."""
    if not _finite(x):
        return ABSENT
    if abs(x) >= 1e6:
        return fmt_short(x)
    if abs(x) >= 1000 or x == round(x):
        return fmt_count(x)
    return f"{x:.4g}" if abs(x) >= 1e-4 else f"{x:.1e}"


def fmt_exact(x: float | None) -> str:
    """A number that must not be rounded, such as a limit: `1 048 576`, `0.99995` (unbounded)."""
    if not _finite(x):
        return ABSENT
    return fmt_count(x) if x == round(x) else f"{x:.12g}"


def fmt_tick(x: float | None) -> str:
    """A number at an axis: like `fmt_number`, short from a thousand on (7 cells)."""
    return fmt_short(x) if _finite(x) and abs(x) >= 1000 else fmt_number(x)


def fmt_value(value: float | None, unit: Unit) -> str:
    """A measured value with its unit (11 cells)."""
    if not _finite(value):
        return ABSENT
    match unit:
        case Unit.PERCENT:
            return fmt_percent(value)
        case Unit.BYTES:
            return fmt_bytes(value)
        case Unit.BYTES_PER_SECOND:
            return f"{fmt_bytes(value)}/s"
        case Unit.PER_SECOND:
            return fmt_rate(value)
        case Unit.SECONDS:
            return fmt_duration(value)
        case Unit.CELSIUS:
            return f"{fmt_number(value)} °C"
        case Unit.COUNT:
            return fmt_count(value) if abs(value) < 1e6 else fmt_short(value)
        case _:
            return fmt_number(value)


def fit(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    """The text in exactly `width` cells: padded, or cut with `…`."""
    if width <= 0:
        return ""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + "…"
    return text + " " * (width - size) if align == "left" else " " * (width - size) + text


def short_source(name: str, width: int) -> str:
    """The telling part of a source's name in at most `width` cells: of a followed file the end of its path."""
    path = name.removeprefix("file:")
    if path == name or cell_len(path) <= width:
        return path
    folder, _, file = path.rpartition("/")
    parent = f"{folder.rpartition('/')[2]}/{file}"
    return parent if cell_len(parent) <= width else file


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    return char if char.isprintable() else json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f"


def _finite(x: float | None) -> TypeGuard[float]:
    return x is not None and math.isfinite(x)


def _digits(x: float) -> str:
    """One decimal below ten, none above: three characters at most below 1000."""
    return f"{x:.1f}" if abs(x) < 9.95 else f"{x:.0f}"


def _scaled(n: float, plain: str) -> str:
    if abs(n) < 999.5:
        return plain
    for size, unit in reversed(_STEPS):
        if abs(n) < size * 999.5 or unit == "T":
            return f"{_digits(n / size)}{unit}"
    return plain


def _small(x: float) -> str:
    return _scaled(x, "0" if x == 0 else _digits(x))


def _fmt_local(ns: int, pattern: str) -> str:
    """What clocks of this zone show at a moment, by the rule of its own day."""
    try:
        shown = local_time(ns // 1_000_000_000)
    except OverflowError:
        shown = None
    return ABSENT if shown is None else pattern.format(*shown)


def _fmt_delta(seconds: float) -> str:
    text = fmt_duration(seconds)
    return text if seconds < 0 else f"+{text}"


def odd_in_filter(text: str) -> str:
    """What may be meant otherwise in a filter that is not refused, such as the word `and`; empty when nothing may."""
    hint = filter_hint(text)
    return "" if hint is None else hint[1]
