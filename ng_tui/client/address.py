"""Where an engine is, and with which credentials it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

Profiles = Mapping[str, Mapping[str, str]]
"""Named addresses: fields `url`, and optionally `token_file`, `ca_file`, `colour`, `ssh_command`."""


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
    """The address that a person means by `text`: a URL, the path of a socket, or the name of a profile.

    Raises ConsoleError (exit code 2) for what is none of these, and for a URL with a password.
    """
    raise NotImplementedError


def default() -> Address:
    """The engine of this user on this host."""
    raise NotImplementedError
