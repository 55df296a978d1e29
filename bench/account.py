"""Takes standard input in with an engine in this process and adds up: `account.py STATE_DIR < FILE`.

Run with the interpreter of the installed console. Prints one JSON object when the source has ended and
every reading has become a record.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from ng_tui.client.embedded import EmbeddedClient
from ng_tui.client.wire import MetricsView, SourceView
from ng_tui.config import Flags, load

BUDGET = 10_000_000
"""More records than any view here has to examine."""


def main(state_dir: Path) -> None:
    """Runs the engine until the input is in."""
    client = EmbeddedClient(load(Flags(stdin=True)).layers, state_dir)
    start = time.monotonic()
    try:
        # The engine notes what happens to itself as records of the source `engine`; this queue counts them.
        own = client.subscribe("source=engine")
        client.start()
        metrics = wait_for_end(client)
        seconds = time.monotonic() - start
        source = stdin_of(metrics)
        state = client.ring.view("").advance(BUDGET)
        noted = metrics.subscriptions[0].delivered
        del own
    finally:
        client.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    assert source is not None
    result = {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
        "readings": source.readings,
        "lost": source.lost,
        "refused": source.refused,
        "engine_notes": noted,
        "records": metrics.ring.next_seq,
        "ring_capacity": metrics.ring.capacity,
        "ring_bytes": metrics.ring.bytes,
        "first_seq": metrics.ring.first_seq,
        "held": state.matched,
        "pruned": state.pruned,
        "view_first_seq": state.first_seq,
        "view_next_seq": state.next_seq,
        "dropped": metrics.dropped,
    }
    print(json.dumps(result))


def wait_for_end(client: EmbeddedClient) -> MetricsView:
    """The first view of the metrics in which the source has ended, nothing waits, and nothing changes any more."""
    before: MetricsView | None = None
    while True:
        for frame in client.frames(timeout_ms=1000):
            if frame.metrics is None:
                continue
            metrics, source = frame.metrics, stdin_of(frame.metrics)
            waiting = sum(queue.len for queue in metrics.queues if queue.name == "intake batches")
            settled = before is not None and before.ring.next_seq == metrics.ring.next_seq
            if source is not None and source.ended and not waiting and settled:
                return metrics
            before = metrics


def stdin_of(metrics: MetricsView) -> SourceView | None:
    """The source `stdin`; None before it was announced."""
    return next((source for source in metrics.sources if source.sensor == "stdin"), None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
