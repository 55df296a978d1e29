"""Engines for the tests of the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.quiet import QUIET

from .engine import Engine


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    """Starts engines with settings of the test's own, and ends them after it."""
    started: list[Engine] = []

    def make(*settings: str, **more: object) -> Engine:
        folder = tmp_path / f"engine{len(started)}"
        folder.mkdir()
        started.append(Engine(folder, *QUIET, *settings, **more))  # type: ignore[arg-type]
        return started[-1]

    yield make
    for engine in started:
        engine.stop()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for the tests of a module that change nothing that others look at."""
    one = Engine(tmp_path_factory.mktemp("engine"), *QUIET)
    yield one
    one.stop()
