"""What every row may use: places, the input, programs, and how often to repeat."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ParamSpec

import lines
from peer_venv import Peers

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "bench"
sys.path.insert(1, str(ROOT))  # What compares a screen with what was drawn is shared with the tests.
LINES = 1_000_000
LONGEST = 600.0
"""Seconds after which a single measurement is given up."""

P = ParamSpec("P")


@dataclass
class Context:
    """One run of the bench."""

    temporary: Path
    """A folder that is removed at the end of the run."""

    log: Path | None
    """A log file given by the person, in place of generated lines."""

    asked_repeats: int | None
    """Rounds of every measurement that is repeated, as the person asked; None leaves it to the row."""

    asked_seconds: float | None
    """Length of a measuring interval, as the person asked; None leaves it to the row."""

    command: Path
    """The installed `neurograph-tui`."""

    programs: dict[str, Path] = field(default_factory=dict)
    """Examples of the engine that are compiled already."""

    @property
    def repeats(self) -> int:
        """Rounds of what says nothing else."""
        return self.rounds(5)

    def rounds(self, usual: int) -> int:
        """Rounds, where a row has a usual number of its own."""
        return self.asked_repeats or usual

    def seconds(self, usual: float) -> float:
        """Length of a measuring interval, where it is usually so long."""
        return self.asked_seconds or usual

    @cached_property
    def peers(self) -> Peers:
        """The environment of the Python peers, made at first use."""
        return Peers(HERE / ".venv")

    @cached_property
    def million(self) -> Path:
        """A file of `LINES` lines."""
        path = self.temporary / "million.log"
        lines.write_log(path, LINES, repeat=self.log)
        return path

    @cached_property
    def payload(self) -> str:
        """What `million` holds, in words."""
        size = self.million.stat().st_size / 1e6
        what = f"{self.log.name}, repeated" if self.log is not None else "generated HDFS-like lines"
        return f"{LINES:,} lines, {size:.0f} MB, {what}"

    @cached_property
    def requests(self) -> Path:
        """A file of lines without a time, for `feed.py` to put the present one before them."""
        path = self.temporary / "requests.log"
        path.write_text("".join(f"{line}\n" for line in lines.requests()))
        return path

    def neurograph(self, *arguments: str, name: str = "state") -> list[str]:
        """The command line of `neurograph-tui` with a fresh state directory, named where several run at a time."""
        state = self.temporary / name
        shutil.rmtree(state, ignore_errors=True)
        return [str(self.command), "--state-dir", str(state), *arguments]

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment of measured programs: a plain local terminal and nobody's settings."""
        foreign = ("NEUROGRAPH_", "TEXTUAL", "SSH_", "TMUX", "XDG_", "LC_")
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(foreign) and name != "NO_COLOR"
        }
        home = self.temporary / "home"
        home.mkdir(exist_ok=True)
        return kept | {"HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}

    def example(self, name: str, *arguments: str) -> Mapping[str, Any]:
        """Runs an example of the engine, such as `step_rate`, and returns what it measured."""
        if name not in self.programs:
            self.programs[name] = compiled(name)
        return run_json([str(self.programs[name]), *arguments])


def compiled(name: str) -> Path:
    """An example of the engine, compiled. Raises CalledProcessError when it does not compile."""
    say(f"compiling {name}")
    build = ["cargo", "build", "--release", "--package", "ng-core", "--example", name]
    made = subprocess.run([*build, "--message-format=json"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    for line in made.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == name:
            return Path(message["executable"])
    raise RuntimeError(f"cargo named no executable for {name}")


def run_json(command: list[str], **options: Any) -> Mapping[str, Any]:
    """Runs a command that prints one JSON object. Raises CalledProcessError when it fails, TimeoutExpired."""
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=LONGEST, **options)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def repeat(times: int, measure: Callable[P, float], *args: P.args, **kwargs: P.kwargs) -> list[float]:
    """The results of several rounds."""
    return [measure(*args, **kwargs) for _ in range(times)]


def say(text: str) -> None:
    """Tells what is going on, on stderr."""
    print(f"==> {text}", file=sys.stderr, flush=True)
