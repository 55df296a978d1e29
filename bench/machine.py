"""The host and the commit that were measured."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from ng_tui import _engine


def describe(root: Path, command: Path) -> dict[str, str]:
    """Name and value of everything that a figure depends on."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(root),
        "command": version(command),
        "build": build(),
        "cpu": f"{cpu_model()}, {len(os.sched_getaffinity(0))} usable cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "load": " ".join(f"{value:.2f}" for value in os.getloadavg()) + " (1, 5, 15 min, before the run)",
    }


def build() -> str:
    """How the engine that is measured was built."""
    return "development, with checks" if _engine.is_development_build() else "release"


def commit(root: Path) -> str:
    """The commit, marked when files differ from it."""
    try:
        asked = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown (no git checkout)"


def version(command: Path) -> str:
    """What the measured command says of itself."""
    return subprocess.run([str(command), "--version"], check=True, capture_output=True, text=True).stdout.strip()


def cpu_model() -> str:
    """The processor as the kernel names it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown"
