"""Several engines in one ring."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

import msgspec

from ng_tui import _engine
from ng_tui.client.address import Address
from ng_tui.client.embedded import local_zone
from ng_tui.client.failures import BadAddress
from ng_tui.client.inbox import view_of
from ng_tui.client.interface import Link
from ng_tui.client.remote import RemoteClient
from ng_tui.client.templates import RemoteRing, Templates
from ng_tui.client.wire import Command, Frame
from ng_tui.i18n import tr


class MergedClient:
    """Records of all engines, views of the focused one; see `interface.EngineClient`.

    The names of sources begin with the name of their engine and a slash.
    """

    ring: RemoteRing

    def __init__(
        self, addresses: Mapping[str, Address], *, capacity: int = 1_000_000, saved: dict[str, str] | None = None
    ) -> None:
        """The first of `addresses` has the focus. Raises ConsoleError when a name is not good for one."""
        for name in addresses:
            if not name or "/" in name:
                raise BadAddress("NG-1205", tr("the name of an engine is not empty, and has no slash"), where=name)
        ring, numbers = _engine.Ring(capacity, saved or {}, local_zone()), count(1)
        self._clients = {
            name: RemoteClient(address, capacity=capacity, ring=ring, prefix=f"{name}/", numbers=numbers)
            for name, address in addresses.items()
        }
        self._focused = next(iter(self._clients))
        self._views: dict[str, dict[str, Frame]] = {name: {} for name in self._clients}
        self._ready: list[Frame] = []
        self.ring = RemoteRing(ring)
        self.ring.templates_of = self._templates_of

    @property
    def focused(self) -> str:
        """Name of the engine that has the focus."""
        return self._focused

    @property
    def names(self) -> list[str]:
        """Names of all engines, in the order given."""
        return list(self._clients)

    def focus(self, name: str) -> None:
        """Gives the focus to another engine; its latest views come with the next `frames`."""
        assert name in self._clients, name
        self._focused = name
        # Views of the engine that had it must not come after these.
        self._ready = [frame for frame in self._ready if view_of(frame) is None]
        self._ready += self._views[name].values()

    @property
    def label(self) -> str:
        """How the overview strip names the connection: the focused engine."""
        return self._focused

    @property
    def link(self) -> Link:
        """How the connection to the focused engine stands."""
        return self._clients[self._focused].link

    def links(self) -> dict[str, Link]:
        """How every connection stands."""
        return {name: client.link for name, client in self._clients.items()}

    def start(self) -> None:
        """Begins to connect to all. Raises ConsoleError when an address cannot be used at all."""
        for client in self._clients.values():
            client.start()

    def frames(self) -> list[Frame]:
        """Views of the focused engine since the last call; notices and answers of all. Never waits."""
        frames, self._ready = self._ready, []
        for name, client in self._clients.items():
            for frame in client.frames():
                view = view_of(frame)
                if view is not None:
                    self._views[name][view] = frame
                if name == self._focused:
                    frames.append(frame)
                elif frame.notice is not None:
                    origin = f"{name}/{frame.notice.origin}"
                    frames.append(Frame(notice=msgspec.structs.replace(frame.notice, origin=origin)))
                elif view is None:
                    frames.append(frame)
        return frames

    def send(self, command: Command) -> int:
        """Sends a command to the focused engine and returns its number."""
        return self._clients[self._focused].send(command)

    def reconnect(self) -> None:
        """Tries every broken connection again now."""
        for client in self._clients.values():
            client.reconnect()

    def close(self) -> None:
        """Ends all connections; may be called twice."""
        for client in self._clients.values():
            client.close()

    def _templates_of(self, source: str) -> Templates | None:
        client = self._clients.get(source.partition("/")[0])
        return client.templates if client is not None else None
