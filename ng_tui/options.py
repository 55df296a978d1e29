"""What the console is started with: the outcome of configuration and command line, without textual."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ng_tui.connection import RemoteEngines
from ng_tui.terminal.capabilities import Capabilities


@dataclass(frozen=True)
class Options:
    """How the console looks and behaves, and where it may write."""

    state_dir: Path
    """Private folder of this person: copies of what was copied, notices. Created with mode 0700 when needed."""
    export_dir: Path = field(default_factory=Path.cwd)
    """Where `export` writes files."""
    theme: str = "night"
    """Name of a theme; ignored when the terminal has no colours of its own."""
    theme_dir: Path | None = None
    """The person's folder of themes; absent when there is none."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Remapped keys: action id to a comma-separated list of keys."""
    filter: str = ""
    """The filter of the Events screen at start."""
    time_style: str = "clock"
    """`clock`, `iso`, `relative` or `delta`."""
    ignored_lints: tuple[str, ...] = ()
    """Ids of lints that are not shown."""
    link: str = "stock"
    """How what is drawn gets to the terminal: `thin`, `stock` or `auto`."""
    screen: str = "events"
    """The screen shown first."""
    remote_engines: RemoteEngines = field(default_factory=dict)
    """The engines outside this process."""
    capabilities: Capabilities = field(default_factory=Capabilities)
    """What the terminal can do."""
    debug: bool = False
    """Failures of the console itself are shown with a traceback."""
    now_ns: Callable[[], int] = time.time_ns
    """The clock, nanoseconds since 1970, UTC."""
    monotonic: Callable[[], float] = time.monotonic
    """The clock by which connections are timed, seconds."""
