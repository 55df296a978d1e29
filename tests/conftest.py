"""How the tests are shared out among the processes of `make test`.

Tests that share an engine of their file stay together in one process; any other test may run in any process. What
measures memory or time, or has a network of its own, has the mark `measures`: no two of these run at the same time.
"""

from __future__ import annotations

import gc

import pytest

MEASURES = "measures"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the tests in groups, and those that take longest first, so that the processes end together.

    Before xdist reads the groups.
    """
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        if item.get_closest_marker(MEASURES):
            item.add_marker(pytest.mark.xdist_group(MEASURES))
        elif shares(item):
            item.add_marker(pytest.mark.xdist_group(item.location[0]))
    items.sort(key=order)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Sees that xdist took the groups, which it shows in the names of the tests; and spares the garbage collector.

    What is loaded by now stays, so it need not be gone through again and again.
    """
    if hasattr(session.config, "workerinput"):
        alone = [item for item in session.items if item.get_closest_marker(MEASURES)]
        assert all(item.nodeid.endswith(f"@{MEASURES}") for item in alone), "share out with --dist loadgroup"
    gc.collect()
    gc.freeze()


def order(item: pytest.Item) -> int:
    """What cannot be shared out goes first, and the small change last."""
    if item.get_closest_marker(MEASURES):
        return 0
    return 1 if item.get_closest_marker("xdist_group") else 2


def shares(item: pytest.Item) -> bool:
    """Whether a test uses something of ours that is made once for several tests."""
    found = getattr(item, "_fixtureinfo").name2fixturedefs.values()  # noqa: B009
    return any(one.scope != "function" and one.baseid.startswith("tests") for several in found for one in several)
