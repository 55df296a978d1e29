"""Records what a host measures and logs, as files that `score --incidents` reads: `record_host.py FOLDER --for 60m`.

An engine of its own watches this host. Each source becomes a file, packed with gzip: the metrics as lines
`TIME NAME=VALUE`, of the logs what came in the time.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

UNITS = {"percent": "%", "bytes": "B", "bytes_per_second": "B/s", "per_second": "/s"}
ITS_OWN = ("engine", "heartbeat")
"""Sources that are the engine itself."""


def stamp(ns: int) -> str:
    """A time in UTC, with milliseconds."""
    return datetime.fromtimestamp(ns / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def files(records: Iterable[str]) -> dict[str, list[str]]:
    """The lines of each source of the records that `tail --json` prints, but for what happened before the first."""
    found: dict[str, list[str]] = {}
    began = None
    for record in map(json.loads, records):
        began = began or record["received_ns"]
        if record["source"] in ITS_OWN or record["time_ns"] < began:
            continue
        if record["source"] == "host":
            name = record["type"].removeprefix("metric.")
            line = f"{stamp(record['time_ns'])} {name}={record['value']:.6g}{UNITS.get(record['unit'], '')}"
        else:
            line = record["raw"] or record["text"]
        found.setdefault(Path(record["source"]).stem, []).append(line)
    return found


def main() -> None:
    """Records, and writes the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--for", dest="time", default="60m", metavar="TIME", help="how long, such as 60m")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as state, tempfile.TemporaryFile("w+") as records:
        console = Path(sys.executable).with_name("neurograph-tui")
        command = (console, "--embedded", "--state-dir", state, "tail", "--json")
        subprocess.run([*command, "--for", arguments.time], stdout=records, check=True)
        records.seek(0)
        found = files(records)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, lines in found.items():
        text = "".join(f"{line}\n" for line in lines)
        (arguments.folder / f"{name}.log.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
