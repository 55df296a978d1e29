"""The console on a real engine: every screen shows what was measured, and switches do what they say."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .terminal import Terminal

LINES = b"".join(
    b"2026-01-02T03:04:%02dZ %s worker: job %d done in %d ms\n"
    % (i % 60, b"ERROR" if i % 100 == 7 else b"INFO", i, i % 9)
    for i in range(2000)
)


def piped(terminal: Callable[..., Terminal], data: bytes, *arguments: str, **more: object) -> Terminal:
    """A console whose standard input is a pipe with the data."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(data)
        os._exit(0)
    os.close(writer)
    console = terminal(*arguments, stdin=reader, **more)
    os.close(reader)
    return console


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
def test_every_screen_shows_real_data(terminal: Callable[..., Terminal], size: tuple[int, int]) -> None:
    console = piped(terminal, LINES, columns=size[0], rows=size[1])
    console.wait("2 000/2 000")
    console.wait("job 1999 done in")
    console.send("f")
    console.wait("esc Back")
    console.send("novelty>=3")
    console.wait(lambda text: any(" event" in line and "events/s" not in line for line in text.splitlines()[-2:-1]))
    console.send("\x1b")
    console.wait(lambda text: "esc Back" not in text)
    console.send("2")
    console.wait(lambda text: "intuition_engine" in text and "2 000" in text)
    console.send("3")
    console.wait(lambda text: "stdin" in text and "ended" in text and "total" in text)
    console.send("4")
    console.wait(lambda text: "checked 2 000" in text and "size_limit" in text)
    console.send("\x11")
    assert console.finish() == 0


def test_a_module_switched_off_stays_off(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("first line\n")
    console = terminal("--file", str(log))
    console.wait("first line")
    console.send("2")
    rows = [line for line in console.wait("● active intuition_engine").splitlines() if "● active" in line]
    place = next(index for index, line in enumerate(rows) if "intuition_engine" in line)
    console.send("j" * place)
    console.wait(lambda text: any(line.startswith("▌") and "intuition_engine" in line for line in text.splitlines()))
    console.send(" ")
    console.wait("Switch intuition_engine off?")
    console.send("y")
    console.wait(lambda text: any("○ off" in line and "intuition_engine" in line for line in text.splitlines()))
    with log.open("a") as file:
        file.write("second line\n")
    console.send("1")
    console.wait(lambda text: "second line" in text and "intuition_engine" in text)
    console.send("\x11")
    assert console.finish() == 0
    again = terminal("--file", str(log), rows=40)
    again.wait("second line")
    again.send("\r")
    again.wait("skipped")
    again.send("2")
    again.wait(lambda text: any("○ off" in line and "intuition_engine" in line for line in text.splitlines()))
    again.send("\x11")
    assert again.finish() == 0


def test_a_rule_rejects_explains_and_then_only_flags(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    policy, log = tmp_path / "policy.toml", tmp_path / "app.log"
    policy.write_text('[size_limit]\nlimit = 100\nmode = "enforce"\n')
    log.write_text("short\n" + "long " * 50 + "\n")
    console = terminal("--policy", str(policy), "--file", str(log))
    console.wait(lambda text: any("✗" in line and "long long" in line for line in text.splitlines()))
    console.send("4")
    console.wait("● enforce size_limit")
    console.send("i")
    text = console.wait(lambda text: "observed" in text and "limit      100" in text)
    assert "size_limit" in text and "250" in text
    console.send("\x1b")
    console.wait(lambda text: "limit      100" not in text)
    console.send(" ")
    console.wait("◐ observe size_limit")
    with log.open("a") as file:
        file.write("tall " * 50 + "\n")
    console.send("1")
    console.wait(lambda text: any("⚑" in line and "tall tall" in line for line in text.splitlines()))
    console.send("\x11")
    assert console.finish() == 0


def test_what_is_typed_ahead_goes_where_the_keys_lead(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    """Over a slow link `f`, a filter and enter arrive in one packet."""
    log = tmp_path / "app.log"
    log.write_text("".join(f"line {n} {'ERROR: bad' if n % 10 == 0 else 'INFO: good'}\n" for n in range(100)))
    console = terminal("--file", str(log))
    console.wait("100/100")
    console.send("flevel>=error\r")
    console.wait("filter level>=error  10/10")
    console.send("Ff\x15bad\r3")
    console.wait("[3 Metrics]")
    console.send("1/line 5\r")
    console.wait("filter bad")
