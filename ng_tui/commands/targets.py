"""Which engine a command speaks to: the one that a target names, or the one of this host when it serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ng_tui import _engine
from ng_tui.client import address
from ng_tui.client.address import Address, Way
from ng_tui.client.failures import BadAddress, Untrusted, unreachable
from ng_tui.client.unix_socket import connect
from ng_tui.config import Config
from ng_tui.connection import RemoteEngine
from ng_tui.errors import ConsoleError
from ng_tui.i18n import tr

LOCAL = "local"
"""The target that stands for the engine of this host, unless a profile has this name."""
PROBE_S = 1.0
"""Time in which a socket of this host must take a connection, seconds."""


def profiles(config: Config) -> dict[str, dict[str, str]]:
    """The named addresses of the configuration, as `address.resolve` takes them."""
    parts = {
        "token_file": config.texts("profile_tokens"),
        "ca_file": config.texts("profile_certificates"),
        "colour": config.texts("profile_colours"),
    }
    return {
        name: {"url": url} | {part: values[name] for part, values in parts.items() if name in values}
        for name, url in config.texts("profiles").items()
    }


def resolve(config: Config, target: str) -> Address:
    """The address that a person means: a profile, `local`, or what `address.resolve` takes. Raises ConsoleError."""
    named = profiles(config)
    return local(config) if target == LOCAL and LOCAL not in named else address.resolve(target, named)


def local(config: Config) -> Address:
    """The engine of this host, whether it serves or not. Raises ConsoleError when it is to have no socket."""
    path = _engine.socket_path(config.text("server.socket"))
    if path is None:
        raise BadAddress("NG-1201", tr("server.socket is none, so no engine can be reached on this host"))
    return address.resolve(f"unix:{path}")


def serving(config: Config) -> Address | None:
    """The engine of this host, when it serves. Raises Untrusted when somebody else may serve in its place."""
    path = _engine.socket_path(config.text("server.socket"))
    if path is None:
        return None
    failure = knock(path)
    if isinstance(failure, Untrusted):
        raise failure
    return address.resolve(f"unix:{path}") if failure is None else None


def running(config: Config, target: str | None) -> Address:
    """The engine that a target names; without one, that of this host, which must serve. Raises ConsoleError."""
    if target is not None:
        return resolve(config, target)
    found = local(config)
    if (failure := knock(found.socket)) is not None:
        raise failure
    return found


def knock(path: str) -> ConsoleError | None:
    """Why nobody serves a socket of this host, in one line, or nobody whom we trust; None when somebody does."""
    try:
        connect(path, PROBE_S).close()
    except Untrusted as failure:
        return failure
    except OSError as error:
        return unreachable(error, f"unix:{path}")
    return None


def short_names(found: Iterable[Address]) -> dict[str, Address]:
    """Engines by names that are short enough to stand before every event: the profile, else the host."""
    result: dict[str, Address] = {}
    for one in found:
        match one.way:
            case _ if "/" not in one.name:
                name = one.name
            case Way.UNIX:
                name = LOCAL
            case Way.SSH:
                name = one.host
            case _:
                name = one.url.partition("://")[2]
        count = sum(known == name or known.startswith(f"{name}#") for known in result)
        if one not in result.values():
            result[f"{name}#{count + 1}" if count else name] = one
    return result


def remote_engines(config: Config, found: Mapping[str, Address]) -> dict[str, RemoteEngine]:
    """How the console names engines: `found` is each one's address by the label of its client."""
    own = _engine.socket_path(config.text("server.socket"))
    named = config.texts("profiles")
    result = {}
    for label, one in found.items():
        is_local = one.way is Way.UNIX
        profile = one.name if one.name in named else ""
        target = "" if is_local and one.socket == own else one.name
        result[label] = RemoteEngine(local=is_local, target=target, profile=profile, colour=one.colour)
    return result
