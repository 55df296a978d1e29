"""Starting the console on the fake engine, for tests, and waiting for it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from ng_tui.app import ConsoleApp
from ng_tui.options import Options
from ng_tui.screens.events.pane import EventsPane
from tests.console.fake import FakeClient
from tests.console.script import START_NS


def console(tmp_path: Path, client: FakeClient | None = None, **options: Any) -> tuple[ConsoleApp, FakeClient]:
    """An app with a clock that stands still and folders of its own."""
    client = client or FakeClient()
    settings = Options(
        state_dir=tmp_path / "state", export_dir=tmp_path / "out", now_ns=lambda: START_NS + 40_000_000_000, **options
    )
    return ConsoleApp(client, settings), client


def events(app: ConsoleApp) -> EventsPane:
    """The pane of the events, also while another one is shown or a window is open."""
    pane = app._panes.pane("events")
    assert isinstance(pane, EventsPane)
    return pane


def shown(app: App[Any]) -> str:
    """What stands on the screen, line by line."""
    return "\n".join("".join(segment.text for segment in line) for line in app.screen._compositor.render_strips())


async def turn(pilot: Pilot[int]) -> None:
    """One turn of the app, without waiting for its clock: it looks at the engine, and what that brings is drawn."""
    assert isinstance(pilot.app, ConsoleApp)
    pilot.app.call_later(pilot.app._tick)
    await pilot.pause()


def is_shown(app: ConsoleApp) -> bool:
    """Whether everything known is on the screen, and no search, export or other work is under way."""
    pane = events(app)
    is_idle = not pane.tasks.are_running and all(one.is_finished for one in app.workers)
    # A tail that runs is drawn now and then.
    drawn, known = pane.tail.windows.live.state, pane.viewing.last
    is_drawn = (drawn.matched, drawn.pruned) == (known.matched, known.pruned)
    return is_idle and is_drawn and app._presented == (app.state.revision, app._place)


async def settle(pilot: Pilot[int]) -> None:
    """Two turns of the app, so that all from before is taken in, and more until it is shown."""
    assert isinstance(pilot.app, ConsoleApp)
    await turn(pilot)
    await turn(pilot)
    async with asyncio.timeout(10):
        while not is_shown(pilot.app):
            await turn(pilot)
