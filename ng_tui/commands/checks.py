"""What a start would refuse, leave out or ignore, found without one: all of it, for `config validate`.

What the layers say is checked where they are put together; here is what only the parts know that use the values. The
engine and the server name the first fault alone, so they are asked again without the value that they have named.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from ng_tui import _engine, keymap, paths, theme
from ng_tui.client.address import Address, Way
from ng_tui.client.embedded import EmbeddedClient
from ng_tui.client.reach import certificates, token_of
from ng_tui.commands import targets
from ng_tui.config import Config, Layer
from ng_tui.errors import EXIT_CONFIG, ConsoleError, engine_refused
from ng_tui.i18n import tr
from ng_tui.options import Options

PARTS = ("profile_certificates", "profile_colours", "profile_tokens")
"""Tables that say more of profiles, by their names."""
FIELDS = frozenset({"ca_file", "certificate", "color", "colour", "token", "token_file", "url"})
"""Last parts of names that show that somebody has given a profile a table of its own."""
ORIGIN = re.compile(r"[a-z][a-z0-9+.\-]*://(\[[0-9a-f:.]+\]|[a-z0-9._\-]+)(:[0-9]{1,5})?", re.I)
USUAL_PORT = {"http": 80, "https": 443}
"""Ports that browsers leave out of an origin."""
LISTEN = "server.listen"
HOST = re.compile(r"[A-Za-z0-9._\-]+")


def faults(config: Config, state_dir: Path) -> Iterator[ConsoleError]:
    """What is wrong with the values of a configuration."""
    yield from of_console(config)
    yield from of_engine(config, state_dir)
    yield from of_server(config)
    yield from of_profiles(config)


def warnings(layers: list[Layer]) -> Iterator[str]:
    """Rules that are valid and can never do anything, or hardly what was meant; a line each, which is not yet safe.

    Raises ConsoleError for one that is not valid.
    """
    try:
        found = _engine.config_warnings(layers)
    except _engine.EngineError as error:
        raise engine_refused(error.args[0]) from None
    for code, place, what in found:
        yield tr("warning: {code} {place}: {what}", code=code, place=place, what=what)


def of_console(config: Config) -> Iterator[ConsoleError]:
    """Keys and themes."""
    for one in keymap.faults(config.texts("keys")):
        yield config.refused(one.where, one)
    loaded = theme.load_themes(paths.themes_dir())
    yield from loaded.problems
    if (wrong := theme.unknown(config.text("console.theme") or Options.theme, loaded)) is not None:
        yield config.refused(wrong.where, wrong)


def of_engine(config: Config, state_dir: Path) -> Iterator[ConsoleError]:
    """Alert rules, sensors, the state directory."""

    def start(layers: list[Layer]) -> None:
        EmbeddedClient(layers, state_dir, own_state=False).close()

    yield from asked_again(config, start)


def of_server(config: Config) -> Iterator[ConsoleError]:
    """Addresses, certificate, the Unix socket, names and origins."""

    def check(layers: list[Layer]) -> None:
        try:
            _engine.Server.check(layers)
        except _engine.EngineError as error:
            raise engine_refused(error.args[0]) from None

    good = []
    for one in listed(config, LISTEN):
        found = list(asked_again(with_value(config, LISTEN, [one]), check))
        yield from (wrong := [error for error in found if error.what.startswith(LISTEN)])
        good += [] if wrong else [one]
    # Where none is left, nothing more is to be said of them.
    rest = config if good == listed(config, LISTEN) else with_value(config, LISTEN, good or ["127.0.0.1:0"])
    yield from asked_again(rest, check)
    if _engine.socket_path(config.text("server.socket")) is not None:
        try:
            targets.local(config)
        except ConsoleError as error:
            yield config.refused("server.socket", error)
    for text in listed(config, "server.origins"):
        if (expected := not_an_origin(text)) is not None:
            yield refused(config, "server.origins", expected)
    for text in listed(config, "server.hosts"):
        if HOST.fullmatch(text) is None:
            expected = tr("expected a name without a port, such as engine.example.org, found {text}", text=repr(text))
            yield refused(config, "server.hosts", expected)


def of_profiles(config: Config) -> Iterator[ConsoleError]:
    """Addresses elsewhere, and what else is said of them."""
    names = config.texts("profiles")
    for table in PARTS:
        for name in config.texts(table):
            if name not in names:
                near = get_close_matches(name, names, 1)
                hint = tr("Did you mean {name}?", name=near[0]) if near else tr("Profiles stand in [profiles].")
                yield refused(config, f"{table}.{name}", tr("no profile has this name"), "NG-2401", hint)
    for name in names:
        path = f"profiles.{name}"
        if name.rpartition(".")[2] in FIELDS:
            what = tr("a profile is one line, NAME = ADDRESS, and has no keys")
            hint = tr("Its token file stands in [profile_tokens], its colour in [profile_colours].")
            yield refused(config, path, what, "NG-2401", hint)
            continue
        if "/" in name:
            yield refused(config, path, tr("the name of a profile has no slash"), "NG-2401")
            continue
        try:
            address = targets.resolve(config, name)
        except ConsoleError as error:
            yield config.refused(path, error)
        else:
            yield from of_parts(config, name, address)


def of_parts(config: Config, name: str, address: Address) -> Iterator[ConsoleError]:
    """What the other tables say of a profile."""
    if address.token_file is not None:
        path = f"profile_tokens.{name}"
        try:
            token_of(address)
        except ConsoleError as error:
            yield refused(config, path, f"{error.where}: {error.what}", error.code)
        else:
            found = address.token_file.stat()
            # A file of root is shared with a group on purpose.
            if found.st_mode & (0o077 if found.st_uid else 0o007):
                mode = f"{stat.S_IMODE(found.st_mode):04o}"
                what = tr("{file}: other users can read it: mode {mode}", file=address.token_file, mode=mode)
                yield refused(config, path, what, "NG-1203", tr("expected mode 0600"))
    if address.ca_file is not None:
        path = f"profile_certificates.{name}"
        if address.way is not Way.HTTP or not address.url.startswith("https:"):
            yield refused(config, path, tr("the profile does not use HTTPS, so nothing is checked by it"), "NG-2401")
        else:
            try:
                certificates(address)
            except ConsoleError as error:
                yield refused(config, path, f"{error.where}: {error.what}", error.code)
    if address.colour and not theme.is_colour(address.colour, theme.load_themes()):
        colour = repr(address.colour)
        expected = tr(
            "expected a colour such as orange, or a name of the theme such as error, found {text}", text=colour
        )
        yield refused(config, f"profile_colours.{name}", expected)


def asked_again(config: Config, ask: Callable[[list[Layer]], None]) -> Iterator[ConsoleError]:
    """What is refused, each time without what was refused before: the value that leads the message, then its table."""
    values = dict(config.values)
    formats = [layer for layer in config.layers if layer[0] == "format"]
    while True:
        try:
            ask([*formats, *(layer_of(path, *pair) for path, pair in values.items() if pair[1] != "default")])
            return
        except ConsoleError as error:
            yield from error.all
            path = error.what.partition(": ")[0]
            if path in values and values[path][1] != "default":
                values.pop(path)
                continue
            table = f"{path.rpartition('.')[0]}."
            left = {path: pair for path, pair in values.items() if not path.startswith(table)}
            if len(left) == len(values) or table == ".":
                return
            values = left


def with_value(config: Config, path: str, value: list[str]) -> Config:
    """The configuration with another value at a path, from the same place."""
    return replace(config, values={**config.values, path: (value, config.values[path][1])})


def layer_of(path: str, value: object, origin: str) -> Layer:
    """A value with its place as a layer of its own."""
    return ("value", origin, path, msgspec.json.encode(value).decode())


def listed(config: Config, path: str) -> list[str]:
    """The texts of a list."""
    value = config.values[path][0]
    assert isinstance(value, list), path
    return value


def not_an_origin(text: str) -> str | None:
    """What was expected in place of a text that no browser sends as an origin; None for one that it does."""
    if text == "null":
        return None
    if ORIGIN.fullmatch(text) is None:
        return tr("expected an origin such as https://example.org, without a path, found {text}", text=repr(text))
    parts = urlsplit(text)
    if text.rpartition(":")[2] == str(USUAL_PORT.get(parts.scheme)):
        return tr("expected {text} without its port, which browsers leave out", text=text)
    return None


def refused(config: Config, path: str, what: str, code: str = "NG-2104", hint: str = "") -> ConsoleError:
    """A fault of the value at a path."""
    return config.refused(path, ConsoleError(code, what, hint=hint, exit_code=EXIT_CONFIG))
