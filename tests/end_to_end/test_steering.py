"""Switches and freezes: which source a name means, what changes nothing, and what is said where no engine runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Run, records
from .serving import Serving


@pytest.fixture
def serving(home: dict[str, str]) -> Iterator[Serving]:
    """An engine that serves at the usual place of this home."""
    one = Serving(home)
    yield one
    one.stop()


def frozen(run: Run) -> list[str]:
    """The sources that the engine says are frozen."""
    modules = json.loads(run("modules", "--json").stdout)
    gauges = next(one for one in modules if one["id"] == "intuition_engine")["gauges"]
    return [gauge["name"].removeprefix("frozen: ") for gauge in gauges if gauge["name"].startswith("frozen: ")]


def test_a_source_is_found_without_its_kind_while_one_has_the_name(run: Run, serving: Serving, tmp_path: Path) -> None:
    assert run("emit", "--source", "shopx", "hello").returncode == 0
    for name in ("shopx", "http:shopx"):
        said = run("freeze", name)
        assert said.returncode == 0, said
        assert said.stdout.startswith(b"http:shopx frozen" if name == "shopx" else b"http:shopx is frozen already"), (
            said
        )
    assert b"http:shopx is frozen already" in run("freeze", "shopx", "--future").stdout
    assert frozen(run) == ["http:shopx"]
    assert run("learn", "shopx").stdout.startswith(b"http:shopx learns again")
    assert run("learn", "shopx").stdout == b"http:shopx learns already\n"
    assert frozen(run) == []
    missed = run("freeze", "shopy")
    assert missed.returncode == 1 and b"no source is called shopy" in missed.stderr


def test_a_name_of_several_sources_is_refused_with_all_of_them(run: Run, serving: Serving) -> None:
    assert run("emit", "--source", "shopx", "hello").returncode == 0
    assert run("freeze", "file:shopx", "--future").returncode == 0
    for command in ("freeze", "learn"):
        result = run(command, "shopx")
        assert result.returncode == 2
        assert b"NG-1008 shopx is the name of several sources: file:shopx, http:shopx" in result.stderr
    assert frozen(run) == ["file:shopx"]


def test_what_changes_nothing_says_so(run: Run, serving: Serving) -> None:
    for arguments, first, again in (
        (
            ("modules", "disable", "signal_system"),
            b"signal_system switched off by ",
            b"signal_system is off already, and stays so",
        ),
        (
            ("modules", "enable", "signal_system"),
            b"signal_system switched on by ",
            b"signal_system is on already, and stays so",
        ),
        (
            ("guardian", "enforce", "bounds"),
            b"rule bounds set to enforce by ",
            b"rule bounds is set to enforce already, and",
        ),
    ):
        assert run(*arguments).stdout.startswith(first)
        second = run(*arguments)
        assert second.returncode == 0 and second.stdout.startswith(again), second
    unknown = run("modules", "enable", "signal_sistem")
    assert unknown.returncode == 1 and b"did you mean signal_system?" in unknown.stderr


def test_where_no_engine_runs_that_is_said(run: Run, home: dict[str, str]) -> None:
    nobody = f"no engine serves unix:{home['XDG_RUNTIME_DIR']}/neurograph/engine.sock; neurograph-tui serve starts one"
    for command in ("freeze", "learn"):
        result = run(command, "shopx")
        lines = result.stderr.decode().splitlines()
        assert result.returncode == 3, result
        assert lines[0] == f"NG-3311 {nobody}; whether shopx is a source is not known"
        assert lines[1:] == (["  --future freezes it for when it comes"] if command == "freeze" else [])
    for arguments in (
        ("freeze", "shopx", "--future"),
        ("modules", "disable", "signal_system"),
        ("guardian", "enforce", "bounds"),
    ):
        result = run(*arguments)
        assert result.returncode == 0 and result.stdout, result
        assert result.stderr.decode() == f"{nobody}; this holds from the next start\n"
    for arguments in (("modules", "--for", "1s"), ("guardian", "--for", "1s")):
        result = run(*arguments)
        assert result.returncode == 0
        assert result.stderr.decode() == f"{nobody}; measuring one in this process for 1 s …\n"
    assert run("--embedded", "modules", "--for", "1s").stderr.decode() == "measuring for 1 s …\n"


def test_operators_of_other_languages_are_told_and_searched_for(run: Run, serving: Serving) -> None:
    result = run("tail", "--json", "--filter", "refused and timeout", input=b"refused\nrefused and timeout\n")
    assert [record["text"] for record in records(result.stdout)] == ["refused and timeout"]
    assert result.stderr == b"filter: and is searched for; a blank means and: refused timeout\n"
    assert b"filter: && is searched for" in run("query", "a && b").stderr
    assert run("tail", "--filter", "refused timeout", input=b"x\n").stderr == b""
    wrong = run("query", "http:app")
    assert wrong.returncode == 2 and b"the source of this name is written source:http:app." in wrong.stderr
