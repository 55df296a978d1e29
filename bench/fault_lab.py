"""Where faults are tried: fresh folders, chance with a seed, and what a scenario found."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from context import say
from daemon import Daemon
from oracle import Ledger, ReadBack, Verdict, judge, read_back

EVIDENCE = Path(tempfile.gettempdir()) / "faults-evidence"
"""Where the folder of an engine goes that has lost or spoilt something."""


@dataclass
class Extra:
    """A figure that one scenario has and others have not."""

    name: str
    values: list[float]
    unit: str
    most: float | None = None
    note: str = ""


@dataclass
class Outcome:
    """What a scenario found, over all its rounds."""

    name: str
    rounds: int = 0
    verdict: Verdict = field(default_factory=Verdict)
    restarts_ms: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    panics: int = 0
    extras: list[Extra] = field(default_factory=list)

    def close(self, daemon: Daemon) -> None:
        """Takes over what an engine showed over all its starts."""
        self.restarts_ms += daemon.restarts_ms
        self.peak_mib = max(self.peak_mib, daemon.peak_mib)
        self.panics += daemon.panics()


@dataclass
class Lab:
    """What a scenario may use."""

    binary: Path
    folder: Path
    repeats: int
    """Rounds of what has the usual number."""
    chance: Random
    made: int = 0

    def fresh(self, name: str) -> Path:
        """A folder that does not exist yet; the ones before with this name are removed."""
        for old in self.folder.glob(f"{name}-*"):
            shutil.rmtree(old)
        self.made += 1
        return self.folder / f"{name}-{self.made}"


def look(outcome: Outcome, daemon: Daemon, ledger: Ledger, before: int = 0) -> ReadBack:
    """Reads everything back and adds the verdict of a round; `before` are those acknowledged in rounds before it."""
    with daemon.client() as client:
        found = read_back(client)
    verdict = judge(ledger, found)
    if not verdict.is_good:
        keep_evidence(outcome.name, daemon, ledger, found, verdict)
    verdict.acknowledged -= before
    outcome.verdict.add(verdict)
    outcome.rounds += 1
    return found


def keep_evidence(name: str, daemon: Daemon, ledger: Ledger, found: ReadBack, verdict: Verdict) -> None:
    """Copies the folder of an engine, with what is wrong in words."""
    place = EVIDENCE / f"{time.strftime('%H%M%S')}-{name.replace(' ', '-').replace('/', '-')}"
    shutil.copytree(daemon.folder, place, ignore=shutil.ignore_patterns("*.sock"), dirs_exist_ok=True)
    if daemon.folder not in daemon.history.parents and daemon.history.exists():
        shutil.copytree(daemon.history, place / "history-elsewhere", dirs_exist_ok=True)
    lost = sorted(ledger.acknowledged - found.times.keys())
    twice = sorted(number for number, times in found.times.items() if times > 1)
    lines = [f"{verdict}", f"lost {lost[:200]}", f"twice {twice[:200]}", f"gaps {found.gaps[:200]}"]
    lines += [f"command {' '.join(daemon.command)}"] + [f"own {one['type']} {one['text']}" for one in found.own]
    (place / "verdict.txt").write_text("\n".join(lines) + "\n")
    say(f"faults: {name}: {verdict}; the folder is kept in {place}")


class NotPossible(Exception):
    """A scenario needs what this machine does not have, or this user may not."""


def need_tracer() -> None:
    """Raises NotPossible where there is no strace."""
    if shutil.which("strace") is None:
        raise NotPossible("strace is not installed (Debian: apt install strace)")


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """A file system of its own, in memory. Raises NotPossible where this process may not mount."""
    place.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        raise NotPossible("a small tmpfs cannot be mounted; root may")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)


def remount(place: Path, options: str) -> None:
    """Mounts it anew with other options, such as `ro`."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True, capture_output=True)
