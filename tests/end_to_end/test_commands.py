"""Commands without a screen: configuration, flags, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import Run, records
from .terminal import COMMAND


def test_version_and_help_do_not_import_textual(run: Run) -> None:
    assert run("--version").stdout.startswith(b"neurograph-tui, version ")
    code = (
        "import sys; from ng_tui.cli import cli; cli(['-h'], standalone_mode=False); sys.exit('textual' in sys.modules)"
    )
    python = str(Path(COMMAND).parent / "python")
    assert subprocess.run([python, "-c", code], capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[ring]\ncapcity = 5\n", "2:1: unknown key capcity; did you mean capacity? in ring"),
        ("[ring\n", "1:6: not valid TOML"),
        ("[guardian.size_limit]\nlimit = -1\n", "2:1: guardian.size_limit.limit: expected a whole number"),
        ("[guardian.size_limt]\nlimit = 1\n", "did you mean guardian.size_limit?"),
        ('[alerts]\nx = "when level>=error then shout"\n', "alerts.x"),
        ('[filters]\nx = "levle>=error"\n', "did you mean level?"),
        ('[console]\nfilter = "levle>=error"\n', "did you mean level?"),
        ('[keys]\n"events.pawse" = "p"\n', "Did you mean events.pause?"),
        ('[keys]\n"events.pause" = "f"\n', "f is also the key of"),
        ('[server]\nlisten = ["0.0.0.0:9000"]\n', "can be reached from other hosts"),
        ('[profiles]\nshop = "gopher://shop"\n', "profiles.shop"),
    ],
)
def test_a_refused_configuration_exits_78_and_names_the_place(
    run: Run, tmp_path: Path, text: str, expected: str
) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(text)
    result = run("--config", str(file), "config", "validate")
    assert result.returncode == 78, result.stderr
    assert expected in result.stderr.decode()
    assert "broken.toml" in result.stderr.decode()
    assert b"Traceback" not in result.stderr


def test_a_certificate_that_cannot_be_read_is_refused(run: Run) -> None:
    both = ("--set", "server.tls_certificate=/none.pem", "--set", "server.tls_key=/none.pem")
    result = run(*both, "config", "validate")
    assert result.returncode == 78
    assert b"NG-2108 /none.pem: cannot be read as PEM certificates" in result.stderr


def test_configuration_layers_and_origins(
    run: Run, tmp_path: Path, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "neurograph-tui.toml").write_text("[ring]\ncapacity = 2000\n[console]\ntime_format = 'iso'\n")
    monkeypatch.setenv("NEUROGRAPH_RING__CAPACITY", "3000")
    shown = json.loads(run("config", "show", "--json").stdout)
    assert shown["ring.capacity"] == [3000, "environment NEUROGRAPH_RING__CAPACITY"]
    assert shown["console.time_format"] == ["iso", "neurograph-tui.toml:4:1"]
    shown = json.loads(run("--set", "ring.capacity=4000", "config", "show", "--json").stdout)
    assert shown["ring.capacity"] == [4000, "flag --set"]


def test_config_init_writes_a_valid_file_once(run: Run, home: dict[str, str]) -> None:
    assert run("config", "init").returncode == 0
    assert run("config", "validate").returncode == 0
    second = run("config", "init")
    assert second.returncode == 1
    assert b"--force" in second.stderr


@pytest.mark.parametrize(
    "arguments", [["--nonsense"], ["tail", "--for", "soon"], ["frobnicate"], ["--set", "x", "tail"]]
)
def test_usage_errors_exit_2(run: Run, arguments: list[str]) -> None:
    result = run(*arguments, input=b"")
    assert result.returncode == 2
    assert b"Traceback" not in result.stderr


def test_a_module_switched_off_stays_off_and_records_say_skipped(run: Run) -> None:
    assert run("modules", "disable", "intuition_engine").returncode == 0
    first = records(run("tail", "--json", input=b"hello\n").stdout)[0]
    assert first["detection"]["state"] == "skipped"  # type: ignore[index]
    assert run("modules", "enable", "intuition_engine").returncode == 0
    first = records(run("tail", "--json", input=b"hello\n").stdout)[0]
    assert first["detection"]["state"] == "learning"  # type: ignore[index]


def test_a_frozen_source_is_written_down_until_it_learns_again(run: Run, home: dict[str, str]) -> None:
    state = Path(home["XDG_STATE_HOME"]) / "neurograph-tui" / "state.json"

    def frozen() -> object:
        return json.loads(state.read_text())["frozen"]

    assert b"stdin frozen" in run("freeze", "stdin").stdout
    assert frozen() == ["stdin"]
    assert run("learn", "stdin").returncode == 0
    assert frozen() == []
    assert run("freeze", "").returncode == 1


def test_a_source_that_nobody_has_is_frozen_only_when_it_is_meant(run: Run) -> None:
    refused = run("--embedded", "freeze", "stdni")
    assert refused.returncode == 1
    assert b"no source is called stdni; did you mean stdin?" in refused.stderr and b"--future" in refused.stderr
    assert b"stdni is not known yet" in run("freeze", "stdni", "--future").stdout
    assert b"stdni learns again" in run("learn", "stdni").stdout


def test_a_switch_says_in_one_line_what_it_did(run: Run) -> None:
    for arguments, said in (
        (("modules", "disable", "intuition_engine"), b"intuition_engine switched off by "),
        (("modules", "enable", "intuition_engine"), b"intuition_engine switched on by "),
        (("guardian", "enforce", "bounds"), b"rule bounds set to enforce by "),
        (("guardian", "observe", "bounds"), b"rule bounds set to observe by "),
    ):
        output = run(*arguments).stdout
        assert output.startswith(said) and output.count(b"\n") == 1, (arguments, output)


def test_a_module_that_must_run_cannot_be_switched_off(run: Run) -> None:
    result = run("modules", "disable", "guardian")
    assert result.returncode == 1
    assert b"guardian cannot be switched off" in result.stderr
    assert b"did you mean guardian?" in run("modules", "disable", "gardian").stderr


def test_policy_file_rejects_long_lines_and_observe_flags_them(run: Run, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[size_limit]\nlimit = 100\nmode = "enforce"\n')
    data = b"short\n" + b"x" * 200 + b"\n"
    short, long = records(run("--policy", str(policy), "tail", "--json", input=data).stdout)
    assert short["verdict"]["outcome"] == "admit"  # type: ignore[index]
    assert long["verdict"] == {
        "outcome": "reject",
        "hit": {"rule": "size_limit", "clause": "limit", "observed": 200.0, "limit": 100.0},
        "objections": ["size_limit"],
    }
    assert run("guardian", "observe", "size_limit").returncode == 0
    _, long = records(run("--policy", str(policy), "tail", "--json", input=data).stdout)
    assert long["verdict"]["outcome"] == "flag"  # type: ignore[index]


def test_modules_and_guardian_list_what_they_measured(run: Run) -> None:
    modules = json.loads(run("modules", "--for", "1500ms", "--json").stdout)
    gateway = next(module for module in modules if module["id"] == "gateway")
    assert gateway["operations"] > 10
    guardian = json.loads(run("guardian", "--for", "1500ms", "--json").stdout)
    assert guardian["checked"] > 10


def test_recording_and_replaying_gives_the_same_records(run: Run, tmp_path: Path) -> None:
    data = b"".join(
        b'{"time":%d,"level":"warn","msg":"job %d","n":%d}\n' % (1_780_000_000 + i, i % 3, i) for i in range(2000)
    )
    live = records(run("tail", "--json", input=data).stdout)
    recorded = run("record", "incident.jsonl", input=data)
    assert recorded.returncode == 0, recorded.stderr
    assert (tmp_path / "incident.jsonl").stat().st_mode & 0o077 == 0
    replayed = records(run("replay", "incident.jsonl", "--json").stdout)
    times = ("received_ns", "time_ns")
    strip = [{key: value for key, value in record.items() if key not in times} for record in replayed]
    assert strip == [{key: value for key, value in record.items() if key not in times} for record in live]


def test_a_file_that_is_no_recording_is_named_with_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("hello\n")
    result = run("replay", "x.jsonl")
    assert result.returncode == 1
    assert b"NG-5202 x.jsonl:1" in result.stderr
    assert run("replay", "missing.jsonl").returncode == 2


def test_flags_survive_a_kill_at_any_moment(home: dict[str, str], run: Run) -> None:
    environment = {**os.environ, **home}
    state = Path(home["XDG_STATE_HOME"]) / "neurograph-tui" / "state.json"
    for round_number in range(12):
        wanted = "disable" if round_number % 2 else "enable"
        child = subprocess.Popen(
            [COMMAND, "modules", wanted, "signal_system"], env=environment, stderr=subprocess.DEVNULL
        )
        time.sleep(0.02 * round_number)  # The moment of the kill is what varies; nothing is waited for.
        child.send_signal(signal.SIGKILL)
        child.wait()
        if state.exists():
            json.loads(state.read_text())
    assert run("modules", "disable", "action_controller").returncode == 0
    assert json.loads(state.read_text())["enabled"]["action_controller"] is False


def test_timestamps_without_zone_follow_the_setting(run: Run) -> None:
    result = run("--set", "modules.gateway.assume_utc=true", "tail", "--json", input=b"2026-01-02 03:04:05 INFO x\n")
    assert records(result.stdout)[0]["time_ns"] == 1767323045_000_000_000


def test_interrupt_exits_130(home: dict[str, str]) -> None:
    with subprocess.Popen(
        [COMMAND, "tail"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env={**os.environ, **home}
    ) as child:
        assert child.stdout
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=10) == 130


@pytest.mark.parametrize("arguments", [["--version"], ["tail"], ["formats", "list"]])
@pytest.mark.parametrize("output", ["full", "closed"])
def test_output_that_cannot_be_written_is_told_in_one_line(
    home: dict[str, str], arguments: list[str], output: str
) -> None:
    redirected = '"$@" >/dev/full' if output == "full" else '"$@" >&-'
    command = ["sh", "-c", redirected, "sh", COMMAND, *arguments]
    done = subprocess.run(command, input=b"a line\n", stderr=subprocess.PIPE, env={**os.environ, **home}, timeout=60)
    why = b"No space left on device" if output == "full" else b"Bad file descriptor"
    assert (done.returncode, done.stderr) == (1, b"NG-1009 cannot write: " + why + b"\n")
