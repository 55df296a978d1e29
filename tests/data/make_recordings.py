"""Makes the recordings behind the pictures in snapshots/: a small shop whose payments begin to fail, the
same in the first seconds of an engine, a flood of its lines, and an outage of its database, with one incident
that is over before it.

Writes logs to /var/log/shop as services would, and records them with a real engine, as long as RECORDINGS says:
`python tests/data/make_recordings.py [NAME …] && rm -r /var/log/shop`.
"""

from __future__ import annotations

import gzip
import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

LOGS = Path("/var/log/shop")
FOLDER = Path(__file__).parent
RECORDINGS = {
    "incident": (70, 1, 20_000),
    "learning": (9, 1, 20_000),
    "flood": (8, 90, 1_024),
    "outage": (80, 4, 20_000),
}
"""Seconds, how often what the services write in a second is written, and the capacity of the ring."""
FAILS_AT = 44
FULL_AT, DOWN_AT = 30, 70
"""Seconds at which the disk of the shop is full for a moment, and its database is killed, in the outage."""
KNOWN = 'text:"card terminal"'
"""What is silenced in the outage."""
CONFIG = """
[ring]
capacity = {capacity}
[sensors.files]
paths = ["/var/log/shop/*.log"]
from = "beginning"
[sensors.journald]
enabled = false
[sensors.heartbeat]
interval_s = 20.0
[sensors.host]
interval_s = 4.0
[modules.intuition_engine]
warm_up = 60
[guardian.size_limit]
limit = 400
mode = "enforce"
[alerts]
payments = "when level>=error payment count >= 3 in 1m then notify level error cooldown 5m"
slow = "when ~/took=[0-9]{4}ms/ then log"
"""


def now() -> str:
    """This moment, as services write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def lines(dice: random.Random, second: int) -> Iterator[tuple[str, str]]:
    """What the services write in one second: (file, line)."""
    failing = second >= FAILS_AT
    for _ in range(dice.randint(2, 4)):
        path = dice.choice(["/cart", "/search?q=lamp", "/product/881", "/checkout"])
        took = dice.randint(8, 60) + (900 * failing * (path == "/checkout"))
        status = 502 if failing and path == "/checkout" else 200
        yield "web", f'{now()} INFO 10.2.0.{dice.randint(2, 60)} "GET {path} HTTP/1.1" {status} {took}ms'
    if dice.random() < 0.4:
        user = dice.choice(["deploy", "backup", "maria"])
        yield (
            "auth",
            f"{now()} INFO sshd[{dice.randint(900, 4000)}]: Accepted publickey for {user} from 10.2.0.14 port 52144",
        )
    order = dice.randint(70_000, 79_999)
    if not failing:
        yield (
            "payments",
            json.dumps(
                {"time": now(), "level": "info", "msg": "payment captured", "order": order, "ms": dice.randint(80, 190)}
            ),
        )
    elif dice.random() < 0.8:
        yield (
            "payments",
            json.dumps(
                {"time": now(), "level": "error", "msg": "payment failed: upstream timeout", "order": order, "ms": 5000}
            ),
        )
    if second % 9 == 4:
        yield "app", f"{now()} DEBUG cache: evicted {dice.randint(10, 90)} keys in {dice.randint(1, 9)} ms"
    if second == FAILS_AT - 2:
        yield "app", f"{now()} WARN pool: 90% full (45/50), waiting=3"
    if second == FAILS_AT:
        yield "app", f"{now()} ERROR pool: exhausted, 50 of 50 connections in use, took=5003ms"
    if second == FAILS_AT + 6:
        yield "app", f"{now()} ERROR handler: dump " + "stack frame of the checkout handler; " * 40
    if second == FAILS_AT + 9:
        yield (
            "auth",
            f"{now()} WARN sshd[4411]: Failed password for invalid user oracle from 203.0.113.77 port 40022 ssh2",
        )


def outage(dice: random.Random, second: int) -> Iterator[tuple[str, str]]:
    """What the services write in one second of the outage."""
    yield from (told for told in lines(dice, 0) if told[0] != "payments")
    yield "app", f"{now()} INFO worker[{dice.randint(1, 4)}]: job {dice.randint(1000, 9999)} done"
    yield "db", f"{now()} LOG checkpoint complete: wrote {dice.randint(20, 400)} buffers"
    if second % 4 == 0:
        yield "payments", f"{now()} WARN card terminal {dice.randint(2, 9)} answers slowly"
    if second == FULL_AT:
        yield "db", f"{now()} ERROR could not extend file base/16384/2619: No space left on device"
    if second == DOWN_AT:
        yield "app", f"{now()} FATAL kernel: Out of memory: Killed process 4242 (postgres) total-vm:8123456kB"
    if second > DOWN_AT:
        path, took = dice.choice(["/cart", "/checkout"]), dice.randint(900, 999)
        yield "web", f'{now()} ERROR 10.2.0.{dice.randint(2, 60)} "GET {path} HTTP/1.1" 502 {took}ms'
        yield "db", f"{now()} ERROR the database system is in recovery mode"


def thin(path: Path) -> None:
    """Keeps what the pictures need: of most views the last, and settings in every sixth of the modules."""
    kept = gzip.decompress(path.read_bytes()).decode().splitlines()
    drop: set[int] = set()
    for view, step in (("modules", 6), ("guardian", 0), ("constitution", 0), ("alerts", 0), ("incidents", 0)):
        found = [index for index, line in enumerate(kept) if line.startswith(f'{{"{view}"')]
        drop |= {index for place, index in enumerate(found[:-1]) if not step or place % step}
    path.write_bytes(
        gzip.compress("".join(line + "\n" for index, line in enumerate(kept) if index not in drop).encode(), mtime=0)
    )


def record(name: str) -> None:
    """Writes the logs and records them."""
    seconds, often, capacity = RECORDINGS[name]
    target = FOLDER / f"{name}.jsonl.gz"
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    config = LOGS / "shop.toml"
    config.write_text(CONFIG.replace("{capacity}", str(capacity)))
    command = [str(Path(sys.executable).parent / "neurograph-tui"), "--config", str(config)]
    command += ["--state-dir", str(LOGS / f"{name}-state")]
    dice, script, logs = random.Random(7), lines, ["web", "auth", "payments", "app"]
    if name == "outage":
        script = outage
        logs.append("db")
        told = ["--for", "7d", "--reason", "replaced on Friday"]
        subprocess.run([*command, "alerts", "silence", "--filter", KNOWN, *told], check=True)
    command += ["record", str(target), "--force", "--for", f"{seconds}s"]
    files = {log: (LOGS / f"{log}.log").open("w", buffering=1) for log in logs}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as recorder:
        for second in range(seconds):
            for _ in range(often):
                for file, line in script(dice, second):
                    files[file].write(line + "\n")
            time.sleep(1)  # The pace of the services.
        recorder.wait()
    thin(target)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or RECORDINGS:
        record(wanted)
