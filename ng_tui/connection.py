"""What is said of the connection to an engine: why something is refused, how fast bytes come, and to which engines.

Knows nothing of widgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ng_tui.client.interface import Link, LinkState
from ng_tui.i18n import tr

WINDOW = 2.0
"""Seconds over which the rate of bytes is measured."""


@dataclass(frozen=True)
class RemoteEngine:
    """An engine outside this process, as the console names it."""

    local: bool
    """On this host, through its Unix socket."""
    target: str = ""
    """What `--url` takes; empty for the engine that commands find by themselves."""
    profile: str = ""
    """The name that the person gave it; empty for a bare address."""
    colour: str = ""
    """A colour, or the name of a variable of the theme; empty for none."""


RemoteEngines = Mapping[str, RemoteEngine]
"""Engines by the label of their client. An engine in this process, and a recording, are not among them."""


@runtime_checkable
class Reconnecting(Protocol):
    """A client that makes its connection again when it breaks."""

    def reconnect(self) -> None:
        """Tries again now instead of later."""
        ...


@runtime_checkable
class Several(Protocol):
    """A client of several engines, of which one has the focus."""

    @property
    def focused(self) -> str:
        """Name of the engine that has the focus."""
        ...

    @property
    def names(self) -> list[str]:
        """Names of all engines."""
        ...

    def focus(self, name: str) -> None:
        """Gives the focus to another engine."""
        ...

    def links(self) -> dict[str, Link]:
        """How every connection stands."""
        ...


class Meter:
    """Bytes a second, from a count that only grows."""

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None
        self._rate: float | None = None

    def rate(self, total: int, now: float) -> float | None:
        """The rate of the latest whole window; None before the first. Times are those of `time.monotonic`."""
        if self._last is None or total < self._last[1]:
            self._last, self._rate = (now, total), None
        elif now - self._last[0] >= WINDOW:
            self._rate = (total - self._last[1]) / (now - self._last[0])
            self._last = (now, total)
        return self._rate


def refusal(link: Link, right: str) -> str:
    """Why an action that needs a right cannot be done now, as a sentence; empty when it can be tried.

    A recording answers for itself.
    """
    match link.refusal(right):
        case "forbidden":
            role = link.role.value if link.role is not None else ""
            return tr("the role {role} does not have the right {right}", role=role, right=right)
        case "offline" if link.state is not LinkState.ENDED or link.role is not None:
            return tr("not connected; commands are not queued")
        case _:
            return ""


def locked(link: Link, right: str) -> str:
    """The same as `refusal` in two words."""
    if not refusal(link, right):
        return ""
    return tr("read only") if link.state is LinkState.LIVE else tr("not connected")


def why_no_events(link: Link) -> str:
    """Why no events can come; empty when they can."""
    if link.role is not None and "read:signals" not in link.rights:
        text = tr("The role {role} does not have the right to read events.", role=link.role.value)
        return text + "\n" + tr("Screens 2 to 4 show what it may read.")
    if link.state in (LinkState.CONNECTING, LinkState.WAITING):
        return tr("There is no connection yet; events appear when there is one.")
    return ""


def split_source(source: str, hosts: Mapping[str, str] | tuple[str, ...]) -> tuple[str, str]:
    """The engine and the source in the name of a source, where several engines share a ring; no engine otherwise."""
    host, slash, rest = source.partition("/")
    return (host, rest) if slash and host in hosts else ("", source)
