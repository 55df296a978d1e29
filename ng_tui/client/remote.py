"""An engine elsewhere."""

from __future__ import annotations

from ng_tui import _engine
from ng_tui.client.address import Address
from ng_tui.client.protocol import Link
from ng_tui.client.ring import EngineRing
from ng_tui.client.wire import Command, Frame


class RemoteClient:
    """One engine over a connection that is made again whenever it breaks; see `protocol.EngineClient`."""

    ring: EngineRing

    def __init__(
        self,
        address: Address,
        *,
        capacity: int = 1_000_000,
        saved: dict[str, str] | None = None,
        ring: _engine.Ring | None = None,
        prefix: str = "",
    ) -> None:
        """`ring` is one to share with other engines; then `prefix` stands before the names of sources."""
        raise NotImplementedError

    @property
    def label(self) -> str:
        """How the overview strip names the connection: the name of the address."""
        raise NotImplementedError

    @property
    def link(self) -> Link:
        """How the connection stands now."""
        raise NotImplementedError

    def start(self) -> None:
        """Begins to connect and returns at once. Raises ConsoleError when the address cannot be used at all."""
        raise NotImplementedError

    def frames(self, timeout_ms: int = 0) -> list[Frame]:
        """Views, notices and answers since the last call; waits at most `timeout_ms` for the first."""
        raise NotImplementedError

    def send(self, command: Command) -> int:
        """Sends a command and returns its number; while not live it is refused at once with `NOT_READY`."""
        raise NotImplementedError

    def ask(self, command: Command, timeout_s: float = 5.0) -> None:
        """Sends a command, once connected, and waits for its answer. Raises ConsoleError."""
        raise NotImplementedError

    def subscribe(self, filter: str) -> RemoteStream:
        """A stream of all records that pass `filter`, over a connection of its own. Raises ConsoleError, FilterError."""
        raise NotImplementedError

    def reconnect(self) -> None:
        """Tries again now instead of at `link.retry_at`."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the connection; may be called twice."""
        raise NotImplementedError


class RemoteStream:
    """Records as they come; read like `_engine.Subscription`."""

    def read(self, max: int, timeout_ms: int, form: str) -> bytes | None:
        """Up to `max` records within `timeout_ms`, in a form as `_engine.Subscription.read` has; None at the end."""
        raise NotImplementedError
