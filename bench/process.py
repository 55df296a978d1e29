"""What a process used, as the kernel counts it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its living descendants, all threads; 0 when it is gone."""
    try:
        # The name in parentheses may hold spaces; the counted fields begin after it.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS + sum(cpu_seconds(int(child)) for child in children.split())


def peak_memory(pid: int) -> float:
    """Largest resident memory of a process so far, MiB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) / 1024 if found else 0.0


@dataclass(frozen=True)
class Held:
    """What a process holds now."""

    memory: float
    """Resident, MiB."""
    files: int
    """Open file descriptors."""
    threads: int


def held(pid: int) -> Held | None:
    """What a process holds now; None when it is gone."""
    try:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        files = len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None
    if "VmRSS" not in status:  # It has ended, and nobody has waited for it.
        return None
    return Held(int(status["VmRSS"].split()[0]) / 1024, files, int(status["Threads"]))


def thread_seconds(pid: int) -> dict[str, float]:
    """User and system time of each living thread of a process, by its name; threads of one name are added up."""
    found: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            before, _, after = task.read_text().rpartition(")")
        except OSError:  # The thread ended between the look at the folder and this one.
            continue
        name, fields = before.partition("(")[2], after.split()
        found[name] = found.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / TICKS
    return found
