"""Declared formats: the command `formats`, and what a file of one's own changes."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from .conftest import Run, records

ACCESS = b'198.51.100.7 - ann [22/Nov/2026:10:00:00 +0000] "GET /cart HTTP/1.1" 502 7\n'

OURS = r"""
title = "Ours"
pattern = '(?P<time>[^|]+)\|(?P<level>[A-Z])\|(?P<took>\d+)\|(?P<message>.*)'
[fields]
took = { kind = "number", unit = "ms" }
[[sample]]
line = '2026-11-22T10:00:00Z|W|93|slow'
time = "2026-11-22T10:00:00Z"
level = "warn"
message = "slow"
fields = { took = 93 }
"""


def test_an_access_log_has_fields_and_levels(run: Run) -> None:
    [record] = records(run("tail", "--json", "--filter", "attr.status>=500", input=ACCESS).stdout)
    assert (record["level"], record["declared"]) == ("error", "access_log")
    assert record["attrs"] == {
        "address": "198.51.100.7",
        "bytes": "7",
        "method": "GET",
        "path": "/cart",
        "protocol": "HTTP/1.1",
        "status": "502",
        "user": "ann",
    }


def test_a_recording_has_them_too_where_no_log_is_read(run: Run) -> None:
    assert run("record", "shop.jsonl", input=ACCESS).returncode == 0
    [record] = records(run("replay", "shop.jsonl", "--json", "--filter", "attr.status>=500").stdout)
    assert record["declared"] == "access_log" and '"path": "/cart"' in json.dumps(record["attrs"])


@pytest.fixture
def file(run: Run, tmp_path: Path) -> Path:
    """A configuration with a folder of formats beside it."""
    (tmp_path / "formats").mkdir()
    (tmp_path / "formats" / "ours.toml").write_text(OURS)
    (tmp_path / "config.toml").write_text("")
    return tmp_path / "config.toml"


def test_a_file_of_ones_own_is_a_format(run: Run, file: Path) -> None:
    line = b"2026-11-22T10:00:00Z|E|1200|too slow\n"
    [record] = records(run("--config", str(file), "tail", "--json", "--filter", "attr.took>1", input=line).stdout)
    assert (record["level"], record["text"], record["declared"]) == ("error", "too slow", "ours")
    listed = run("--config", str(file), "formats", "list").stdout.decode().splitlines()
    assert listed[0] == f"ours\t{file.parent / 'formats' / 'ours.toml'}\tOurs"
    assert any(row.startswith("redis\tbuilt in\t") for row in listed)
    assert run("--config", str(file), "formats", "show", "ours").stdout.decode() == OURS


def test_a_wrong_file_is_told_and_left_out(run: Run, file: Path) -> None:
    wrong = file.parent / "formats" / "wrong.toml"
    wrong.write_text(OURS.replace('level = "warn"', 'level = "info"'))
    result = run("--config", str(file), "tail", "--json", input=ACCESS)
    assert f"NG-2109 {wrong}:7:8: sample: level is warn, expected info".encode() in result.stderr
    assert len(records(result.stdout)) == 1
    assert run("--config", str(file), "config", "validate").returncode == 78
    result = run("formats", "test", str(wrong))
    assert (result.returncode, result.stderr.startswith(b"NG-2109")) == (1, True)


def test_formats_test_says_what_reads_a_log(run: Run, file: Path, tmp_path: Path) -> None:
    assert run("formats", "test", str(file.parent / "formats" / "ours.toml")).returncode == 0
    log = tmp_path / "x.log"
    log.write_bytes(ACCESS * 3 + b"what is this\n")
    rows = run("formats", "test", str(log)).stdout.decode().splitlines()
    assert rows == [
        "access_log\t3 lines, 75.0%\ttime 100%\tlevel 100%",
        "no format, read as text\t1 lines, 25.0%\ttime 0.0%\tlevel 0.0%",
        "the first line that no format reads is 4: what is this",
    ]


def test_an_unknown_name_is_refused(run: Run) -> None:
    result = run("formats", "show", "nobody")
    assert (result.returncode, result.stderr.startswith(b"NG-1007")) == (2, True)


def test_a_log_is_reported_on_as_it_is_read(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "wide.log"
    log.write_bytes("2026-11-22 13:02:03 ERROR x\n".encode("utf-16"))
    assert run("formats", "test", str(log)).stdout.startswith(b"no format, read as text\t1 lines, 100%\ttime 100%")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        refused = run("formats", "test", str(path))
        assert (refused.returncode, refused.stderr) == (2, f"NG-5301 {path}: is no file\n".encode())
    log.write_bytes(gzip.compress(b"2026-11-22 13:02:03 ERROR x\n")[:-3])
    assert b"NG-5301" in run("formats", "test", str(log)).stderr
