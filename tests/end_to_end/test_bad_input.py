"""What a terminal says that cannot be read is dropped, and nothing else with it."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.end_to_end.terminal import Terminal

MOUSE = b"\x1b[<0;5;5M\x1b[<0;5;5m"


@pytest.mark.parametrize(
    "said",
    [
        b"\xe9x",
        b"\x1b[M \xff!",
        b"\x1b[48;30;100;0;0t" + MOUSE,
        b"\x1b[48;0;0;10;10t" + MOUSE,
        b"\x1b[97;1:3u",
        b"\x1b[1114112u",
    ],
    ids=["latin-1", "x10-mouse", "no-pixels", "no-cells", "kitty-event", "no-character"],
)
def test_the_console_goes_on(terminal: Callable[..., Terminal], said: bytes) -> None:
    console = terminal("--set", "sensors.journald.enabled=false", columns=100, rows=30)
    console.wait("[1 Events]")
    os.write(console.fd, said + b"3")
    console.wait("[3 Metrics]")
    console.resize(90, 28)
    os.write(console.fd, b"1")
    console.wait("[1 Events]")
    console.send("\x11")
    assert console.finish() == 0
    assert b"Traceback" not in console.raw
