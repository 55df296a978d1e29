"""What can go wrong between us and an engine elsewhere."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any

from ng_tui.client.wire import ErrorCode, ErrorFrame
from ng_tui.errors import EXIT_CONNECTION, EXIT_FAILURE, EXIT_REFUSED, EXIT_USAGE, ConsoleError, FilterError
from ng_tui.i18n import tr


class BadAddress(ConsoleError):
    """An address that cannot be used, whatever the network does (exit code 2)."""

    def __init__(self, code: str, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(code, what, where=where, hint=hint, exit_code=EXIT_USAGE)


class ConnectionFailed(ConsoleError):
    """The engine cannot be reached, or the connection broke (exit code 3). Trying again may help."""

    status: int | None = None
    """Status of HTTP; None when there was no answer."""
    retry_after_s: float | None = None
    """Seconds after which it may be asked again; None when that was not said."""
    was_sent = True
    """Some of a request may have arrived, as far as is known."""

    def __init__(self, code: str, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(code, what, where=where, hint=hint, exit_code=EXIT_CONNECTION)


class Untrusted(ConnectionFailed):
    """Another user may serve the socket, or does; nothing was sent to it."""


class BadAnswer(ConnectionFailed):
    """What answers is no engine, or one that speaks another version of the protocol (exit code 3)."""

    def __init__(self, what: str, *, where: str = "") -> None:
        super().__init__("NG-3314", what, where=where, hint=tr("check that the address is that of an engine"))


class Refused(ConsoleError):
    """The engine does not let us do this: no credentials, not valid ones, or too few rights (exit code 4)."""

    def __init__(self, what: str, *, where: str = "", known: bool = False) -> None:
        """`known`: the engine knows who we are, but our role does not allow it."""
        hint = "" if known else tr("give a token: its file in [profile_tokens] of a profile, or NEUROGRAPH_TOKEN")
        super().__init__("NG-4102" if known else "NG-4101", what, where=where, hint=hint, exit_code=EXIT_REFUSED)


class Declined(ConsoleError):
    """The engine has understood a request and does not carry it out (exit code 1)."""

    def __init__(
        self,
        word: str,
        what: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__("NG-3201", what, exit_code=EXIT_FAILURE)
        self.word = word
        """The engine's stable word for the reason, such as `NOT_FOUND` or `CONFLICT`."""
        self.status = status
        """Status of HTTP; None when it was asked over the WebSocket."""
        self.retry_after_s = retry_after_s
        """Seconds after which it may be asked again; None when the engine does not say."""
        self.details = details or {}
        """Further facts, such as how far a request was carried out before it was refused."""


def declined(error: ErrorFrame) -> ConsoleError:
    """The exception for a refusal that came over the WebSocket."""
    if error.code is ErrorCode.FORBIDDEN:
        return Refused(error.message, known="credentials" not in error.message)
    return filter_error(error.message) or Declined(error.code.value, error.message)


def filter_error(message: str) -> FilterError | None:
    """The refused filter that a message of the engine speaks of; None when it is about something else."""
    found = re.fullmatch(r"filter, column (\d+): (.*)", message, re.S)
    return FilterError(int(found[1]), found[2]) if found else None


def unreachable(error: BaseException, where: str) -> ConnectionFailed:
    """The exception for a connection that could not be made, or that broke off."""
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = tr("name its certificate authority: profile_certificates in the configuration, ca_file in Python")
        return ConnectionFailed("NG-3312", error.verify_message or str(error), where=where, hint=hint)
    if isinstance(error, ssl.SSLError):
        return ConnectionFailed("NG-3312", error.reason or str(error), where=where)
    if isinstance(error, FileNotFoundError) or (
        isinstance(error, ConnectionRefusedError) and where.startswith("unix:")
    ):
        # The place comes last, for whoever shows only the beginning: ssh hands this on as one line.
        return ConnectionFailed("NG-3311", tr("no engine serves {where}; neurograph-tui serve starts one", where=where))
    if isinstance(error, TimeoutError):
        return ConnectionFailed("NG-3311", tr("no answer in time"), where=where)
    text = error.strerror if isinstance(error, OSError) else None
    return ConnectionFailed("NG-3311", text or str(error) or type(error).__name__, where=where)
