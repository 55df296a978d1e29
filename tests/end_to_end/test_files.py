"""Files and folders as arguments."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Run
from .terminal import COMMAND, Terminal

LINE = "2026-11-30T08:00:00Z ERROR {}\n"


def texts(output: bytes) -> list[str]:
    """The messages of `tail --json`."""
    return [json.loads(line)["text"] for line in output.splitlines()]


@pytest.mark.parametrize("name", ["app.log", "app[1].log", "a*b?.log", "with blank", "-dash.log"])
def test_a_file_is_what_has_exactly_this_name(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(LINE.format("this one"))
    (tmp_path / "app1.log").write_text(LINE.format("another one"))
    (tmp_path / "axxbx.log").write_text(LINE.format("another one"))
    assert texts(run("tail", "--json", "--limit", "1", str(tmp_path / name)).stdout) == ["this one"]


def test_a_folder_stands_for_its_files_and_a_glob_for_what_matches(run: Run, tmp_path: Path) -> None:
    for name in ("one.log", "two.txt"):
        (tmp_path / name).write_text(LINE.format(name))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "three.log").write_text(LINE.format("three.log"))
    found = run("tail", "--json", "--limit", "2", str(tmp_path)).stdout
    assert sorted(texts(found)) == ["one.log", "two.txt"]
    assert texts(run("tail", "--json", "--limit", "1", str(tmp_path / "*.txt")).stdout) == ["two.txt"]


def test_several_files_are_merged_by_time_unless_told_otherwise(run: Run, tmp_path: Path) -> None:
    for name, seconds in (("web", (1, 3, 5)), ("db", (2, 4, 6))):
        lines = [f"2026-11-22T13:00:0{second}Z INFO {name} step {second}\n" for second in seconds]
        (tmp_path / f"{name}.log").write_text("".join(lines))
    files = [str(tmp_path / "web.log"), str(tmp_path / "db.log")]
    merged = ["web step 1", "db step 2", "web step 3", "db step 4", "web step 5", "db step 6"]
    tail = ("tail", "--json", "--limit", "6")
    assert texts(run(*tail, *files).stdout) == merged
    named = [word for file in files for word in ("--file", file)]
    assert texts(run(*named, *tail).stdout) == merged
    for asked in (
        run(*tail, "--order", "arrival", *files),
        run("--order", "arrival", *named, *tail),
    ):
        assert texts(asked.stdout) != merged
        assert sorted(texts(asked.stdout)) == sorted(merged)


def test_links_that_lead_back_do_not_hold_up_the_end(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "a"
    folder.mkdir(parents=True)
    for name in ("x", "y", "z"):
        (folder / name).symlink_to("..")
    (folder / "one.log").write_text(LINE.format("here"))
    assert texts(run("tail", "--json", "--limit", "1", str(tmp_path / "logs" / "**" / "*.log")).stdout) == ["here"]


def without_rights() -> None:
    """In a child of root: what others have closed is closed to it too."""
    if os.geteuid() == 0:
        drop, override, search = 24, 1, 2
        for capability in (override, search):
            assert ctypes.CDLL(None).prctl(drop, capability, 0, 0, 0) == 0


def test_a_folder_that_cannot_be_listed_is_told(home: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    (tmp_path / "open.log").write_text(LINE.format("here"))
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
        folder.chmod(0o700)
    else:
        folder.chmod(0)
    done = subprocess.run(
        [COMMAND, "tail", "--json", "--for", "4s", str(folder), str(tmp_path / "open.log")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        env={**os.environ, **home},
        preexec_fn=without_rights,
    )
    folder.chmod(0o700)
    assert texts(done.stdout) == ["here"], done.stderr
    assert f"cannot list {folder}: Permission denied" in done.stderr.decode(), done.stderr
    assert done.stderr.count(b"cannot list") == 1, done.stderr


def test_without_a_terminal_a_bare_file_is_printed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text(LINE.format("boom"))
    process = run("--set", "sensors.files.rescan_s=0.05", "tail", "--limit", "1", str(tmp_path / "app.log"))
    assert process.stdout.endswith(b"boom\n")


def test_the_console_opens_files(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    (tmp_path / "one.log").write_text(LINE.format("from the first"))
    (tmp_path / "two.log").write_text(LINE.format("from the second"))
    console = terminal(str(tmp_path / "one.log"), str(tmp_path / "two.log"))
    console.wait(lambda text: "from the first" in text and "from the second" in text)
    console.send("\x11")
    assert console.finish() == 0


def test_a_word_that_is_neither_a_command_nor_a_file_is_refused(run: Run) -> None:
    result = run("frobnicate")
    assert result.returncode == 2
    assert b"No such command 'frobnicate'" in result.stderr


def test_files_and_another_engine_exclude_each_other(run: Run, tmp_path: Path) -> None:
    result = run("tail", "--url", "http://127.0.0.1:9", str(tmp_path))
    assert result.returncode == 2
    assert b"an engine of its own" in result.stderr
