"""Where files are kept, by the XDG rules."""

from __future__ import annotations

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


def state_dir() -> Path:
    """Flags, rule modes, the lock, copies and exports."""
    return Path(platformdirs.user_state_dir(NAME))


def themes_dir() -> Path:
    """The person's own themes."""
    return Path(platformdirs.user_config_dir(NAME)) / "themes"
