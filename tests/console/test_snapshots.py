"""Approved pictures of every screen, from a recording of a real engine. `make snapshots` approves new ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from ng_tui.app import ConsoleApp
from ng_tui.client.interface import Link, LinkState
from ng_tui.client.replay import ReplayClient, open_recording
from ng_tui.client.wire import Frame, Record, Role
from ng_tui.connection import RemoteEngine
from ng_tui.options import Options
from ng_tui.screens import SCREENS
from ng_tui.screens.events.filter_bar import PAUSE
from ng_tui.terminal.capabilities import Capabilities
from tests.console.past import ScriptedPast
from tests.console.trial_console import events, is_shown, shown, turn

ROOT = Path(__file__).parents[2]
INCIDENT = ROOT / "tests" / "data" / "incident.jsonl.gz"
LEARNING = ROOT / "tests" / "data" / "learning.jsonl.gz"
FLOOD = ROOT / "tests" / "data" / "flood.jsonl.gz"
OUTAGE = ROOT / "tests" / "data" / "outage.jsonl.gz"
NOTHING = ROOT / "tests" / "data" / "nothing.jsonl"
WIDE, NARROW = (120, 40), (80, 24)
AFTER_KEYS = 4 * PAUSE
"""Seconds for which nothing may change after keys: a filter is looked at when none follows for a moment."""


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


def label(size: tuple[int, int]) -> str:
    """Such as 80x24."""
    return f"{size[0]}x{size[1]}"


async def settle(pilot: Pilot[int], client: ReplayClient, still: float = 0.0) -> None:
    """Waits until the recording is played and drawn, and nothing changed for a turn, or for `still` seconds."""
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    before, since = "", time.monotonic()
    async with asyncio.timeout(20):
        while True:
            await turn(pilot)
            is_played = client.ended and events(app).viewing.scanned >= 1.0 and app.state.metrics is not None
            if (now := shown(app)) != before or not is_played or not is_shown(app):
                before, since = now, time.monotonic()
            elif time.monotonic() - since >= still:
                return


async def press(pilot: Pilot[int], client: ReplayClient, keys: tuple[str, ...]) -> None:
    """Presses keys one after the other, each when the screen shows what the one before it did."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot, client)
    if keys:
        await settle(pilot, client, AFTER_KEYS)


async def picture(
    tmp_path: Path,
    size: tuple[int, int],
    keys: tuple[str, ...] = (),
    *,
    recording: Path = INCIDENT,
    filter: str = "@quiet",
    screen: str = "events",
    held: int | None = None,
    **more: Any,
) -> str:
    """The screen after some keys. The clock stands at the end of the recording, of which memory holds so many records.

    The others are in history then.
    """
    client = ReplayClient(recording, saved={}, **({"capacity": held} if held else {}))
    if held:
        client.ring.past = ScriptedPast(recorded(recording), client.ring)
    client.start()
    app: ConsoleApp

    def now() -> int:
        metrics = app.state.metrics
        return metrics.time_ns if metrics is not None else 0

    app = ConsoleApp(client, Options(state_dir=tmp_path, screen=screen, filter=filter, now_ns=now, **more))
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot, client)
        app.clear_notifications()
        await press(pilot, client, keys)
        await settle(pilot, client)
        svg = app.export_screenshot()
    client.close()
    return svg


def recorded(recording: Path) -> list[Record]:
    """All records of a recording."""
    with open_recording(recording) as lines:
        frames = [msgspec.json.decode(line, type=Frame) for line in lines]
    return [record for frame in frames for record in frame.records or ()]


LIVE = Link(
    LinkState.LIVE,
    host="web-1",
    user="ann",
    role=Role.ADMIN,
    rights=frozenset({"steer", "read:signals"}),
    rtt_s=0.084,
    received_bytes=1 << 20,
)


class Elsewhere(ReplayClient):
    """A recording that says it is an engine elsewhere."""

    label = "engine"
    link = LIVE


ATTACHED, REMOTE = RemoteEngine(local=True), RemoteEngine(local=False, target="prod", profile="prod", colour="warning")
MORE = replace(LIVE, received_bytes=LIVE.received_bytes + 36_000)
VIEWER = replace(MORE, role=Role.VIEWER, rights=frozenset({"read:modules"}))
LOST = replace(LIVE, state=LinkState.WAITING, retry_at=116.0, tries=6, why="Connection refused")

LINKS: list[tuple[str, str, RemoteEngine, Link, tuple[str, ...]]] = [
    ("events-attached", "events", ATTACHED, MORE, ()),
    ("events-remote", "events", REMOTE, MORE, ()),
    ("modules-viewer", "modules", REMOTE, VIEWER, ()),
    ("guardian-viewer", "guardian", REMOTE, VIEWER, ("i",)),
    ("events-disconnected", "events", REMOTE, LOST, ()),
    ("modules-disconnected", "modules", REMOTE, LOST, ()),
]


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=label)
@pytest.mark.parametrize(("name", "screen", "engine", "link", "keys"), LINKS, ids=[row[0] for row in LINKS])
async def test_every_state_of_a_connection(
    tmp_path: Path,
    snapshot: SnapshotAssertion,
    name: str,
    screen: str,
    engine: RemoteEngine,
    link: Link,
    keys: tuple[str, ...],
    size: tuple[int, int],
) -> None:
    """Live at 100 s, as the row says twelve seconds later."""
    client = Elsewhere(INCIDENT, saved={})
    client.start()
    clock = [100.0]
    app: ConsoleApp

    def now() -> int:
        metrics = app.state.metrics
        return metrics.time_ns if metrics is not None else 0

    app = ConsoleApp(
        client,
        Options(
            state_dir=tmp_path,
            screen=screen,
            filter="@quiet",
            now_ns=now,
            monotonic=lambda: clock[0],
            remote_engines={"engine": engine},
        ),
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot, client)
        client.link = link
        await settle(pilot, client)
        clock[0] = 112.0
        await press(pilot, client, keys)
        app.clear_notifications()
        await settle(pilot, client)
        svg = app.export_screenshot()
    client.close()
    assert svg == snapshot(name=f"{name}-{label(size)}", extension_class=Pictures)


@pytest.mark.parametrize("theme", ["night", "day"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=label)
@pytest.mark.parametrize("screen", [entry.id for entry in SCREENS])
async def test_every_screen(
    tmp_path: Path, snapshot: SnapshotAssertion, screen: str, size: tuple[int, int], theme: str
) -> None:
    recording = OUTAGE if screen == "alerts" else INCIDENT
    svg = await picture(tmp_path, size, screen=screen, theme=theme, recording=recording)
    assert svg == snapshot(name=f"{screen}-{label(size)}-{theme}", extension_class=Pictures)


STATES: list[tuple[str, tuple[int, int], tuple[str, ...], dict[str, Any]]] = [
    ("events-history", NARROW, ("g", "pagedown"), {"held": 300}),
    ("events-history", WIDE, ("g", "pagedown", "enter"), {"held": 300, "theme": "day"}),
    ("events-history-begins", NARROW, ("g",), {"held": 300}),
    ("events-no-match-in-memory", NARROW, (), {"filter": "nowhere", "held": 300}),
    ("events-empty", NARROW, (), {"recording": NOTHING}),
    ("events-filter", NARROW, (), {"filter": "!type:metric.** novelty>=2"}),
    ("events-filter-error", NARROW, ("f", *"levle>=warn"), {}),
    ("events-no-match", NARROW, (), {"filter": "nowhere"}),
    ("events-paused", NARROW, ("space", "k", "k"), {}),
    ("events-paused", WIDE, ("space", "k", "k"), {"theme": "day"}),
    ("events-learning", NARROW, (), {"recording": LEARNING}),
    ("events-learning", WIDE, (), {"recording": LEARNING, "theme": "day"}),
    ("events-flood", NARROW, (), {"recording": FLOOD}),
    ("events-flood", WIDE, (), {"recording": FLOOD, "theme": "day"}),
    ("metrics-flood", WIDE, (), {"recording": FLOOD, "screen": "metrics"}),
    ("notices", NARROW, ("exclamation_mark",), {"recording": FLOOD}),
    ("events-detail", WIDE, ("E", "enter"), {"filter": "@logs"}),
    ("events-detail", NARROW, ("E", "enter"), {"filter": "@logs"}),
    ("events-search", NARROW, ("slash", *"timeout", "enter"), {"filter": "@logs"}),
    ("help", NARROW, ("question_mark",), {}),
    ("palette", NARROW, ("ctrl+p", *"filter"), {}),
    ("modules-confirm", NARROW, ("space",), {"screen": "modules"}),
    ("modules-form", WIDE, ("j", "j", "j", "j", "j", "enter"), {"screen": "modules"}),
    ("guardian-explain", NARROW, ("i",), {"screen": "guardian"}),
    ("guardian-explain", WIDE, ("i",), {"screen": "guardian"}),
    ("alerts-empty", NARROW, (), {"screen": "alerts", "recording": NOTHING}),
    ("alerts-empty", WIDE, (), {"screen": "alerts", "recording": NOTHING}),
    ("alerts-members", NARROW, ("enter",), {"screen": "alerts", "recording": OUTAGE}),
    ("alerts-members", WIDE, ("enter",), {"screen": "alerts", "recording": OUTAGE, "theme": "day"}),
    ("alerts-silence", NARROW, ("s",), {"screen": "alerts", "recording": OUTAGE}),
    ("alerts-60x15", (60, 15), (), {"screen": "alerts", "recording": OUTAGE}),
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
