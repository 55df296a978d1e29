"""Commands around an engine that serves: serve, proxy, emit, query, and the others when they speak to it."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .conftest import Run, records
from .serving import SILENT, Serving
from .terminal import COMMAND

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def serving(home: dict[str, str]) -> Iterator[Serving]:
    """An engine that serves at the usual place of this home."""
    one = Serving(home)
    yield one
    one.stop()


def test_it_says_what_it_serves_and_ends_by_a_signal(home: dict[str, str], tmp_path: Path) -> None:
    path = Path(home["XDG_RUNTIME_DIR"]) / "neurograph" / "engine.sock"
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        one = Serving(home)
        assert one.said[0] == f"serving unix:{path}"
        assert httpx.get(f"{one.url}/health/live", timeout=10).status_code == 200
        assert one.stop(number) == 0
        assert not path.exists()
    one = Serving(home, arguments=("--socket", str(tmp_path / "other.sock")))
    assert one.said[0] == f"serving unix:{tmp_path / 'other.sock'}"
    assert one.stop() == 0


def test_a_second_one_names_the_first(run: Run, serving: Serving, tmp_path: Path) -> None:
    second = run(*SILENT, "serve")
    assert second.returncode == 75 and str(serving.process.pid).encode() in second.stderr
    other = run(*SILENT, "--state-dir", str(tmp_path / "other"), "serve")
    assert other.returncode == 75 and b"another engine serves this socket" in other.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--listen", "everywhere"), b"expected ADDRESS:PORT"),
        (("--listen", "0.0.0.0:0"), b"can be reached from other hosts"),
        (("--set", "server.listen=[]", "--socket", "none"), b"NG-2107 flag --set: server.listen: there is nothing to"),
    ],
)
def test_an_address_that_cannot_be_served_is_refused(run: Run, arguments: tuple[str, ...], expected: bytes) -> None:
    ahead = arguments[:2] if arguments[0] == "--set" else ()
    result = run(*SILENT, *ahead, "serve", *arguments[len(ahead) :])
    assert result.returncode == 78 and expected in result.stderr and b"Traceback" not in result.stderr


def test_modules_and_guardian_speak_to_the_engine_that_serves(run: Run, serving: Serving) -> None:
    assert run("modules", "disable", "intuition_engine").returncode == 0
    for target in ((), ("--url", "local"), ("--url", "unix:")):
        listed = json.loads(run("modules", *target, "--json").stdout)
        assert next(one for one in listed if one["id"] == "intuition_engine")["enabled"] is False
    refused = run("modules", "disable", "guardian")
    assert refused.returncode == 1 and b"guardian cannot be switched off" in refused.stderr
    assert run("guardian", "enforce", "size_limit").returncode == 0
    rules = json.loads(run("guardian", "--json").stdout)["rules"]
    assert next(rule for rule in rules if rule["name"] == "size_limit")["mode"] == "enforce"
    anonymous = run("modules", "--url", serving.url, "enable", "intuition_engine")
    assert anonymous.returncode == 4 and b"NG-4101" in anonymous.stderr


def test_an_engine_of_its_own_is_asked_for_by_name(run: Run, serving: Serving) -> None:
    result = run("--embedded", "modules", "disable", "grid")
    assert result.returncode == 75 and str(serving.process.pid).encode() in result.stderr


def test_events_are_sent_and_looked_up(run: Run, serving: Serving) -> None:
    sent = run("emit", "deploy finished", "--type", "deploy.release", "--level", "warn", "--source", "ci")
    assert (sent.returncode, sent.stdout) == (0, b"accepted 1 event\n")
    sent = run("emit", "--json", input=b'plain line\n\n{"level":"error","msg":"no room","type":"disk.full"}\nlast')
    assert sent.returncode == 0 and json.loads(sent.stdout)["accepted"] == 3
    found = records(run("query", "--json", "source:http").stdout)
    assert [one["text"] for one in found] == ["deploy finished", "plain line", "no room", "last"]
    first = found[0]
    assert (first["type"], first["level"], first["source"]) == ("deploy.release", "warn", "http:ci")
    assert (found[2]["type"], found[2]["level"]) == ("disk.full", "error")
    newest = run("query", "--limit", "2", "source:http").stdout.decode().splitlines()
    assert len(newest) == 2 and newest[0].endswith("no room") and newest[1].endswith("last")
    onwards = records(run("query", "--json", "--limit", "1", f"--from-seq={found[1]['seq']}", "source:http").stdout)
    assert [one["text"] for one in onwards] == ["plain line"]
    wrong = run("query", "levle>=warn")
    assert wrong.returncode == 2 and b"did you mean level?" in wrong.stderr


def test_a_long_stream_is_sent_in_order(run: Run, serving: Serving) -> None:
    sent = run("emit", "--json", "--source", "bulk", input=b"".join(b"line %d\n" % n for n in range(5000)))
    assert json.loads(sent.stdout)["accepted"] == 5000
    found = records(run("query", "--json", "--limit", "9999", "source:bulk").stdout)
    assert [one["text"] for one in found] == [f"line {n}" for n in range(5000)]


def test_what_is_no_event_is_told_and_exits_1(run: Run, serving: Serving) -> None:
    sent = run("emit", input=b"good\n" + b"x" * (2 << 20) + b"\n")
    assert sent.returncode == 1 and b"accepted 1 event, rejected 1" in sent.stdout and b"event 2:" in sent.stderr
    assert run("emit", "--type", "deploy", "x").returncode == 2


def test_without_an_engine_they_say_so_in_one_line(run: Run) -> None:
    for arguments in (("emit", "x"), ("query",), ("proxy",), ("tail", "--url", "local"), ("modules", "--url", "local")):
        result = run(*arguments)
        assert result.returncode == 3 and not result.stdout, arguments
        said = result.stderr
        assert said.count(b"\n") == 1 and said.startswith(b"NG-3311 no engine serves unix:"), said
    result = run("query", "--url", "http://127.0.0.1:1")
    assert result.returncode == 3
    assert run("query", "--url", "gopher://x").returncode == 2


def test_connect_needs_a_terminal(run: Run) -> None:
    result = run("connect", "ssh://host")
    assert result.returncode == 2 and b"tail --url" in result.stderr


def test_tail_and_record_of_an_engine_elsewhere(run: Run, serving: Serving, home: dict[str, str]) -> None:
    with subprocess.Popen(
        [COMMAND, "tail", "--url", "local", "--json", "--limit", "3"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **home},
    ) as tail:
        try:
            while tail.poll() is None:
                assert run("emit", "one", "two", "three").returncode == 0
        finally:
            tail.kill()
        assert tail.stdout is not None
        assert len(records(tail.stdout.read())) == 3
    recorded = run("record", "--url", "local", "--for", "2s", "-")
    kinds = {next(iter(json.loads(line))) for line in recorded.stdout.splitlines()}
    assert recorded.returncode == 0 and {"modules", "guardian", "metrics"} <= kinds


def test_proxy_passes_bytes_both_ways(home: dict[str, str], serving: Serving) -> None:
    with subprocess.Popen(
        [COMMAND, "proxy"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **home}
    ) as proxy:
        assert proxy.stdin is not None and proxy.stdout is not None
        for _ in range(2):
            proxy.stdin.write(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            proxy.stdin.flush()
            assert proxy.stdout.readline() == b"HTTP/1.1 200 OK\r\n"
            while proxy.stdout.readline() != b"\r\n":
                pass
            assert isinstance(proxy.stdout, io.BufferedReader)
            body = b""
            while not body.endswith(b"}"):
                body += proxy.stdout.read1()
        proxy.stdin.close()
        assert proxy.wait(timeout=10) == 0


def test_proxy_ends_with_the_engine(home: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        proxy = subprocess.Popen(
            [COMMAND, "proxy", "--socket", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **home},
        )
        engine, _ = listener.accept()
        engine.sendall(b"good bye")
        engine.close()
        out, _ = proxy.communicate(timeout=10)
        assert out == b"good bye" and proxy.returncode == 0


def test_profiles_of_the_configuration(run: Run, serving: Serving, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("no token of this engine\n")
    (tmp_path / "neurograph-tui.toml").write_text(
        f'[profiles]\nnear = "unix:{serving.said[0].removeprefix("serving unix:")}"\nfar = "{serving.url}"\n'
        f'[profile_tokens]\nfar = "{token}"\n[profile_colours]\nnear = "error"\n'
    )
    assert run("modules", "--url", "near", "--json").returncode == 0
    unusable = run("modules", "--url", "far")
    assert unusable.returncode == 2 and b"NG-1203" in unusable.stderr
    unknown = run("modules", "--url", "fra")
    assert unknown.returncode == 2 and b"profiles are far, near" in unknown.stderr


def test_the_example_files_are_valid(run: Run) -> None:
    packaging = ROOT / "packaging"
    assert run("--config", str(packaging / "config.toml"), "config", "validate").returncode == 0
    unit = (packaging / "neurograph-engine.service").read_text()
    command = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    assert command.split()[0].endswith("/neurograph-tui") and command.split()[-1] == "serve"
    for option in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "RestartKillSignal=SIGHUP"):
        assert f"\n{option}\n" in unit, option
