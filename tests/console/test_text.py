"""Every form of a time or number, and what happens at the edges."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator

import pytest
from rich.cells import cell_len

from ng_tui import text
from ng_tui.client.wire import Unit
from ng_tui.text import ABSENT, fit, fmt_age, fmt_time, fmt_value, safe

NOW = 1_785_240_000_000_000_000
SECOND = 1_000_000_000


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    ("form", "value", "shown"),
    [
        (text.fmt_count, 0, "0"),
        (text.fmt_count, 1284, "1 284"),
        (text.fmt_count, -1_284_112, "-1 284 112"),
        (text.fmt_short, 999, "999"),
        (text.fmt_short, 999.6, "1.0k"),
        (text.fmt_short, 1234, "1.2k"),
        (text.fmt_short, 12_345, "12k"),
        (text.fmt_short, 999_600, "1.0M"),
        (text.fmt_short, 3_400_000, "3.4M"),
        (text.fmt_rate, 0, "0/s"),
        (text.fmt_rate, 0.3, "0.3/s"),
        (text.fmt_rate, 812.4, "812/s"),
        (text.fmt_rate, 1234, "1.2k/s"),
        (text.fmt_bytes, 512, "512 B"),
        (text.fmt_bytes, 1023, "1.0 KiB"),
        (text.fmt_bytes, 340 * 2**20, "340 MiB"),
        (text.fmt_us, 0.4, "0.4µs"),
        (text.fmt_us, 999.9, "1.0ms"),
        (text.fmt_us, 1240, "1.2ms"),
        (text.fmt_us, 3_400_000, "3.4s"),
        (text.fmt_percent, 12.34, "12.3%"),
        (text.fmt_percent, 99.96, "100%"),
        (text.fmt_duration, 0, "0s"),
        (text.fmt_duration, 0.012, "12ms"),
        (text.fmt_duration, 59.96, "1m 00s"),
        (text.fmt_duration, 65, "1m 05s"),
        (text.fmt_duration, 3725, "1h 02m"),
        (text.fmt_duration, 93_784, "1d 02h"),
        (text.fmt_number, 65_536, "65 536"),
        (text.fmt_number, 0.25, "0.25"),
        (text.fmt_exact, 0.99995, "0.99995"),
        (text.fmt_exact, 1_048_576, "1 048 576"),
        (text.fmt_tick, 0.5, "0.5"),
        (text.fmt_tick, 1500, "1.5k"),
        (text.fmt_number, 1e-9, "1.0e-09"),
    ],
)
def test_forms(form: Callable[[float | None], str], value: float, shown: str) -> None:
    assert form(value) == shown


@pytest.mark.parametrize("name", ["count", "short", "rate", "bytes", "us", "percent", "duration", "number"])
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_was_not_measured_is_a_dash(name: str, value: float | None) -> None:
    assert getattr(text, f"fmt_{name}")(value) == ABSENT


@pytest.mark.parametrize(
    ("form", "width", "top"),
    [
        (text.fmt_short, 5, 14),
        (text.fmt_rate, 7, 14),
        (text.fmt_bytes, 9, 17),
        (text.fmt_us, 6, 8),
        (text.fmt_duration, 8, 7),
    ],
)
def test_widths_are_as_documented(form: Callable[[float], str], width: int, top: int) -> None:
    for power in range(-3, top):
        for factor in (1, 1.04999, 5, 9.9499, 9.95, 9.99, 9.9951, 9.99999):
            assert cell_len(form(factor * 10.0**power)) <= width, (factor, power)


@pytest.mark.parametrize(
    ("age", "shown"),
    [(0, "0s"), (-5, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (7260, "2h"), (86_400 * 5, "5d"), (10**8, "3y")],
)
def test_ages(age: int, shown: str) -> None:
    assert fmt_age(NOW - age * SECOND, NOW) == shown


def test_moments() -> None:
    assert fmt_time(NOW + 7_000_000, "clock", now_ns=NOW) == "12:00:00.007"
    assert fmt_time(NOW, "iso", now_ns=NOW) == "2026-07-28T12:00:00.000"
    assert fmt_time(NOW - 5 * SECOND, "relative", now_ns=NOW) == "5s"
    assert fmt_time(NOW, "delta", now_ns=NOW) == ABSENT
    assert fmt_time(NOW, "delta", now_ns=NOW, previous_ns=NOW - 1_200_000) == "+1.2ms"
    assert fmt_time(NOW, "delta", now_ns=NOW, previous_ns=NOW + 2 * SECOND) == "-2.0s"


@pytest.mark.parametrize("ns", [2**63 - 1, -(2**63), -1, 0, 10**30, -(10**30)])
def test_no_moment_breaks_the_clock(ns: int) -> None:
    for style in ("clock", "iso", "relative", "delta"):
        assert fmt_time(ns, style, now_ns=NOW, previous_ns=0)


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        (Unit.NONE, "1 500"),
        (Unit.PERCENT, "1500%"),
        (Unit.BYTES, "1.5 KiB"),
        (Unit.BYTES_PER_SECOND, "1.5 KiB/s"),
        (Unit.PER_SECOND, "1.5k/s"),
        (Unit.SECONDS, "25m 00s"),
        (Unit.COUNT, "1 500"),
    ],
)
def test_units(unit: Unit, shown: str) -> None:
    assert fmt_value(1500, unit) == shown
    assert fmt_value(None, unit) == ABSENT


@pytest.mark.parametrize(
    ("given", "width", "shown"), [("ab", 4, "ab  "), ("abcdef", 4, "abc…"), ("日本語", 4, "日 …"), ("x", 0, "")]
)
def test_fit_is_exact(given: str, width: int, shown: str) -> None:
    assert fit(given, width) == shown
    assert cell_len(fit(given, width, "right")) == width


def test_no_control_character_survives() -> None:
    every = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2028, 0xFEFF, 0xD800)))
    shown = safe(every)
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or char in "\u202e\u2028\ufeff" for char in shown)
    assert safe("[/foo] user[admin]") == "[/foo] user[admin]"
