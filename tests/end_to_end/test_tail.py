"""`tail` on standard input and on files: every line once, in order, whatever it holds."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

from .conftest import Run, records
from .terminal import COMMAND


def test_every_line_of_standard_input_becomes_one_record(run: Run) -> None:
    lines = [f"2026-01-02T03:04:05Z INFO worker: job {i} done in {i % 7} ms".encode() for i in range(30_000)]
    result = run("tail", "--json", input=b"\n".join(lines) + b"\n")
    assert result.returncode == 0, result.stderr
    found = records(result.stdout)
    assert [record["seq"] for record in found] == list(range(len(lines)))
    assert [record["raw"] for record in (found[0], found[-1])] == [lines[0].decode(), lines[-1].decode()]
    assert {record["level"] for record in found} == {"info"}
    assert len({record["detection"]["pattern"] for record in found}) == 1  # type: ignore[index]


def test_raw_returns_the_very_bytes(run: Run) -> None:
    data = b"plain\n\xff\xfe broken utf-8\n\x1b[31mred\x1b[0m\nno line end"
    result = run("tail", "--raw", input=data)
    assert result.stdout == data + b"\n"


def test_text_output_is_safe_for_a_terminal(run: Run) -> None:
    result = run("tail", input=b"a \x1b]52;c;aGk=\x07 b\r\n")
    assert b"\x1b" not in result.stdout
    assert b"^[]52;c;aGk=^G" in result.stdout


def test_filter_and_limit(run: Run) -> None:
    data = b"".join(b"%s %d\n" % (b"ERROR: bad" if i % 10 == 0 else b"INFO: good", i) for i in range(1000))
    result = run("tail", "--json", "--filter", "level>=error", "--limit", "7", input=data)
    assert [record["seq"] for record in records(result.stdout)] == [0, 10, 20, 30, 40, 50, 60]


def test_a_bad_filter_is_a_usage_error_with_its_column(run: Run) -> None:
    result = run("tail", "--filter", "level>=wrn", input=b"x\n")
    assert result.returncode == 2
    assert b"NG-1101 column 8" in result.stderr
    assert b"Traceback" not in result.stderr


def test_the_two_outputs_exclude_each_other(run: Run) -> None:
    assert run("tail", "--json", "--raw", input=b"").returncode == 2


def test_what_is_new_or_unusual_is_explained(run: Run) -> None:
    lines = [f"job {number} done in {number % 7} ms" for number in range(900)] + ["ERROR the disk is on fire"]
    result = run("tail", "--explain", "--filter", "source:stdin", input="\n".join(lines).encode())
    assert result.returncode == 0
    told = result.stdout.decode().splitlines()
    first = next(place for place, text in enumerate(told) if "[new]" in text)
    assert told[first + 1].startswith("    ") and "first seen" in told[first + 1]
    fire = next(place for place, text in enumerate(told) if "on fire" in text)
    assert "first seen" in told[fire + 1] and "nearest #" in told[fire + 1]
    assert sum(not text.startswith("    ") for text in told) == 901
    assert run("tail", "--explain", "--json", input=b"").returncode == 2


def test_a_closed_pipe_ends_quietly(home: dict[str, str]) -> None:
    environment = {**os.environ, **home}
    with subprocess.Popen(
        [COMMAND, "tail"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as child:
        assert child.stdin and child.stdout and child.stderr
        writer = threading.Thread(target=_pour, args=(child.stdin,), daemon=True)
        writer.start()
        child.stdout.readline()
        child.stdout.close()
        assert child.wait(timeout=20) == 0
        assert child.stderr.read() == b""
        writer.join()


def _pour(pipe: object) -> None:
    try:
        for i in range(1_000_000):
            pipe.write(b"line %d\n" % i)  # type: ignore[attr-defined]
        pipe.close()  # type: ignore[attr-defined]
    except (BrokenPipeError, ValueError):
        # What is left in the buffer has nowhere to go; closing the raw pipe keeps Python from trying again.
        pipe.raw.close()  # type: ignore[attr-defined]


def test_without_a_terminal_the_bare_command_is_tail(run: Run) -> None:
    result = run(input=b"hello there\n")
    assert result.returncode == 0
    assert b"hello there" in result.stdout


def test_rotated_under_load_no_line_is_lost_and_none_comes_twice(home: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.touch()
    command = [COMMAND, "--file", str(tmp_path / "app.log*"), "tail", "--json", "--filter", "type:log.**"]
    count, per_file = 20_000, 2_500
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env={**os.environ, **home}
    ) as child:
        assert child.stdout
        writer = threading.Thread(target=_write_rotating, args=(log, count, per_file))
        writer.start()
        seen: list[int] = []
        for line in child.stdout:
            text = line.decode().split('"text":"line number ', 1)
            if len(text) == 2:
                seen.append(int(text[1].split('"')[0].split(" ")[0]))
            if len(seen) >= count:
                break
        writer.join()
        child.terminate()
    assert sorted(seen) == list(range(count))


def _write_rotating(log: Path, count: int, per_file: int) -> None:
    """Writes numbered lines as fast as a busy service, and renames the file every `per_file` lines."""
    file = log.open("a")
    for number in range(count):
        if number and number % per_file == 0:
            file.close()
            for old in range(8, 0, -1):
                source = log.with_name(f"app.log.{old}")
                if source.exists():
                    source.rename(log.with_name(f"app.log.{old + 1}"))
            log.rename(log.with_name("app.log.1"))
            file = log.open("a")
        file.write(f"line number {number} end\n")
        if number % 50 == 0:
            file.flush()
            time.sleep(0.01)  # The pace of the writer, not a wait: 5 000 lines a second.
    file.close()


def test_a_file_that_is_not_there_is_waited_for_and_said(run: Run, tmp_path: Path) -> None:
    result = run("--file", "no-such.log", "--file", "*.none", "tail", "--for", "3s")
    assert result.returncode == 0, result.stderr
    assert sorted(result.stderr.decode().splitlines()) == [
        "waiting for *.none: no file matches yet",
        "waiting for no-such.log: it does not exist yet",
    ]


def test_a_file_whose_name_is_not_utf_8_is_followed(run: Run, tmp_path: Path) -> None:
    name = b"bad\xff\x1b[1].log"
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_text("one\n")
    for given in (os.fsdecode(name), "bad?*.log", r"bad\xff\x1b[[]1].log", r"bad\xff\x1b[1].log"):
        result = run("--file", given, "tail", "--json", "--limit", "1")
        assert result.returncode == 0, result.stderr
        (record,) = records(result.stdout)
        assert (record["source"], record["text"]) == (r"file:bad\xff\x1b[1].log", "one")
