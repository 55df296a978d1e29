"""How an address is reached: by which socket, with which certificates and which token."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ng_tui.client.address import Address, Way
from ng_tui.client.failures import BadAddress, ConnectionFailed, unreachable
from ng_tui.client.ssh import Forwarder, forward
from ng_tui.i18n import tr

VARIABLE = "NEUROGRAPH_TOKEN"
"""Environment variable with the token for engines that are reached over HTTP."""
TOKEN_BYTES = 8192


@dataclass(frozen=True)
class Reach:
    """An address with everything that its connections need."""

    address: Address
    base: str
    """Beginning of every URL: `http://host:port`. On a socket the host is `localhost`."""
    socket: str | None
    """Path of the Unix socket; None = the host of `base`."""
    tls: ssl.SSLContext | None
    forwarder: Forwarder | None = None
    given: str | None = None
    """A token that the caller has given; goes before a file."""

    @property
    def is_near(self) -> bool:
        """A socket or address of this host, for which no proxy is asked and nothing is compressed."""
        return self.socket is not None or urlsplit(self.base).hostname in {"localhost", "127.0.0.1", "::1"}

    def headers(self) -> dict[str, str]:
        """Headers with the credentials; a token file is read anew. Raises ConsoleError."""
        token = self.given or token_of(self.address)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def failed(self, error: BaseException) -> ConnectionFailed:
        """The exception for a connection that could not be made, or that broke off."""
        if isinstance(error, ConnectionFailed):
            return error
        if self.forwarder is not None and self.forwarder.said:
            return ConnectionFailed("NG-3313", self.forwarder.said, where=self.address.name)
        return unreachable(error, self.address.name)


@asynccontextmanager
async def reach(address: Address, token: str | None = None, *, ssh: str | None = None) -> AsyncIterator[Reach]:
    """Gets everything ready, without connecting. `ssh` = the program in place of `ssh`, with its options.

    Raises ConsoleError when a file that the address names cannot be used.
    """
    if token is not None:
        _check(token, "token")
    if address.way is Way.HTTP:
        yield Reach(address, address.url, None, certificates(address), given=token)
    elif address.way is Way.UNIX:
        yield Reach(address, "http://localhost", address.socket, None, given=token)
    else:
        async with forward(address, ssh) as forwarder:
            yield Reach(address, "http://localhost", forwarder.socket, None, forwarder, given=token)


def check(address: Address) -> None:
    """Raises ConsoleError when a file that the address names cannot be used."""
    token_of(address)
    certificates(address)


def token_of(address: Address, environment: Mapping[str, str] = os.environ) -> str | None:
    """The token for an address: from its file, or over HTTP from the environment; None = without credentials.

    On a socket this user is known without a token, and a wrong one would be refused. Raises ConsoleError.
    """
    if address.token_file is not None:
        return _read(address.token_file)
    token = environment.get(VARIABLE, "") if address.way is Way.HTTP else ""
    return _check(token, VARIABLE) if token else None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(TOKEN_BYTES)
    except OSError as error:
        raise BadAddress("NG-1203", error.strerror or str(error), where=str(path)) from None
    return _check(data.decode(errors="replace").partition("\n")[0].strip(), str(path))


def _check(token: str, where: str) -> str:
    """What could not stand in a header is no token. The message does not show it."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise BadAddress("NG-1203", tr("expected a token: one line of visible ASCII characters"), where=where)
    return token


def certificates(address: Address) -> ssl.SSLContext | None:
    """What an address is encrypted by, None without encryption. Raises ConsoleError."""
    if not address.url.startswith("https:"):
        return None
    try:
        return ssl.create_default_context(cafile=str(address.ca_file) if address.ca_file else None)
    except (OSError, ssl.SSLError) as error:
        what = tr("cannot be read as certificates: {error}", error=error.strerror or error)
        raise BadAddress("NG-1204", what, where=str(address.ca_file)) from None
