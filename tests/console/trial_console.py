"""Starting the console on the fake engine, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ng_tui.app import ConsoleApp
from ng_tui.options import Options
from tests.console.fake import START_NS, FakeClient


def console(tmp_path: Path, client: FakeClient | None = None, **options: Any) -> tuple[ConsoleApp, FakeClient]:
    """An app with a clock that stands still and folders of its own."""
    client = client or FakeClient()
    settings = Options(
        state_dir=tmp_path / "state", export_dir=tmp_path / "out", now_ns=lambda: START_NS + 40_000_000_000, **options
    )
    return ConsoleApp(client, settings), client


def shown(app: ConsoleApp) -> str:
    """What stands on the screen, line by line."""
    return "\n".join("".join(segment.text for segment in line) for line in app.screen._compositor.render_strips())
