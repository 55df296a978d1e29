"""`score`: a file or standard input comes out as rows, whole or not at all."""

from __future__ import annotations

import csv
import gzip
import json
import math
import random
import stat
from pathlib import Path

import pytest

from .conftest import Run

COLUMNS = ["index", "score", "novelty", "is_novel", "anomaly_score", "alert", "pattern", "why"]


def rows(output: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(output.decode().splitlines()))


def series(count: int = 400) -> bytes:
    chance = random.Random(1)
    lines = ["timestamp,value"]
    for minute in range(count):
        value = 50 + 5 * math.sin(minute / 20) + chance.random()
        lines.append(f"2026-01-01 {minute // 60:02}:{minute % 60:02}:00,{500 if minute == count - 10 else value:.3f}")
    return ("\n".join(lines) + "\n").encode()


def log(count: int = 400) -> bytes:
    chance = random.Random(2)
    words = ("opened", "closed", "read", "wrote")
    return "".join(f"session s{n // 4} {chance.choice(words)} by user{n % 5}\n" for n in range(count)).encode()


def objects(count: int = 50) -> bytes:
    return b"".join(json.dumps({"cpu": n % 7, "host": "web"}).encode() + b"\n" for n in range(count))


def vectors(count: int = 50) -> bytes:
    chance = random.Random(3)
    return "".join(",".join(f"{chance.random():.4f}" for _ in range(8)) + "\n" for _ in range(count)).encode()


SET_EMPTY = 'modules.intuition_engine.session_key=""'
INPUTS = {"level": series, "template rarity": log, "shape rarity": objects, "neighbours": vectors}
"""What makes an input, by the first channel of its encoder."""


@pytest.mark.parametrize("channel", INPUTS)
def test_every_kind_of_input_is_recognised_and_scored(run: Run, tmp_path: Path, channel: str) -> None:
    data = INPUTS[channel]()
    (tmp_path / "input").write_bytes(data)
    result = run("score", "--explain", "input", "-o", "out.csv")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    found = rows((tmp_path / "out.csv").read_bytes())
    assert [*found[0]][:9] == [*COLUMNS, channel]
    assert [*found[0]][-1] == "nearest"
    events = data.count(b"\n") - (channel == "level")
    assert [int(row["index"]) for row in found] == list(range(events))
    assert all(0 <= float(row["anomaly_score"]) <= 1 for row in found)
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) & 0o700 == 0o600


def test_a_number_far_from_all_others_is_an_alert_with_a_reason(run: Run, tmp_path: Path) -> None:
    (tmp_path / "input.csv").write_bytes(series())
    found = rows(run("score", "input.csv").stdout)
    assert found[390]["alert"] == "1"
    assert found[390]["why"].startswith("value ") and "usually" in found[390]["why"]
    assert float(found[390]["score"]) >= 3.6


def test_a_packed_file_and_standard_input_give_the_same_rows(run: Run, tmp_path: Path) -> None:
    # With so many lines the warm-up is the same whether the length is known or not.
    data = log(6000)
    (tmp_path / "plain.log").write_bytes(data)
    (tmp_path / "packed.log.gz").write_bytes(gzip.compress(data, mtime=0))
    plain = run("score", "plain.log").stdout
    assert len(rows(plain)) == 6000
    assert run("score", "packed.log.gz").stdout == plain
    assert run("score", "-", input=data).stdout == plain
    assert run("score", "-", input=gzip.compress(data, mtime=0)).stdout == plain


@pytest.mark.parametrize("arguments", [(), ("--encoder", "session", "--session", r"s\d+")])
def test_two_processes_give_the_same_bytes(run: Run, arguments: tuple[str, ...]) -> None:
    first = run("score", *arguments, "-", input=log(2000))
    assert first.returncode == 0, first.stderr
    assert len(first.stdout.splitlines()) > 400
    assert run("score", *arguments, "-", input=log(2000)).stdout == first.stdout


def test_the_first_rows_do_not_depend_on_what_follows(run: Run) -> None:
    data = series(1000)
    everything = run("score", "--explain", "-", input=data).stdout
    start = b"".join(data.splitlines(keepends=True)[:500])
    assert everything.startswith(run("score", "--explain", "-", input=start).stdout)


def test_sessions_have_a_row_each(run: Run) -> None:
    result = run("score", "--encoder", "session", "--session", r"s\d+", "-", input=log(400))
    assert sorted(row["session"] for row in rows(result.stdout)) == sorted(f"s{n}" for n in range(100))
    assert b"nothing names its sessions" in run("score", "--encoder", "session", "-", input=b"").stderr
    assert b"NG-1006" in run("score", "--encoder", "session", "--set", SET_EMPTY, "-", input=b"").stderr
    refused = run("score", "--encoder", "session", "--session", "(", "-", input=b"")
    assert (refused.returncode, b"NG-2104 flag --session" in refused.stderr) == (78, True), refused.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--encoder", "text"), b"--encoder"),
        (("--column", "a", "--explain"), b"--column, --explain"),
        (("--freeze-after", "0"), b"--freeze-after"),
    ],
)
def test_incidents_have_no_rows_to_speak_of(run: Run, options: tuple[str, ...], words: bytes) -> None:
    refused = run("score", "--incidents", *options, "-", input=log(10))
    assert refused.returncode == 2 and refused.stdout == b""
    assert b"NG-1006 score: expected no " + words + b" with --incidents" in refused.stderr
    assert run("score", "--incidents", "--session", r"s\d+", "-", input=log(400)).returncode == 0


def test_a_setting_takes_effect(run: Run, tmp_path: Path) -> None:
    (tmp_path / "input.csv").write_bytes(series())
    assert any(row["is_novel"] == "1" for row in rows(run("score", "input.csv").stdout))
    learning = run("score", "--set", "modules.intuition_engine.warm_up=400", "input.csv")
    assert all(row["is_novel"] == "0" for row in rows(learning.stdout))
    assert run("score", "--set", "nonsense", "input.csv").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "data", "code", "expected"),
    [
        ((), b"value\n1\n2\nmany\n", 1, "NG-5302 input:4: expected a number, found many"),
        (("--column", "disk"), b"cpu,mem\n1,2\n", 1, "NG-5302 input:1: no column disk; there are cpu, mem"),
        (("--encoder", "json"), b"{}\n[1]\n", 1, "NG-5302 input:2: expected one JSON object, found [1]"),
        (("--encoder", "vector"), b"1,2\n", 1, "NG-5302 input:1: expected eight numbers"),
        ((), gzip.compress(b"value\n1\n" * 50, mtime=0)[:-9], 2, "NG-5301 input: "),
    ],
)
def test_wrong_input_is_named_and_leaves_what_was_there(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], data: bytes, code: int, expected: str
) -> None:
    (tmp_path / "input").write_bytes(data)
    (tmp_path / "out.csv").write_text("what was there")
    before = sorted(tmp_path.iterdir())
    result = run("score", *arguments, "input", "-o", "out.csv")
    assert result.returncode == code
    assert result.stderr.decode().startswith(expected), result.stderr
    assert (tmp_path / "out.csv").read_text() == "what was there"
    assert sorted(tmp_path.iterdir()) == before


def test_files_that_are_not_there_are_named(run: Run, tmp_path: Path) -> None:
    missing = run("score", "nowhere.csv")
    assert (missing.returncode, missing.stderr) == (2, b"NG-5301 nowhere.csv: No such file or directory\n")
    folder = run("score", ".")
    assert (folder.returncode, folder.stderr) == (2, b"NG-5301 .: Is a directory\n")
    (tmp_path / "input.csv").write_bytes(series())
    unwritable = run("score", "input.csv", "-o", "nowhere/out.csv")
    assert unwritable.returncode == 1
    assert unwritable.stderr.startswith(b"NG-5303 nowhere/out.csv: ")


def test_what_names_sessions_is_found_and_no_session_is_left_out(run: Run) -> None:
    lines = ("open req-{} now\n", "work is done on req-{} for user7\n", "close req-{}\n")
    data = "".join(line.format(10_000 + n) for n in range(1200) for line in lines).encode()
    found = run("score", "--encoder", "session", "-", input=data)
    given = run("score", "--encoder", "session", "--session", r"req-\d+", "-", input=data)
    assert (found.returncode, found.stdout) == (0, given.stdout), found.stderr


def test_after_the_baseline_a_fault_stays_an_alert(run: Run) -> None:
    chance = random.Random(4)
    lines = [f"{50 + chance.random() + (30 if n >= 1500 else 0):.3f}" for n in range(2500)]
    data = ("value\n" + "\n".join(lines) + "\n").encode()

    def alerts(*arguments: str) -> int:
        found = rows(run("score", *arguments, "-", input=data).stdout)
        return sum(row["alert"] == "1" for row in found[1500:])

    assert alerts("--freeze-after", "1500") > 990
    assert alerts() < 20
