"""Reads logs with lnav and with this project, and says where they differ: `beside_lnav.py FILE …`.

For each file: how many messages each found, how many of those that begin at the same line have the same time and the
same level, and the first that have not. Then how long each takes until a million lines of the file are ready: lnav
counts them, `tail` reads them, once with scores and once without. Everything runs in UTC.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

LINES = 1_000_000
SHOWN = 3
"""Differences that are shown of each kind."""
LEVELS = {"warning": "warn", "critical": "fatal", "stats": "info"} | {
    f"debug{number}": "debug" for number in range(1, 6)
}
"""What lnav calls levels that have another name here."""


@dataclass(frozen=True)
class Message:
    """What one of the two says of a message."""

    time_ms: int
    level: str
    text: str


def of_lnav(file: Path, environment: dict[str, str]) -> dict[int, Message]:
    """Messages by the line at which they begin, from 0; empty when lnav knows no format of the file."""
    query = ";SELECT log_line, log_time_msecs, log_level, log_body FROM all_logs"
    done = run(["lnav", "-n", "-c", query, "-c", ":write-json-to -", str(file)], environment)
    rows = json.loads(done) if done.strip() else []
    return {
        row["log_line"]: Message(row["log_time_msecs"], LEVELS.get(row["log_level"], row["log_level"]), row["log_body"])
        for row in rows
    }


def of_ours(command: Path, file: Path, environment: dict[str, str]) -> dict[int, Message]:
    """The same of this project. A message whose line states no time has that of its arrival, and is left out."""
    lines = file.read_bytes().decode(errors="replace").split("\n")
    found: dict[int, Message] = {}
    at = 0
    with file.open("rb") as source:
        done = run([str(command), "tail", "--json"], environment, stdin=source)
    for text in done.splitlines():
        record = json.loads(text)
        if record["source"] != "stdin":
            continue
        head = (record["raw"] or record["text"]).split("\n", 1)[0].rstrip("\r")
        while at < len(lines) and lines[at].rstrip() != head.rstrip():
            at += 1
        if at == len(lines):
            break
        if record["time_ns"] != record["received_ns"]:
            found[at] = Message(record["time_ns"] // 1_000_000, record["level"], record["text"])
        at += 1
    return found


def run(command: list[str], environment: dict[str, str], **more: object) -> str:
    """What a program prints."""
    done = subprocess.run(command, env=environment, capture_output=True, timeout=600, check=False, **more)  # type: ignore[call-overload]
    return str(done.stdout.decode(errors="replace"))


def compare(file: Path, theirs: dict[int, Message], ours: dict[int, Message]) -> None:
    """Prints where the two agree, and where not."""
    both = sorted(theirs.keys() & ours.keys())
    print(f"{file}: messages with a time: lnav {len(theirs)}, ours {len(ours)}, at the same line {len(both)}")
    for what, value in (("time", lambda one: one.time_ms), ("level", lambda one: one.level)):
        other = [line for line in both if value(theirs[line]) != value(ours[line])]
        print(f"  {what}: {len(both) - len(other)} of {len(both)} agree")
        for line in other[:SHOWN]:
            print(
                f"    line {line + 1}: lnav {value(theirs[line])}, ours {value(ours[line])}: {ours[line].text[:80]!r}"
            )


def speed(command: Path, file: Path, environment: dict[str, str], folder: Path) -> None:
    """Prints how long each takes for a million lines."""
    content = file.read_bytes()
    content += b"" if content.endswith(b"\n") else b"\n"
    many = folder / "many.log"
    times = -(-LINES // max(content.count(b"\n"), 1))
    lines = times * content.count(b"\n")
    with many.open("wb") as out:
        for _ in range(times):
            out.write(content)
    nothing = ["--filter", "level>=fatal text:nothing-has-this"]
    off = ["--set", "modules.intuition_engine.enabled=false"]
    rows = {
        "lnav": ["lnav", "-n", "-c", ";SELECT count(*) FROM all_logs", str(many)],
        "ours, with scores": [str(command), "tail", *nothing],
        "ours, without": [str(command), *off, "tail", *nothing],
    }
    for name, row in rows.items():
        start = time.perf_counter()
        # A file that is named is followed without end; standard input ends.
        with many.open("rb") as file:
            subprocess.run(row, env=environment, stdin=file, capture_output=True, timeout=600, check=False)
        took = time.perf_counter() - start
        print(f"  {name}: {took:.1f} s for {lines:,} lines")


def main() -> int:
    """Compares file by file."""
    parser = argparse.ArgumentParser(description="Read logs with lnav and with this project.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--command", type=Path, default=Path(sys.executable).parent / "neurograph-tui")
    parser.add_argument("--no-speed", action="store_true", help="compare only")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="beside-lnav-") as name:
        folder = Path(name)
        homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"), name)
        environment = {**os.environ, **homes, "TZ": "UTC", "TERM": "dumb"}
        for file in arguments.files:
            compare(file, of_lnav(file, environment), of_ours(arguments.command, file, environment))
            if not arguments.no_speed:
                speed(arguments.command, file, environment, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
