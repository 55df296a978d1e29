"""`neurograph-tui serve` as a process, and other things that tests of serving engines need."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.quiet import QUIET, as_flags

from .terminal import COMMAND

SILENT = as_flags(QUIET)
"""Flags of a command whose engine hears only what a test tells it."""

SSH = """#!/bin/sh
# Stands in for ssh: runs the command of the other host here.
while [ "$1" != "--" ]; do shift; done
shift 2
exec sh -c "$*"
"""


class Serving:
    """Runs until `stop`. `said` is what was told at the start."""

    def __init__(self, home: dict[str, str], *options: str, arguments: tuple[str, ...] = ()) -> None:
        command = [COMMAND, *SILENT, *options, "serve", "--listen", "127.0.0.1:0", *arguments]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **home})
        self.said: list[str] = []
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.rstrip())
            if line.startswith("serving http"):
                break

    @property
    def url(self) -> str:
        """The address of HTTP."""
        return self.said[-1].removeprefix("serving ")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends it and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        if self.process.stderr is not None:
            self.process.stderr.close()
        return code


def fake_ssh(folder: Path) -> dict[str, str]:
    """An environment in which `ssh` runs its command on this host."""
    script = folder / "ssh"
    script.write_text(SSH)
    script.chmod(0o755)
    path = os.pathsep.join([str(Path(COMMAND).parent), os.environ["PATH"]])
    return {"NEUROGRAPH_SSH": str(script), "PATH": path}
