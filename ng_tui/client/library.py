"""The engine for programs: `async with NeuroGraphClient(url) as client`."""

from __future__ import annotations

from pathlib import Path

from ng_tui.client.address import Address, Profiles


class NeuroGraphClient:
    """One engine, asked over HTTP and heard over a WebSocket."""

    def __init__(
        self,
        address: str | Address,
        *,
        token: str | None = None,
        token_file: str | Path | None = None,
        profiles: Profiles | None = None,
    ) -> None:
        raise NotImplementedError
