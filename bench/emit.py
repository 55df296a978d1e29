"""Events per second from Python: `emit.py FILE emit|batch|unscored|noop EVENTS STATE_DIR` prints one JSON object."""

from __future__ import annotations

import json
import shutil
import sys
import time
from itertools import islice
from pathlib import Path

from ng_tui import _engine
from ng_tui.config import LIVE_SENSORS

WARM_UP, BATCH, LONGEST_MS = 50_000, 256, 120_000
OFF = [("value", "bench", f"sensors.{name}.enabled", "false") for name in LIVE_SENSORS]


def main() -> None:
    """Feeds the lines of a file."""
    path, method, events, state = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    with path.open("rb") as file:
        lines = [line.rstrip(b"\n") for line in islice(file, WARM_UP + events)]
    warm, lines = lines[:WARM_UP], lines[WARM_UP:]
    if method == "noop":
        start = time.perf_counter()
        for line in lines:
            line.__len__()
        seconds = time.perf_counter() - start
    else:
        shutil.rmtree(state, ignore_errors=True)
        seconds = feed(method, warm, lines, state)
    print(json.dumps({"per_second": len(lines) / seconds}))


def feed(method: str, warm: list[bytes], lines: list[bytes], state: Path) -> float:
    """Seconds until all lines are records."""
    off = [("value", "bench", "modules.intuition_engine.enabled", "false")] if method == "unscored" else []
    engine = _engine.Engine(OFF + off, str(state), True, "UTC", False)
    source = engine.source("bench")
    source.emit_batch(warm)
    if not source.flush(LONGEST_MS):
        raise TimeoutError("the warm-up did not end")
    start = time.perf_counter()
    if method == "batch":
        for at in range(0, len(lines), BATCH):
            source.emit_batch(lines[at : at + BATCH])
    else:
        emit = source.emit
        for line in lines:
            emit(line)
    if not source.flush(LONGEST_MS):
        raise TimeoutError("not all lines became records")
    seconds = time.perf_counter() - start
    engine.stop()
    return seconds


main()
