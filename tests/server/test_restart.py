"""What an engine that serves has learnt, over a restart of its process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .engine import Engine
from .native import Native

Start = Callable[..., Engine]


def test_a_known_template_is_not_new_after_a_restart_and_keeps_its_number(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.touch()
    engine = start("sensors.files.enabled=true", f'sensors.files.paths=["{log}"]', "sensors.files.from=end")

    def found(lines: list[str]) -> list[dict[str, Any]]:
        with Native(engine, filter="source:app") as client:
            client.until("hello")
            with log.open("a") as file:
                file.writelines(line + "\n" for line in lines)
            return [record["detection"] for record in client.records(len(lines))]

    usual = ["link eth0 is up after 3 s", "queue of the mailer is empty"]
    first = found(usual * 50)
    assert [one["is_novel"] for one in first] == [True, True] + [False] * 98
    engine.stop()
    # The new process must not learn from lines that are read again.
    log.write_text("")
    engine.start()
    again = found([*usual, "volume of the archive is full"])
    assert [one["is_novel"] for one in again] == [False, False, True]
    assert [one["pattern"] for one in again[:2]] == [one["pattern"] for one in first[:2]]
    assert again[2]["pattern"] not in {one["pattern"] for one in first}
