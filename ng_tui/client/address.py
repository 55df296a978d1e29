"""Where an engine is, and with which credentials it is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from ng_tui import _engine
from ng_tui.client.failures import BadAddress
from ng_tui.i18n import tr

Profiles = Mapping[str, Mapping[str, str]]
"""Named addresses. Fields: `url`, and optionally `token_file`, `ca_file`, `colour`; others are left to the caller."""

SOCKET_BYTES = 107
"""Longest path of a Unix socket."""
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*|[0-9A-Fa-f:.%]+")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")


class Way(StrEnum):
    """How the bytes go."""

    UNIX = "unix"
    """A Unix socket of this host."""
    HTTP = "http"
    """HTTP or HTTPS."""
    SSH = "ssh"
    """A Unix socket of another host, through the program `ssh`."""


@dataclass(frozen=True)
class Address:
    """Where an engine is. Holds no secret: a token is read from its file when a connection is made."""

    name: str
    """How the screens name it: the name of its profile, or the address itself."""
    way: Way
    url: str = ""
    """`http://host:port` or `https://host:port`, without a path; only for `Way.HTTP`."""
    socket: str = ""
    """Path of the Unix socket, for `Way.SSH` on the other host; empty there = the default one."""
    host: str = ""
    """`host` or `user@host`; only for `Way.SSH`."""
    port: int | None = None
    """Port of the SSH server; None = as ssh is configured."""
    token_file: Path | None = None
    """File whose first line is the token."""
    ca_file: Path | None = None
    """Certificates to trust instead of those of the system, PEM."""
    colour: str = ""
    """Colour of the profile, as the console takes it; empty = none."""


def resolve(text: str, profiles: Profiles | None = None) -> Address:
    """The address that a person means by `text`: the name of a profile, a URL, or the path of a socket.

    Raises ConsoleError (exit code 2) for what is none of these, and for a URL with a password.
    """
    if profiles is not None and text in profiles:
        return _of_profile(text, profiles[text])
    if text.startswith("unix:"):
        path = text.removeprefix("unix:").removeprefix("//")
        return _socket(path) if path else default()
    scheme, colon, _ = text.partition("://")
    if colon:
        return _of_url(scheme.lower(), text)
    if "/" in text or text.endswith(".sock"):
        return _socket(text)
    raise BadAddress("NG-1201", tr("{text} is no address of an engine", text=text), hint=_forms(profiles))


def default() -> Address:
    """The engine of this user on this host. Raises ConsoleError where it can have no socket."""
    path = _engine.socket_path("")
    if path is None:
        raise BadAddress("NG-1201", tr("there is no place for a socket"), hint=_forms(None))
    return _socket(path)


def _forms(profiles: Profiles | None) -> str:
    forms = tr("expected unix:PATH, http://HOST:PORT, https://HOST:PORT or ssh://[USER@]HOST[:PORT][/SOCKET]")
    if profiles:
        forms += "; " + tr("profiles are {names}", names=", ".join(sorted(profiles)))
    return forms


def _of_profile(name: str, fields: Mapping[str, str]) -> Address:
    url = fields.get("url", "")
    if not url:
        raise BadAddress("NG-1201", tr("the profile has no url"), where=name, hint=_forms(None))
    files = {key: Path(fields[key]).expanduser() for key in ("token_file", "ca_file") if fields.get(key)}
    return replace(
        resolve(url), name=name, token_file=files.get("token_file"), ca_file=files.get("ca_file"),
        colour=fields.get("colour", ""),
    )  # fmt: skip


def _socket(text: str) -> Address:
    path = str(Path(text).expanduser().absolute())
    if len(path.encode(errors="surrogateescape")) > SOCKET_BYTES:
        what = tr("the path of a socket has at most {most} bytes", most=SOCKET_BYTES)
        raise BadAddress("NG-1201", what, where=f"unix:{path}")
    return Address(f"unix:{path}", Way.UNIX, socket=path)


def _of_url(scheme: str, text: str) -> Address:
    if scheme not in {"http", "https", "ssh"}:
        raise BadAddress("NG-1201", tr("{scheme}: is not spoken here", scheme=scheme), hint=_forms(None))
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadAddress("NG-1201", tr("the address cannot be read: {error}", error=error), hint=_forms(None)) from None
    if parts.password is not None or (scheme != "ssh" and parts.username is not None):
        if scheme == "ssh":
            hint = tr("use a key, or the agent of ssh")
        else:
            hint = tr("name a file with a token in [profile_tokens], or give a token with NEUROGRAPH_TOKEN")
        raise BadAddress("NG-1202", tr("a password does not belong into an address"), hint=hint)
    host = parts.hostname or ""
    if not _HOST.fullmatch(host):
        raise BadAddress("NG-1201", tr("the address names no host"), hint=_forms(None))
    if parts.query or parts.fragment:
        raise BadAddress("NG-1201", tr("an address ends before ? and #"), where=f"{scheme}://{host}", hint=_forms(None))
    return _ssh(parts, host, port) if scheme == "ssh" else _http(parts, host, port)


def _http(parts: SplitResult, host: str, port: int | None) -> Address:
    url = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{'' if port is None else f':{port}'}"
    if parts.path not in {"", "/"}:
        raise BadAddress("NG-1201", tr("the address of an engine has no path"), where=url, hint=_forms(None))
    return Address(url, Way.HTTP, url=url)


def _ssh(parts: SplitResult, host: str, port: int | None) -> Address:
    # A name that begins with a dash would be taken for an option of ssh; the expressions let none through.
    if parts.username is not None and not _USER.fullmatch(parts.username):
        raise BadAddress("NG-1201", tr("the address has a strange user name"), hint=_forms(None))
    target = host if parts.username is None else f"{parts.username}@{host}"
    socket = "" if parts.path in {"", "/"} else unquote(parts.path)
    shown = f"ssh://{target}{'' if port is None else f':{port}'}{socket}"
    return Address(shown, Way.SSH, host=target, port=port, socket=socket)
