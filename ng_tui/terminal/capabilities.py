"""What the terminal can draw and how fast its line is, judged from the environment alone.

Nothing here imports textual: it reads its variables when it is imported, so `prepare_environment` comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

GlyphSet = Literal["braille", "block", "ascii"]

MAX_FPS = 30
MAX_FPS_REMOTE = 15


@dataclass(frozen=True)
class Capabilities:
    """The terminal as the console treats it."""

    glyphs: GlyphSet = "braille"
    """Which characters charts, bars and signs are drawn with."""
    colour: bool = True
    """False: sixteen colours at most, so the theme is `ansi-dark`."""
    monochrome: bool = False
    """The person asked for no colour at all (`NO_COLOR`)."""
    remote: bool = False
    """The terminal is at the other end of SSH."""
    tmux: bool = False
    """A tmux stands between us and the terminal."""
    display: bool = False
    """A graphical desktop is reachable, so native clipboard tools work."""


def detect(environment: Mapping[str, str], glyphs: str = "auto") -> Capabilities:
    """Judges the terminal. `glyphs` is a glyph set, or `auto`; an unknown name counts as `auto`."""
    term = environment.get("TERM", "")
    chosen: GlyphSet
    if glyphs in get_args(GlyphSet):
        chosen = cast(GlyphSet, glyphs)
    elif term in {"linux", "dumb", ""} or not _speaks_utf8(environment):
        chosen = "ascii"
    elif term.startswith("vt") or term in {"cygwin", "ansi"}:
        chosen = "block"
    else:
        chosen = "braille"
    monochrome = bool(environment.get("NO_COLOR"))
    remote = bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))
    return Capabilities(
        glyphs=chosen,
        colour=not monochrome and term not in {"linux", "dumb", "vt100", "vt220", "ansi"},
        monochrome=monochrome,
        remote=remote,
        tmux=bool(environment.get("TMUX")),
        display=not remote and bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")),
    )


def prepare_environment(environment: MutableMapping[str, str]) -> Capabilities:
    """Sets the variables that textual reads when it is imported, and returns what was detected.

    What the person has set stays. `NO_COLOR` is taken out after it was noted: textual would answer it with 24-bit
    greys, while the console uses a theme of the terminal's own colours.
    """
    found = detect(environment)
    environment.pop("NO_COLOR", None)
    environment.setdefault("TEXTUAL_FPS", str(MAX_FPS_REMOTE if found.remote else MAX_FPS))
    environment.setdefault("TEXTUAL_ANIMATIONS", "none")
    if found.remote:
        environment.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    return found


def _speaks_utf8(environment: Mapping[str, str]) -> bool:
    """The locale's encoding is UTF-8; the first of the three variables that is set decides, as in libc."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := environment.get(name):
            return "utf-8" in value.lower() or "utf8" in value.lower()
    return False
