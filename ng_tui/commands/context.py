"""What the options before a command mean for it."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from ng_tui import paths
from ng_tui.client.embedded import EmbeddedClient
from ng_tui.config import Config, Flags, load
from ng_tui.errors import ConsoleError
from ng_tui.i18n import tr
from ng_tui.text import safe_lines

ENGINE_TABLES = ("alerts.", "guardian.", "modules.", "reading.", "ring.", "sensors.")
"""Tables that speak of the engine itself. Setting one on the command line asks for an engine of its own."""


@dataclass
class Context:
    """The options that stand before the name of a command."""

    config_file: Path | None = None
    policy: Path | None = None
    files: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    state: Path | None = None
    debug: bool = False
    embedded: bool = False
    told_of_left_out: bool = False
    """What is wrong with files that are left out was told already."""

    @property
    def state_dir(self) -> Path:
        """The state directory. Raises ConsoleError."""
        if (folder := self.state or paths.state_dir()) is not None:
            return folder
        raise ConsoleError(
            "NG-3105",
            tr("there is no place for the state directory: neither is set"),
            where="XDG_STATE_HOME, HOME",
            hint=tr("set HOME or XDG_STATE_HOME to a folder of this user, or name the directory with --state-dir"),
        )

    @property
    def wants_own_engine(self) -> bool:
        """The command line asks for an engine in this process, or says something that only such a one would follow."""
        asks = self.embedded or bool(self.files) or self.policy is not None or self.state is not None
        return asks or any(text.strip().startswith(ENGINE_TABLES) for text in self.settings)

    def flags(self, *, stdin: bool = False) -> Flags:
        """What the command line says about the configuration. `stdin`: standard input is data."""
        return Flags(self.config_file, self.policy, self.files, self.settings, stdin)

    def config(self, *, stdin: bool = False) -> Config:
        """The configuration. `stdin`: standard input is data. Raises ConsoleError."""
        config = load(self.flags(stdin=stdin))
        if config.left_out and not self.told_of_left_out:
            self.told_of_left_out = True
            for fault in config.left_out:
                print(safe_lines(str(fault)), file=sys.stderr)
        return config

    def client(self, *, own_state: bool, stdin: bool = False) -> EmbeddedClient:
        """An engine in this process, not started. Raises ConsoleError."""
        return EmbeddedClient(self.config(stdin=stdin).layers, self.state_dir, own_state=own_state)


def stdin_is_data() -> bool:
    """Standard input is a pipe, a file or a socket: something to read, not a keyboard."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)
