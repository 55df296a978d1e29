"""Gathers the layers of the configuration; the engine checks and merges them.

Order, the later over the earlier: defaults, system file, user file, project file, environment, flags.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ng_tui import _engine, paths
from ng_tui.errors import EXIT_CONFIG, EXIT_USAGE, ConsoleError, FilterError, engine_refused
from ng_tui.i18n import tr

PREFIX = "NEUROGRAPH_"
MAX_BYTES = 1 << 20

Value = bool | int | float | str | list[str]
Layer = tuple[str, str, str, str]
"""A part of a configuration: `("file", NAME, TEXT, TABLE)` or `("value", ORIGIN, PATH, TEXT)`, of which later ones win;
or the format of a log, `("format", PATH, TEXT, "")`."""
Fault = tuple[str, str, str]
"""What is wrong with the file of a format: code, place, what."""
_resolved = msgspec.json.Decoder(dict[str, tuple[Value, str]])

NOT_SETTINGS = ("NEUROGRAPH_TOKEN", "NEUROGRAPH_SSH")
"""Variables with our prefix that the clients of engines elsewhere read: a token, and the program in place of ssh."""

LIVE_SENSORS = ("host", "files", "journald", "heartbeat")
"""Sensors that piped standard input, or files named on the command line, replace unless they are asked for."""


@dataclass
class Flags:
    """What the command line says about the configuration."""

    config: Path | None = None
    policy: Path | None = None
    files: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    stdin: bool = False
    """Standard input is data."""


@dataclass
class Config:
    """The layers, and what they come to."""

    layers: list[Layer]
    values: dict[str, tuple[Value, str]] = field(default_factory=dict)
    format_faults: list[ConsoleError] = field(default_factory=list)
    """What is wrong with files of formats, which are left out."""

    def text(self, path: str) -> str:
        """A text value."""
        value = self.values[path][0]
        assert isinstance(value, str), path
        return value

    def number(self, path: str) -> int:
        """A whole number."""
        value = self.values[path][0]
        assert isinstance(value, int), path
        return value

    def texts(self, table: str) -> dict[str, str]:
        """A table whose names the person chose, such as `filters`."""
        prefix = table + "."
        return {
            path.removeprefix(prefix): str(value) for path, (value, _) in self.values.items() if path.startswith(prefix)
        }

    def refused(self, path: str, error: ConsoleError) -> ConsoleError:
        """The same error, as one of the value at a path; says where the value comes from."""
        where = f"{self.values[path][1]}: {path}" if path in self.values else error.where
        if isinstance(error, FilterError):
            where, error.code = f"{where}, {error.where}", "NG-2105"
        return ConsoleError(error.code, error.what, where=where, hint=error.hint, exit_code=EXIT_CONFIG)


def load(flags: Flags, environment: Mapping[str, str] = os.environ) -> Config:
    """Reads every layer and resolves them. Raises ConsoleError with every fault."""
    layers = [layer for _, path in paths.config_files() if (layer := read_file(path)) is not None]
    unread: list[Fault] = []
    for folder in paths.format_folders(flags.config):
        formats, faults = _engine.format_layers(folder)
        layers += formats
        unread += faults
    if flags.config is not None:
        layer = read_file(flags.config)
        if layer is None:
            raise ConsoleError("NG-2001", tr("no such file"), where=str(flags.config), exit_code=EXIT_CONFIG)
        layers.append(layer)
    if flags.policy is not None:
        layers.append(policy_layer(flags.policy))
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX) and name not in NOT_SETTINGS:
            path = name.removeprefix(PREFIX).lower().replace("__", ".")
            layers.append(("value", f"environment {name}", path, value))
    layers += [setting_layer(text) for text in flags.settings]
    config = Config(layers, resolve(layers))
    chosen = chosen_sources(flags, config)
    if chosen:
        config = Config(layers + chosen, resolve(layers + chosen))
    config.format_faults = [format_fault(*fault) for fault in unread + _engine.format_faults(layers)]
    return config


def format_fault(code: str, place: str, what: str) -> ConsoleError:
    """What is wrong with the file of a format."""
    return ConsoleError(code, what, where=place, exit_code=EXIT_CONFIG)


def resolve(layers: list[Layer]) -> dict[str, tuple[Value, str]]:
    """Every value with its origin, by dotted path. Raises ConsoleError with every fault."""
    try:
        return _resolved.decode(_engine.resolve_config(layers))
    except _engine.EngineError as error:
        raise engine_refused(error.args[0]) from None


def read_file(path: Path) -> Layer | None:
    """One configuration file; None when it does not exist. Raises ConsoleError."""
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConsoleError("NG-2002", tr("is not a regular file"), where=str(path), exit_code=EXIT_CONFIG)
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConsoleError("NG-2002", error.strerror or str(error), where=str(path), exit_code=EXIT_CONFIG) from None
    if len(data) > MAX_BYTES:
        what = tr("is larger than {limit} bytes", limit=MAX_BYTES)
        raise ConsoleError("NG-2002", what, where=str(path), exit_code=EXIT_CONFIG)
    try:
        return ("file", str(path), data.decode(), "")
    except UnicodeDecodeError as error:
        what = tr("is not UTF-8 at byte {position}", position=error.start)
        raise ConsoleError("NG-2002", what, where=str(path), exit_code=EXIT_CONFIG) from None


def policy_layer(path: Path) -> Layer:
    """A policy file: the tables of `guardian`, without that word."""
    layer = read_file(path)
    if layer is None:
        raise ConsoleError("NG-2001", tr("no such file"), where=str(path), exit_code=EXIT_CONFIG)
    return (*layer[:3], "guardian")


def setting_layer(text: str) -> Layer:
    """`--set path=value`. Raises ConsoleError."""
    path, equals, value = text.partition("=")
    if not equals or "." not in path:
        hint = tr("for example --set ring.capacity=200000")
        raise ConsoleError(
            "NG-1002", tr("expected TABLE.KEY=VALUE, found {text}", text=text), hint=hint, exit_code=EXIT_USAGE
        )
    return ("value", "flag --set", path.strip(), value.strip())


def file_pattern(name: str) -> str:
    r"""A file, a folder or a glob of the command line, as the sensor `files` reads it.

    What there is under exactly this name is meant, whatever its characters; a folder stands for the files in it. A byte
    that is not UTF-8 is `\xff`.
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    if not os.path.lexists(name):
        return text
    return glob.escape(os.path.join(text, "")) + "*" if os.path.isdir(name) else glob.escape(text)


def chosen_sources(flags: Flags, config: Config) -> list[Layer]:
    """Piped input or named files replace the live sensors, except those that a layer switches on by name."""
    layers: list[Layer] = []
    if not flags.stdin and not flags.files:
        return layers
    asked = {sensor for sensor in LIVE_SENSORS if config.values[f"sensors.{sensor}.enabled"][1] != "default"}
    origin = "piped standard input" if flags.stdin else "flag --file"
    if flags.stdin:
        layers.append(("value", origin, "sensors.stdin.enabled", "true"))
    if flags.files:
        listed = ", ".join(msgspec.json.encode(file_pattern(name)).decode() for name in flags.files)
        layers.append(("value", "flag --file", "sensors.files.paths", f"[{listed}]"))
        layers.append(("value", "flag --file", "sensors.files.enabled", "true"))
        if config.values["sensors.files.from"][1] == "default":
            layers.append(("value", "flag --file", "sensors.files.from", "beginning"))
        asked.add("files")
    layers += [
        ("value", origin, f"sensors.{sensor}.enabled", "false") for sensor in LIVE_SENSORS if sensor not in asked
    ]
    return layers
