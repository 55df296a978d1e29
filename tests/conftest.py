"""How the tests are shared out among the processes of `make test`.

Tests that share an engine of their file stay together in one process; any other test may run in any process. What
measures memory or time, or has a network of its own, has the mark `measures`: no two of these run at the same time.
"""

from __future__ import annotations

import gc

import pytest

MEASURES = "measures"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the tests in groups, and those that take longest first, so that the processes end together."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        if item.get_closest_marker(MEASURES):
            item.add_marker(pytest.mark.xdist_group(MEASURES))
        elif shares(item):
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
    items.sort(key=order)


def pytest_collection_finish() -> None:
    """What is loaded by now stays, so the garbage collector need not go through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def order(item: pytest.Item) -> int:
    """What cannot be shared out goes first, and the small change last."""
    if item.get_closest_marker(MEASURES):
        return 0
    return 1 if item.get_closest_marker("xdist_group") else 2


def shares(item: pytest.Item) -> bool:
    """Whether a test uses something of ours that is made once for several tests."""
    found = getattr(item, "_fixtureinfo").name2fixturedefs.values()  # noqa: B009
    return any(one.scope != "function" and one.baseid.startswith("tests") for several in found for one in several)
