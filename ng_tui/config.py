"""Gathers the layers of the configuration; the engine checks and merges them.

Order, the later over the earlier: defaults, system file, user file, project file, environment, flags.
"""

from __future__ import annotations

import glob
import grp
import os
import pwd
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ng_tui import _engine, paths
from ng_tui.errors import EXIT_CONFIG, EXIT_USAGE, ConsoleError, FilterError, engine_refused, together
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
    left_out: list[ConsoleError] = field(default_factory=list)
    """What is wrong with files that are left out: those of formats, and one of the project that others can write."""

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

    def list(self, path: str) -> list[str]:
        """A setting that is a list of texts."""
        value, _ = self.values[path]
        assert isinstance(value, list), path
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
    config, faults = examine(flags, environment)
    if faults:
        raise together(faults)
    return config


def examine(flags: Flags, environment: Mapping[str, str] = os.environ) -> tuple[Config, list[ConsoleError]]:
    """What of the layers is good, and every fault of the rest."""
    layers: list[Layer] = []
    left_out: list[ConsoleError] = []
    faults: list[ConsoleError] = []

    @contextmanager
    def noted() -> Iterator[None]:
        try:
            yield
        except ConsoleError as error:
            faults.append(error)

    for kind, file in paths.config_files():
        with noted():
            try:
                layers += filter(None, [read_file(file, owned=kind == "project")])
            except Exposed as why:
                left_out.append(why)
    unread: list[Fault] = []
    for folder in paths.format_folders(flags.config):
        formats, wrong = _engine.format_layers(folder)
        layers += formats
        unread += wrong
    if flags.config is not None:
        with noted():
            layers.append(named_file(flags.config))
    if flags.policy is not None:
        with noted():
            layers.append(policy_layer(flags.policy))
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX) and name not in NOT_SETTINGS:
            path = name.removeprefix(PREFIX).lower().replace("__", ".")
            layers.append(("value", f"environment {name}", path, value))
    for text in flags.settings:
        with noted():
            layers.append(setting_layer(text))
    config, refused = examined(layers)
    if chosen := chosen_sources(flags, config):
        config, refused = examined(layers + chosen)
    unread += _engine.format_faults([layer for layer in layers if layer[0] == "format"])
    config.left_out = left_out + [format_fault(*fault) for fault in unread]
    return config, faults + refused


def examined(layers: list[Layer]) -> tuple[Config, list[ConsoleError]]:
    """What the layers come to, and every fault of their values."""
    values, faults = _engine.examine_config(layers)
    return Config(layers, _resolved.decode(values)), engine_refused(faults).all if faults else []


def format_fault(code: str, place: str, what: str) -> ConsoleError:
    """What is wrong with the file of a format."""
    return ConsoleError(code, what, where=place, exit_code=EXIT_CONFIG)


class Exposed(ConsoleError):
    """A file that is left out, because somebody else could have written it."""

    def __init__(self, path: Path, what: str) -> None:
        hint = tr("make it yours alone, or name it: --config {path}", path=path)
        super().__init__("NG-2005", what, where=str(path), hint=hint, exit_code=EXIT_CONFIG)


def check_owner(path: Path, found: os.stat_result) -> None:
    """Raises Exposed when neither this user nor root owns the file or the link."""
    if found.st_uid not in {os.geteuid(), 0}:
        what = tr("left out: it belongs to uid {uid}, not to uid {me} nor root", uid=found.st_uid, me=os.geteuid())
        raise Exposed(path, what)


def check_writers(path: Path, found: os.stat_result) -> None:
    """Raises Exposed when others can write the file. A group that holds nobody but this user is no other."""
    mode = found.st_mode
    if mode & stat.S_IWOTH or (mode & stat.S_IWGRP and not is_own_group(found.st_gid)):
        raise Exposed(path, tr("left out: other users can write it, mode {mode}", mode=f"{stat.S_IMODE(mode):04o}"))


def is_own_group(gid: int) -> bool:
    """The group is the private one of this user, as many systems make it: of the same name, with nobody else in it."""
    try:
        group, me = grp.getgrgid(gid), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return group.gr_gid == me.pw_gid and group.gr_name == me.pw_name and set(group.gr_mem) <= {me.pw_name}


def named_file(path: Path) -> Layer:
    """A configuration file that must be there. Raises ConsoleError."""
    layer = read_file(path)
    if layer is None:
        raise ConsoleError("NG-2001", tr("no such file"), where=str(path), exit_code=EXIT_CONFIG)
    return layer


def resolve(layers: list[Layer]) -> dict[str, tuple[Value, str]]:
    """Every value with its origin, by dotted path. Raises ConsoleError with every fault."""
    try:
        return _resolved.decode(_engine.resolve_config(layers))
    except _engine.EngineError as error:
        raise engine_refused(error.args[0]) from None


def read_file(path: Path, *, owned: bool = False) -> Layer | None:
    """One configuration file; None when it does not exist. Raises ConsoleError.

    `owned`: whoever can write where it lies could steer us by it, so only this user and root may have put it there, a
    link to it included, and be able to change it. Else Exposed is raised.
    """
    try:
        if owned:
            check_owner(path, path.lstat())
        # A pipe would not be opened before somebody writes.
        with open(path, "rb", opener=lambda name, how: os.open(name, how | os.O_NONBLOCK)) as file:
            found = os.fstat(file.fileno())
            if owned:
                check_owner(path, found)
                check_writers(path, found)
            if not stat.S_ISREG(found.st_mode):
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
    return (*named_file(path)[:3], "guardian")


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
