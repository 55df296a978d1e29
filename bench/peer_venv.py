"""The Python programs measured beside this project, in an environment of their own."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from report import Missing

SCRIPTS = Path(__file__).parent / "peers"


class Peers:
    """A virtual environment into which peers are installed when a row asks for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused: dict[str, str] = {}

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def program(self, name: str) -> Path:
        """One of the installed commands."""
        return self.folder / "bin" / name

    def install(self, *packages: str) -> Missing | None:
        """Installs packages; returns why not when they cannot be."""
        name = ", ".join(packages)
        if name not in self.refused:
            self.refused[name] = self._install(packages)
        return Missing(name, self.refused[name]) if self.refused[name] else None

    def version(self, package: str) -> str:
        """The installed version."""
        code = f"from importlib.metadata import version; print(version({package!r}))"
        asked = subprocess.run([str(self.python), "-c", code], check=True, capture_output=True, text=True)
        return asked.stdout.strip()

    def _install(self, packages: tuple[str, ...]) -> str:
        print(f"==> installing {', '.join(packages)} for comparison", file=sys.stderr, flush=True)
        if not self.python.exists():
            venv.create(self.folder, with_pip=True)
        pip = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        done = subprocess.run(pip, capture_output=True, text=True)
        said = done.stderr.strip().splitlines()
        return "" if done.returncode == 0 else said[-1] if said else f"pip ended with {done.returncode}"
