"""Engines for the tests of clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.engine import Engine

from .rig import Log, Relay, logged

Start = Callable[..., tuple[Engine, Log]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts engines with a log each, and ends them after the test."""
    started: list[Engine] = []

    def make(*settings: str) -> tuple[Engine, Log]:
        engine, log = logged(tmp_path / f"engine{len(started)}", *settings)
        started.append(engine)
        return engine, log

    yield make
    for engine in started:
        engine.stop()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Log]]:
    """One engine and its log for the tests of a module."""
    engine, log = logged(tmp_path_factory.mktemp("engine"))
    yield engine, log
    engine.stop()


@pytest.fixture
def relayed(start: Start) -> Iterator[tuple[Engine, Log, Relay]]:
    """An engine that keeps no history, its log, and a relay to it."""
    engine, log = start("history.enabled=false")
    relay = Relay(engine)
    yield engine, log, relay
    relay.close()
