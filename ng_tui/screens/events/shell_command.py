"""A command that prints a record again, for the clipboard."""

from __future__ import annotations

import shlex

from ng_tui.client.wire import Row
from ng_tui.connection import RemoteEngines, split_source

MS = 1_000_000


def print_command(row: Row, remote_engines: RemoteEngines) -> str:
    """What to type in a shell: `tail` for an engine of the console's own, `query` for one that runs elsewhere.

    Where several engines share a ring its numbers are not theirs, so the record is named by its source and its
    millisecond.
    """
    if not remote_engines:
        return shlex.join(["neurograph-tui", "tail", "--filter", f"seq={row.seq}"])
    engine, wanted = next(iter(remote_engines.values())), f"seq={row.seq}"
    if len(remote_engines) > 1:
        name, source = split_source(row.source, tuple(remote_engines))
        engine = remote_engines.get(name, engine)
        quoted = source.replace("\\", "\\\\").replace('"', '\\"')
        first = row.time_ns // MS
        wanted = f'source="{quoted}" time>={first / 1000:.3f} time<={(first + 1) / 1000:.3f}'
    target = ["--url", engine.target] if engine.target else []
    return shlex.join(["neurograph-tui", "query", *target, wanted])
