"""Themes: every TOML file of the package's folder and of the person's own; colours live nowhere else.

A file that cannot be used is a notice with file and line, never an end of the console.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from ng_tui.errors import EXIT_CONFIG, ConsoleError
from ng_tui.i18n import tr

FOLDER = Path(__file__).parent / "themes"
"""The themes of the package."""

FALLBACK = "night"
SIXTEEN_COLOURS = "ansi-dark"
"""The theme for terminals without colours of their own choice, and for `NO_COLOR`."""

LIMIT = 64 * 1024
"""Bytes of a theme file at most."""

ROLES = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "success",
    "warning",
    "error",
)

OURS: dict[str, str] = {
    "level-trace": "dim",
    "level-debug": "dim",
    "level-info": "foreground",
    "level-notice": "primary",
    "level-warn": "warning",
    "level-error": "error",
    "level-fatal": "error",
    "novelty-low": "dim",
    "novelty-mid": "secondary",
    "novelty-high": "accent",
    "verdict-flag": "warning",
    "verdict-reject": "error",
    "gap": "warning",
    "mark": "accent",
    "search-hit": "accent",
    "dim": "foreground",
    **{f"chart-{number}": ROLES[(number - 1) % 3] for number in range(1, 7)},
    **{f"src-{number}": ROLES[(number - 1) % 3] for number in range(1, 7)},
}
"""Variables of our own, each with the role or variable that stands in where a theme does not set it."""

_PLAIN = {"name", "label", "dark", "variables", *ROLES}


@dataclass(frozen=True)
class Loaded:
    """The themes that can be used, and what is wrong with the others."""

    themes: dict[str, Theme]
    """By name, in the order of the names; a person's theme replaces one of ours."""
    labels: dict[str, str]
    """What a person reads for each name."""
    problems: list[ConsoleError]
    """One for each file that cannot be used: file, line, what is wrong."""


def load_themes(user_folder: Path | None = None) -> Loaded:
    """Reads all themes. Never raises; without a folder of the person only those of the package."""
    themes: dict[str, Theme] = {}
    labels: dict[str, str] = {}
    problems: list[ConsoleError] = []
    for folder in (FOLDER, user_folder):
        if folder is None or not folder.is_dir():
            continue
        for path in sorted(folder.glob("*.toml")):
            try:
                theme, label = read_theme(path, folder)
            except ConsoleError as error:
                problems.append(error)
                continue
            themes[theme.name] = theme
            labels[theme.name] = label
    return Loaded(dict(sorted(themes.items())), labels, problems)


def choose(wanted: str, colour: bool, loaded: Loaded) -> str:
    """The theme to start with: the wanted one, else the nearest that works."""
    if not colour and SIXTEEN_COLOURS in loaded.themes:
        return SIXTEEN_COLOURS
    return wanted if wanted in loaded.themes else FALLBACK


def unknown(wanted: str, loaded: Loaded) -> ConsoleError | None:
    """What there is to say of a theme that is wanted and does not exist."""
    if wanted in loaded.themes:
        return None
    near = difflib.get_close_matches(wanted, loaded.themes, 1)
    names = ", ".join(loaded.themes)
    hint = tr("Did you mean {name}?", name=near[0]) if near else tr("Themes are {names}.", names=names)
    what = tr("there is no theme {name}", name=repr(wanted[:40]))
    return ConsoleError("NG-2302", what, where="console.theme", hint=hint, exit_code=EXIT_CONFIG)


def is_colour(text: str, loaded: Loaded) -> bool:
    """A colour, or a name that stands for one in every theme."""
    try:
        return text in {*ROLES, *OURS, *loaded.themes[FALLBACK].to_color_system().generate()} or bool(Color.parse(text))
    except ColorParseError:
        return False


def read_theme(path: Path, folder: Path) -> tuple[Theme, str]:
    """One theme and its label. Raises ConsoleError with file and line."""
    text = _read(path, folder)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, 0, str(error)) from None
    for key in table:
        _known(key, _PLAIN, path, text)
    name = _text(table, "name", path, text)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", name):
        raise _broken(path, _line(text, "name"), tr("name: small letters, digits and dashes, 32 at most"))
    dark = table.get("dark", True)
    if not isinstance(dark, bool):
        raise _broken(path, _line(text, "dark"), tr("dark: true or false"))
    colours: dict[str, Any] = {role: _colour(table, role, path, text) for role in ROLES}
    variables = table.get("variables", {})
    if not isinstance(variables, dict):
        raise _broken(path, _line(text, "variables"), tr("variables: a table of colours"))
    for key in variables:
        _known(key, set(OURS), path, text)
    own = {key: _colour(variables, key, path, text) for key in variables}
    ansi = any(colour.startswith("ansi_") for colour in (*colours.values(), *own.values()))
    theme = Theme(
        name=name, dark=dark, ansi=ansi, variables=_derived(colours, own, ansi=ansi, dark=dark), boost=None, **colours
    )
    return theme, str(table.get("label", name))[:60]


def default_variables(loaded: Loaded) -> dict[str, str]:
    """Our variables of the fallback theme, so that styles parse with any theme."""
    return {key: loaded.themes[FALLBACK].variables[key] for key in OURS}


def _derived(colours: dict[str, str], own: dict[str, str], *, ansi: bool, dark: bool) -> dict[str, str]:
    """All of our variables, those the file leaves out derived, and how textual's stock widgets use the roles."""
    values = dict(own)
    for key in OURS:
        seen = key
        while seen not in values and seen not in colours:
            seen = OURS[seen]
        values.setdefault(key, values.get(seen, colours.get(seen, colours["foreground"])))
    values |= {
        "block-cursor-background": colours["panel"],
        "block-cursor-foreground": colours["foreground"],
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": colours["panel"],
        "block-cursor-blurred-foreground": colours["foreground"],
        "border": values["dim"],
        "border-blurred": values["dim"],
        "input-cursor-background": colours["foreground"],
        "input-cursor-foreground": colours["background"],
        "scrollbar": values["dim"],
        "scrollbar-hover": colours["primary"],
        "scrollbar-active": colours["primary"],
        "scrollbar-background": colours["surface"],
        "scrollbar-background-hover": colours["surface"],
        "scrollbar-background-active": colours["surface"],
        "scrollbar-corner-color": colours["surface"],
    }
    if ansi:
        values |= {
            "ansi-background": "ansi_black" if dark else "ansi_white",
            "ansi-foreground": "ansi_white" if dark else "ansi_black",
            "input-selection-background": "ansi_blue",
            "input-selection-foreground": "ansi_bright_white",
            "screen-selection-background": "ansi_blue",
            "screen-selection-foreground": "ansi_bright_white",
            "block-hover-background": "ansi_bright_black",
        }
    return values


def _read(path: Path, folder: Path) -> str:
    """The text of a file that is a plain file inside the folder and not too large."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            inside = path.parent.resolve() == folder.resolve() and ".." not in path.parts
            if not inside or not path.is_file():
                raise _broken(path, 0, tr("not a plain file of the folder of themes"))
            data = file.read(LIMIT + 1)
    except OSError as error:
        what = tr("a link is not followed") if path.is_symlink() else (error.strerror or tr("cannot be read"))
        raise _broken(path, 0, what) from None
    if len(data) > LIMIT:
        raise _broken(path, 0, tr("larger than {limit} bytes", limit=LIMIT))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _broken(path, 0, tr("not UTF-8")) from None


def _colour(table: dict[str, Any], key: str, path: Path, text: str) -> str:
    value = _text(table, key, path, text)
    try:
        Color.parse(value)
    except ColorParseError:
        raise _broken(path, _line(text, key), tr("{key}: not a colour: {value}", key=key, value=value[:40])) from None
    return value


def _text(table: dict[str, Any], key: str, path: Path, text: str) -> str:
    value = table.get(key)
    if not isinstance(value, str):
        what = tr("{key} is missing", key=key) if value is None else tr("{key}: a text in quotes", key=key)
        raise _broken(path, _line(text, key), what)
    return value


def _known(key: str, known: set[str], path: Path, text: str) -> None:
    if key in known:
        return
    near = difflib.get_close_matches(key, known, 1)
    hint = tr("Did you mean {name}?", name=near[0]) if near else ""
    raise _broken(path, _line(text, key), tr("unknown key {key}", key=repr(key[:40])), hint)


def _line(text: str, key: str) -> int:
    """The line that sets a key, from 1; 0 when there is none."""
    pattern = re.compile(rf"\s*\[?\s*[\"']?{re.escape(key)}[\"']?\s*[\].=]")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 0)


def _broken(path: Path, line: int, what: str, hint: str = "") -> ConsoleError:
    where = f"{path.name}:{line}" if line else path.name
    return ConsoleError("NG-2301", what, where=where, hint=hint, exit_code=EXIT_CONFIG)
