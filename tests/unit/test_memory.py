"""Memory that was freed goes back to the system, however large a piece was freed before."""

from __future__ import annotations

import subprocess
import sys

import pytest

FLOOD = """
import sys
from ng_tui.commands.memory import give_back
if sys.argv[1] == "set":
    give_back()
def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) // 1024
large = bytearray(24 << 20)
del large
before = resident()
pieces, pins = [], []
for _ in range(400):
    pieces.append(bytearray(b"x") * (200 << 10))
    pins.append(bytearray(700))
pieces.clear()
print(resident() - before)
"""


@pytest.mark.measures
@pytest.mark.parametrize(("setting", "stays"), [("set", False), ("not set", True)])
def test_pieces_between_small_ones_that_stay_are_given_back(setting: str, stays: bool) -> None:
    done = subprocess.run([sys.executable, "-c", FLOOD, setting], capture_output=True, check=True, timeout=60)
    assert (int(done.stdout) > 40) is stays, f"{int(done.stdout)} MiB more than before"
