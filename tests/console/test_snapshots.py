"""Approved pictures of every screen, from a recording of a real engine. `make snapshots` approves new ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from ng_tui.app import ConsoleApp
from ng_tui.client.replay import ReplayClient
from ng_tui.options import Options
from ng_tui.screens import SCREENS
from ng_tui.terminal.capabilities import Capabilities

ROOT = Path(__file__).parents[2]
INCIDENT = ROOT / "tests" / "data" / "incident.jsonl.gz"
NOTHING = ROOT / "tests" / "data" / "nothing.jsonl"
WIDE, NARROW = (120, 40), (80, 24)


class Pictures(SVGImageExtension):
    """Pictures lie in snapshots/ under their own names, where the README shows them."""

    @classmethod
    def dirname(cls, *, test_location: Any) -> str:
        """The folder of the pictures."""
        del test_location
        return str(ROOT / "snapshots")

    @classmethod
    def get_snapshot_name(cls, *, test_location: Any, index: Any = 0) -> str:
        """The name given by the test."""
        del test_location
        return str(index)


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pictures show times of one zone, wherever they are made."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def settle(pilot: Pilot[int], client: ReplayClient) -> None:
    """Waits until the recording is played, examined and drawn."""
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    while not (client.ended and app._events.viewing.scanned >= 1.0 and app.state.metrics is not None):
        await pilot.pause(0.05)
    for _ in range(4):
        await pilot.pause(0.1)


async def picture(
    tmp_path: Path,
    size: tuple[int, int],
    keys: tuple[str, ...] = (),
    *,
    recording: Path = INCIDENT,
    filter: str = "@quiet",
    screen: str = "events",
    **more: Any,
) -> str:
    """The screen after some keys. The clock stands at the end of the recording."""
    client = ReplayClient(recording, saved={})
    client.start()
    app: ConsoleApp

    def now() -> int:
        metrics = app.state.metrics
        return metrics.time_ns if metrics is not None else 0

    app = ConsoleApp(client, Options(state_dir=tmp_path, screen=screen, filter=filter, now_ns=now, **more))
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot, client)
        app.clear_notifications()
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.15)
        await settle(pilot, client)
        svg = app.export_screenshot()
    client.close()
    return svg


def label(size: tuple[int, int]) -> str:
    """Such as 80x24."""
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("theme", ["night", "day"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=label)
@pytest.mark.parametrize("screen", [entry.id for entry in SCREENS])
async def test_every_screen(
    tmp_path: Path, snapshot: SnapshotAssertion, screen: str, size: tuple[int, int], theme: str
) -> None:
    svg = await picture(tmp_path, size, screen=screen, theme=theme)
    assert svg == snapshot(name=f"{screen}-{label(size)}-{theme}", extension_class=Pictures)


STATES: list[tuple[str, tuple[int, int], tuple[str, ...], dict[str, Any]]] = [
    ("events-empty", NARROW, (), {"recording": NOTHING}),
    ("events-filter", NARROW, (), {"filter": "!type:metric.** novelty>=2"}),
    ("events-filter-error", NARROW, ("f", *"levle>=warn"), {}),
    ("events-no-match", NARROW, (), {"filter": "nowhere"}),
    ("events-paused", NARROW, ("space", "k", "k"), {}),
    ("events-detail", WIDE, ("E", "enter"), {"filter": "@logs"}),
    ("events-detail", NARROW, ("E", "enter"), {"filter": "@logs"}),
    ("events-search", NARROW, ("slash", *"timeout", "enter"), {"filter": "@logs"}),
    ("help", NARROW, ("question_mark",), {}),
    ("palette", NARROW, ("ctrl+p", *"filter"), {}),
    ("modules-confirm", NARROW, ("space",), {"screen": "modules"}),
    ("modules-form", WIDE, ("j", "j", "j", "j", "j", "enter"), {"screen": "modules"}),
    ("guardian-explain", NARROW, ("i",), {"screen": "guardian"}),
    ("guardian-explain", WIDE, ("i",), {"screen": "guardian"}),
    ("events-high-contrast", NARROW, (), {"theme": "high-contrast"}),
    ("metrics-ascii", NARROW, (), {"screen": "metrics", "capabilities": Capabilities(glyphs="ascii", colour=False)}),
    ("events-60x15", (60, 15), (), {"filter": "@logs"}),
    ("too-small", (50, 10), (), {}),
]


@pytest.mark.parametrize(("name", "size", "keys", "more"), STATES, ids=[f"{row[0]}-{label(row[1])}" for row in STATES])
async def test_every_state(
    tmp_path: Path,
    snapshot: SnapshotAssertion,
    name: str,
    size: tuple[int, int],
    keys: tuple[str, ...],
    more: dict[str, Any],
) -> None:
    svg = await picture(tmp_path, size, keys, **more)
    assert svg == snapshot(name=f"{name}-{label(size)}", extension_class=Pictures)


def test_every_screen_has_its_pictures() -> None:
    for entry in SCREENS:
        for size in (NARROW, WIDE):
            for theme in ("night", "day"):
                name = f"{entry.id}-{label(size)}-{theme}.svg"
                assert (ROOT / "snapshots" / name).is_file(), f"{name} is missing: run `make snapshots` and look at it"
