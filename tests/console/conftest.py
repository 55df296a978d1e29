"""What every test of the console begins with."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ng_tui.kit.glyphs import use_glyphs


@pytest.fixture(autouse=True)
def _glyphs() -> Iterator[None]:
    """Each test draws with the glyphs of a good terminal, whatever the one before it had."""
    use_glyphs("braille")
    yield
    use_glyphs("braille")


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are those of one zone, wherever the test runs."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
