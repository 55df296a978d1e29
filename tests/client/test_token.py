"""Credentials: where they come from, and what they allow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ng_tui.client import NeuroGraphClient
from ng_tui.client.address import resolve
from ng_tui.client.failures import Refused
from ng_tui.client.interface import LinkState
from ng_tui.client.remote import RemoteClient
from ng_tui.errors import EXIT_REFUSED
from tests.quiet import QUIET
from tests.server.engine import Engine

from .rig import live, until


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    one = Engine(tmp_path_factory.mktemp("engine"), *QUIET)
    yield one
    one.stop()


EVERYTHING = ("read:signals", "read:modules", "read:metrics", "read:guardian", "read:actions", "steer")


def key_of(engine: Engine, *scopes: str) -> str:
    """A new API key."""
    with engine.admin() as admin:
        answer = admin.post("/api/v1/api-keys", json={"name": "probe", "scopes": list(scopes)})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["api_key"])


async def test_a_token_opens_http_and_websocket(engine: Engine) -> None:
    async with NeuroGraphClient(engine.url, token=key_of(engine, *EVERYTHING)) as client:
        assert await client.modules.list()
        await client.modules.enable("signal_system")
        hello = (await anext(client.events())).hello
        assert hello is not None
        assert (hello.user or "").startswith("apikey_")


async def test_scopes_that_do_not_suffice_are_another_refusal_than_no_token(engine: Engine) -> None:
    async with NeuroGraphClient(engine.url, token=key_of(engine, "metrics:read")) as client:
        for attempt in (client.modules.disable("signal_system"), _all(client)):
            with pytest.raises(Refused) as caught:
                await attempt
            assert (caught.value.code, caught.value.exit_code, caught.value.hint) == ("NG-4102", EXIT_REFUSED, "")


async def _all(client: NeuroGraphClient) -> None:
    async for _ in client.events():
        pass


def test_a_token_file_is_read_anew_for_each_connection(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("ng_live_nonsense\n")
    client = RemoteClient(resolve("it", {"it": {"url": engine.url, "token_file": str(file)}}))
    client.start()
    try:
        until(lambda: client.link.state is LinkState.WAITING)
        assert "nonsense" not in client.link.why
        file.write_text(key_of(engine, *EVERYTHING) + "\n")
        client.reconnect()
        live(client)
        assert client.link.user.startswith("apikey_")
        assert client.link.refusal("steer") == ""
    finally:
        client.close()


def test_a_token_of_the_environment(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROGRAPH_TOKEN", key_of(engine, *EVERYTHING))
    client = RemoteClient(resolve(engine.url))
    client.start()
    try:
        live(client)
        assert client.link.user.startswith("apikey_")
    finally:
        client.close()
