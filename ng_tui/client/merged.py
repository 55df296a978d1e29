"""Several engines in one ring."""

from __future__ import annotations

from collections.abc import Mapping

from ng_tui.client.address import Address
from ng_tui.client.protocol import Link
from ng_tui.client.ring import EngineRing
from ng_tui.client.wire import Command, Frame


class MergedClient:
    """Records of all engines, views of the focused one; see `protocol.EngineClient`.

    The names of sources begin with the name of their engine and a slash.
    """

    ring: EngineRing

    def __init__(
        self, addresses: Mapping[str, Address], *, capacity: int = 1_000_000, saved: dict[str, str] | None = None
    ) -> None:
        """The first of `addresses` has the focus."""
        raise NotImplementedError

    @property
    def focused(self) -> str:
        """Name of the engine that has the focus."""
        raise NotImplementedError

    @property
    def names(self) -> list[str]:
        """Names of all engines, in the order given."""
        raise NotImplementedError

    def focus(self, name: str) -> None:
        """Gives the focus to another engine; its latest views come with the next `frames`."""
        raise NotImplementedError

    @property
    def label(self) -> str:
        """How the overview strip names the connection: the focused engine."""
        raise NotImplementedError

    @property
    def link(self) -> Link:
        """How the connection to the focused engine stands."""
        raise NotImplementedError

    def links(self) -> dict[str, Link]:
        """How every connection stands."""
        raise NotImplementedError

    def start(self) -> None:
        """Begins to connect to all. Raises ConsoleError when an address cannot be used at all."""
        raise NotImplementedError

    def frames(self, timeout_ms: int = 0) -> list[Frame]:
        """Views and answers of the focused engine, and the notices of all."""
        raise NotImplementedError

    def send(self, command: Command) -> int:
        """Sends a command to the focused engine and returns its number."""
        raise NotImplementedError

    def reconnect(self) -> None:
        """Tries every broken connection again now."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends all connections; may be called twice."""
        raise NotImplementedError
