"""The way over HTTPS."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ng_tui.client import NeuroGraphClient
from ng_tui.client.address import resolve
from ng_tui.client.failures import ConnectionFailed
from ng_tui.client.interface import LinkState
from ng_tui.client.remote import RemoteClient
from tests.quiet import QUIET
from tests.server.engine import Engine

from .rig import live, until


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that vouches for itself; its key lies beside it."""
    folder = tmp_path_factory.mktemp("certificate")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject]
    subprocess.run(
        [*command, "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Iterator[Engine]:
    key = certificate.with_name("key.pem")
    tls = (f"server.tls_certificate={certificate}", f"server.tls_key={key}")
    one = Engine(tmp_path_factory.mktemp("engine"), *QUIET, *tls)
    yield one
    one.stop()


def profiles(engine: Engine, certificate: Path | None) -> dict[str, dict[str, str]]:
    return {"it": {"url": engine.url} | ({"ca_file": str(certificate)} if certificate else {})}


async def test_a_certificate_that_is_known_is_trusted(engine: Engine, certificate: Path) -> None:
    assert engine.url.startswith("https://")
    async with NeuroGraphClient("it", profiles=profiles(engine, certificate)) as client:
        assert (await client.health()).version


def test_the_console_too(engine: Engine, certificate: Path) -> None:
    client = RemoteClient(resolve("it", profiles(engine, certificate)))
    client.start()
    try:
        live(client)
    finally:
        client.close()


async def test_a_certificate_that_nobody_vouches_for_is_refused(engine: Engine) -> None:
    async with NeuroGraphClient("it", profiles=profiles(engine, None)) as client:
        for attempt in (client.health(), anext(client.events())):
            with pytest.raises(ConnectionFailed, match="ca_file") as caught:
                await attempt
            assert caught.value.code == "NG-3312"
    console = RemoteClient(resolve("it", profiles(engine, None)))
    console.start()
    try:
        until(lambda: console.link.state is LinkState.WAITING)
        assert "self-signed certificate" in console.link.why
    finally:
        console.close()


async def test_http_to_an_engine_that_speaks_https_is_told(engine: Engine) -> None:
    async with NeuroGraphClient(engine.url.replace("https", "http")) as client:
        for attempt in (client.health(), anext(client.events())):
            with pytest.raises(ConnectionFailed):
                await attempt
