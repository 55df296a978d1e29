"""Local time: every stamp, filter and file name is of the zone of this process, by the rule of its own day."""

from __future__ import annotations

import calendar
import re

import pytest

from .conftest import Run, records

NOON = b"2026-07-01 12:00:00 INFO summer\n2026-12-01 12:00:00 INFO winter\n"
"""Noon on a day of either half of the year."""

ZONES = {
    "Europe/Berlin": ("2026-07-01T10:00:00", "2026-12-01T11:00:00"),
    "America/New_York": ("2026-07-01T16:00:00", "2026-12-01T17:00:00"),
    "Asia/Kolkata": ("2026-07-01T06:30:00", "2026-12-01T06:30:00"),
    "Australia/Lord_Howe": ("2026-07-01T01:30:00", "2026-12-01T01:00:00"),
    "CET-1CEST,M3.5.0,M10.5.0/3": ("2026-07-01T10:00:00", "2026-12-01T11:00:00"),
    ":Europe/Berlin": ("2026-07-01T10:00:00", "2026-12-01T11:00:00"),
    "": ("2026-07-01T12:00:00", "2026-12-01T12:00:00"),
    "Nowhere/At\x1b[31mAll": ("2026-07-01T12:00:00", "2026-12-01T12:00:00"),
}
"""Both noons in UTC, by the value of TZ."""


def seconds(time: str) -> int:
    """A time of UTC in seconds since 1970."""
    year, month, day, hour, minute, second = map(int, re.split("[-T:]", time))
    return calendar.timegm((year, month, day, hour, minute, second))


@pytest.mark.parametrize("zone", ZONES)
def test_a_stamp_is_read_by_the_rule_of_its_own_day(run: Run, zone: str) -> None:
    result = run("tail", "--json", input=NOON, zone=zone)
    expected = [seconds(time) * 1_000_000_000 for time in ZONES[zone]]
    assert [record["time_ns"] for record in records(result.stdout)] == expected


@pytest.mark.parametrize("zone", ZONES)
def test_what_is_shown_is_what_was_read(run: Run, zone: str) -> None:
    """A time comes out as the clock showed it, in either half of the year."""
    lines = run("tail", input=NOON, zone=zone).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [b"2026-07-01T12:00:00.000", b"2026-12-01T12:00:00.000"]


@pytest.mark.parametrize("zone", ZONES)
def test_a_filter_takes_times_of_the_same_zone(run: Run, zone: str) -> None:
    def found(text: str) -> list[object]:
        return [
            record["text"] for record in records(run("tail", "--json", "--filter", text, input=NOON, zone=zone).stdout)
        ]

    assert found("time>=2026-07-01T12:00 time<2026-12-01T12:00") == ["summer"]
    assert found("time>2026-07-01T12:00 time<=2026-12-01T12:00") == ["winter"]
    assert found("time>=2026-12-01 time<2026-12-02") == ["winter"]
    summer, _ = ZONES[zone]
    assert found(f"time<={summer}Z time>={summer}Z") == ["summer"]


def test_scores_are_the_same_in_every_zone(run: Run) -> None:
    """`score` reads stamps that state no zone as UTC, wherever it runs."""
    data = b"".join(b"2026-%02d-01 02:30:00,%d\n" % (month, month * month) for month in range(1, 13))
    rows = {run("score", "--explain", "-", input=b"timestamp,value\n" + data, zone=zone).stdout for zone in ZONES}
    assert len(rows) == 1 and len(rows.pop().splitlines()) == 13


def test_a_zone_that_is_none_is_said_once(run: Run) -> None:
    result = run("tail", "--json", input=NOON, zone="Nowhere/At\x1b[31mAll")
    said = [line for line in result.stderr.splitlines() if b"TZ=" in line]
    assert len(said) == 1 and b"Nowhere/At" in said[0] and b"UTC" in said[0]
    assert b"\x1b" not in result.stderr
    assert b"TZ=" not in run("tail", "--json", input=NOON, zone="Europe/Berlin").stderr


def test_an_hour_that_comes_twice_keeps_the_order_of_its_lines(run: Run) -> None:
    data = b"2026-10-25 02:58:00 x\n2026-10-25 02:01:00 x\n2026-10-25 03:00:00 x\n"
    times = [record["time_ns"] for record in records(run("tail", "--json", input=data, zone="Europe/Berlin").stdout)]
    expected = ("2026-10-25T00:58:00", "2026-10-25T01:01:00", "2026-10-25T02:00:00")
    assert times == [seconds(time) * 1_000_000_000 for time in expected]
