"""Where files are kept, by the XDG rules."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

NAME = "neurograph-tui"
PROJECT_FILE = Path("neurograph-tui.toml")


def config_files() -> list[tuple[str, Path]]:
    """The configuration files from the weakest to the strongest: (kind, path). They need not exist."""
    return [
        ("system", Path("/etc") / NAME / "config.toml"),
        ("user", Path(platformdirs.user_config_dir(NAME)) / "config.toml"),
        ("project", PROJECT_FILE),
    ]


def format_folders(config_file: Path | None) -> list[Path]:
    """Where formats of logs are, from the weakest to the strongest: beside the configuration of the system, beside that
    of the person, and beside one that was named. They need not exist."""
    files = [path for kind, path in config_files() if kind != "project"]
    return [path.with_name("formats") for path in [*files, *([config_file] if config_file else [])]]


def state_dir() -> Path | None:
    """Flags, rule modes, the lock, copies and exports. None without a home, where the engine has no place for it."""
    if not (os.environ.get("XDG_STATE_HOME") or os.environ.get("HOME")):
        return None
    return Path(platformdirs.user_state_dir(NAME))


def themes_dir() -> Path:
    """The person's own themes."""
    return Path(platformdirs.user_config_dir(NAME)) / "themes"
