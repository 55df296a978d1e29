"""Mixed streams of a shop with their times, and one cause injected at minute 12:
`mixed_stream.py --cause NAME --seed N --out FILE/FOLDER`.

A JSON application log, an access log, a syslog, the log of a batch and lines of metrics over 15 minutes, with the
noise that such streams have by nature. A FOLDER gets a file for each source and `truth.jsonl`; a FILE, whose name has
an ending, gets all lines by time, `{"time","source","line","cause"}` each.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGIN = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
SECONDS = 15 * 60
CAUSE_AT = 12 * 60
APP, ACCESS, SYSLOG, BATCH, METRICS = "app.jsonl", "access.log", "syslog.log", "batch.log", "metrics.prom"
SOURCES = (APP, ACCESS, SYSLOG, BATCH, METRICS)
POOL = 20
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1)", "curl/8.5.0")


@dataclass(frozen=True)
class Line:
    """One line of one source, so many seconds after the begin; `cause` says that the cause shows in it."""

    second: float
    source: str
    text: str
    cause: bool = False

    @property
    def time(self) -> datetime:
        """When it was written."""
        return BEGIN + timedelta(seconds=self.second)


@dataclass
class Shop:
    """What the services do in one second; a cause changes it."""

    dice: random.Random
    second: int = 0
    slower: float = 1.0
    failing: float = 0.005
    connections: float = 6.0
    memory: float = 41.0
    disk: float = 62.0
    cpu: float = 22.0
    queue: float = 3.0
    silent: set[str] = field(default_factory=set)
    workers: tuple[int, ...] = (1, 2, 3, 4)
    changed: set[str] = field(default_factory=set)
    """What of its lines the cause shows in: a source, or the name of a metric."""
    orders: int = 48_211

    def at(self) -> float:
        """Some moment of this second."""
        return self.second + round(self.dice.random(), 3)


def iso(second: float) -> str:
    """A time in UTC, with milliseconds."""
    return (BEGIN + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def app_line(second: float, level: str, message: str, cause: bool = False, **fields: object) -> Line:
    """A line of the application."""
    entry = {"ts": iso(second), "level": level, "msg": message, **fields}
    return Line(second, APP, json.dumps(entry), cause)


def syslog_line(second: float, tag: str, message: str, cause: bool = False) -> Line:
    """A line of the syslog."""
    return Line(second, SYSLOG, f"{iso(second)} web1 {tag}: {message}", cause)


def batch_line(second: float, level: str, message: str, cause: bool = False) -> Line:
    """A line of the batch."""
    stamp = (BEGIN + timedelta(seconds=second)).strftime("%Y-%m-%d %H:%M:%S")
    return Line(second, BATCH, f"{stamp} {level} ledger: {message}", cause)


def latency(shop: Shop, median: float) -> float:
    """How long something takes, with the long tail that it has by nature."""
    return median * shop.slower * math.exp(shop.dice.gauss(0, 0.45))


def application(shop: Shop) -> Iterator[Line]:
    """Orders, jobs of the workers, and a retry now and then."""
    dice, slow = shop.dice, "latency" in shop.changed
    for _ in range(dice.randint(3, 6)):
        shop.orders += 1
        took = round(latency(shop, 38), 1)
        message = f"order {shop.orders} shipped to customer {dice.randint(1, 900)}"
        yield app_line(shop.at(), "info", message, slow, route=dice.choice(("/order", "/cart")), duration_ms=took)
    for worker in shop.workers:
        if dice.random() < 0.5:
            message = f"worker {worker} finished job {dice.randint(10_000, 99_999)}"
            yield app_line(shop.at(), "info", message, worker=f"w{worker}", rows=dice.randint(5, 400))
    if dice.random() < 0.03:
        message = f"retry {dice.randint(1, 3)} of payment {shop.orders}: gateway timeout"
        yield app_line(shop.at(), "warn", message, route="/pay", duration_ms=round(latency(shop, 900)))
    if dice.random() < 0.02:
        message = f"cache refreshed with {dice.randint(900, 1100)} products"
        yield app_line(shop.at(), "info", message, cache="products")


def status(shop: Shop) -> int:
    """How a request ends."""
    roll = shop.dice.random()
    if roll < shop.failing:
        return shop.dice.choice((500, 502, 503))
    return 404 if roll < shop.failing + 0.02 else 304 if roll > 0.95 else 200


def requests(shop: Shop) -> Iterator[Line]:
    """The access log of nginx with the time of each request."""
    dice = shop.dice
    for _ in range(dice.randint(7, 13)):
        second, code = shop.at(), status(shop)
        path = dice.choice(("/", "/cart", "/search?q=lamp", f"/product/{dice.randint(1, 800)}", "/checkout"))
        method = "POST" if path == "/checkout" else "GET"
        stamp = (BEGIN + timedelta(seconds=second)).strftime("%d/%b/%Y:%H:%M:%S +0000")
        size = dice.randint(300, 9000) if code == 200 else dice.randint(100, 200)
        cause = "latency" in shop.changed or ("status" in shop.changed and code >= 500)
        yield Line(
            second,
            ACCESS,
            f'10.2.0.{dice.randint(2, 60)} - - [{stamp}] "{method} {path} HTTP/1.1" {code} {size} "-" '
            f'"{dice.choice(AGENTS)}" {latency(shop, 0.06):.3f}',
            cause,
        )


def system(shop: Shop) -> Iterator[Line]:
    """Cron, logins, and what systemd says."""
    dice = shop.dice
    if shop.second % 20 == 3:
        command = dice.choice(("run-parts /etc/cron.hourly", "/usr/lib/php/sessionclean", "test -x /usr/sbin/anacron"))
        yield syslog_line(shop.at(), f"CRON[{dice.randint(1000, 32000)}]", f"(root) CMD ({command})")
    if dice.random() < 0.25:
        port, pid = dice.randint(30_000, 60_000), dice.randint(1000, 32_000)
        yield syslog_line(
            shop.at(), f"sshd[{pid}]", f"Connection closed by 198.51.100.{dice.randint(1, 250)} port {port} [preauth]"
        )
    if dice.random() < 0.1:
        unit = dice.choice(("sysstat-collect.service", "logrotate.service", "apt-daily.service"))
        yield syslog_line(shop.at(), "systemd[1]", f"{dice.choice(('Starting', 'Started', 'Finished'))} {unit}.")
    if dice.random() < 0.3:
        yield syslog_line(
            shop.at(), "postfix/smtpd[811]", f"connect from mail{dice.randint(1, 9)}.example.net[203.0.113.9]"
        )


def batch(shop: Shop) -> Iterator[Line]:
    """A slow source: a line in three seconds."""
    if shop.second % 3 == 1:
        dice = shop.dice
        rows = dice.randint(20, 90)
        yield batch_line(shop.second + 0.5, "INFO", f"posted {rows} entries of account {dice.randint(100, 999)}")


def measures(shop: Shop) -> Iterator[Line]:
    """Lines of Prometheus, one of each name in a second."""
    dice = shop.dice
    values = {
        "node_cpu_percent": max(0.0, min(100.0, shop.cpu + dice.gauss(0, 3))),
        "node_memory_used_percent": min(100.0, shop.memory + dice.gauss(0, 0.3)),
        "node_disk_used_percent": min(100.0, shop.disk + dice.gauss(0, 0.02)),
        "db_connections_in_use": max(0.0, min(POOL, round(shop.connections + dice.gauss(0, 1.2)))),
        "jobs_queue_length": max(0.0, round(shop.queue + dice.gauss(0, 1))),
        "http_requests_total": 90_000 + 10 * shop.second + dice.randint(0, 5),
    }
    shop.memory += dice.gauss(0, 0.01)
    shop.disk += 0.0004
    for name, value in values.items():
        text = f'{iso(shop.second + 0.2)} {name}{{host="web1"}} {value:.6g}'
        yield Line(shop.second + 0.2, METRICS, text, name in shop.changed)


def pool_exhausted(shop: Shop) -> Iterator[Line]:
    """No connection to the database is free: what needs one waits and fails."""
    shop.connections, shop.failing, shop.queue = POOL + 5.0, 0.3, shop.queue + 0.5
    shop.changed |= {"db_connections_in_use", "jobs_queue_length", "status"}
    for _ in range(3):
        message = f"order {shop.orders} failed: no free connection in the pool after 5000 ms"
        yield app_line(
            shop.at(), "error", message, True, route="/order", duration_ms=round(5000 + shop.dice.random(), 1)
        )


def oom_kill(shop: Shop) -> Iterator[Line]:
    """The kernel kills the database, and the application loses it."""
    if shop.second == CAUSE_AT:
        message = "Out of memory: Killed process 4242 (postgres) total-vm:812345kB, anon-rss:524288kB"
        yield syslog_line(shop.second + 0.1, "kernel", message, True)
        shop.memory -= 25
        shop.changed.add("node_memory_used_percent")
    elif shop.second < CAUSE_AT + 40:
        yield app_line(
            shop.at(), "error", f"order {shop.orders} failed: server closed the connection", True, route="/order"
        )


def share_5xx(shop: Shop) -> Iterator[Line]:
    """Every fifth request fails, and nothing else is said of it."""
    shop.failing = 0.2
    shop.changed.add("status")
    yield from ()


def latency_x8(shop: Shop) -> Iterator[Line]:
    """Everything takes eight times as long."""
    shop.slower = 8.0
    shop.changed.add("latency")
    yield from ()


def disk_filling(shop: Shop) -> Iterator[Line]:
    """The disk fills within a minute, and then nothing can be written."""
    shop.disk = min(100.0, shop.disk + 0.7)
    shop.changed.add("node_disk_used_percent")
    if shop.disk >= 100.0 and shop.dice.random() < 0.5:
        yield syslog_line(shop.at(), "rsyslogd", "write to /var/log/mail.log failed: No space left on device", True)


def stuck_worker(shop: Shop) -> Iterator[Line]:
    """A worker holds a processor and ends no job; the queue grows."""
    shop.workers, shop.cpu, shop.queue = (1, 2, 4), 64.0, shop.queue + 0.8
    shop.changed |= {"node_cpu_percent", "jobs_queue_length"}
    if shop.second % 30 == 2:
        waited = shop.second - CAUSE_AT
        message = f"worker 3 holds job 88112 since {waited} s, no heartbeat"
        yield app_line(shop.at(), "warn", message, True, worker="w3")


def silent_source(shop: Shop) -> Iterator[Line]:
    """The access log ends."""
    shop.silent.add(ACCESS)
    yield from ()


def new_error(shop: Shop) -> Iterator[Line]:
    """A source of few lines has an error that it never had."""
    if shop.second % 10 == 0:
        account = shop.dice.randint(100, 999)
        yield batch_line(shop.second + 0.4, "ERROR", f"cannot post account {account}: balance does not match", True)


CAUSES: dict[str, Callable[[Shop], Iterator[Line]]] = {
    "none": lambda shop: iter(()),
    "pool_exhausted": pool_exhausted,
    "oom_kill": oom_kill,
    "share_5xx": share_5xx,
    "latency_x8": latency_x8,
    "disk_filling": disk_filling,
    "stuck_worker": stuck_worker,
    "silent_source": silent_source,
    "new_error": new_error,
}
SERVICES = (application, requests, system, batch, measures)


def mixed_stream(cause: str, seed: int, seconds: int = SECONDS, cause_at: int = CAUSE_AT) -> list[Line]:
    """All lines by time. The same seed gives the same lines up to the cause, whichever it is."""
    shop, lines = Shop(random.Random(seed)), []
    for second in range(seconds):
        shop.second = second
        extra = list(CAUSES[cause](shop)) if second >= cause_at else []
        of_second = [line for service in SERVICES for line in service(shop)] + extra
        lines += [line for line in of_second if line.source not in shop.silent]
    return sorted(lines, key=lambda line: line.second)


def write(lines: list[Line], out: Path) -> None:
    """One file of all lines where the name has an ending, else a folder."""
    rows = [
        {"time": line.time.isoformat(), "source": line.source, "line": line.text, "cause": line.cause} for line in lines
    ]
    if out.suffix:
        out.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return
    out.mkdir(parents=True, exist_ok=True)
    for source in SOURCES:
        (out / source).write_text("".join(line.text + "\n" for line in lines if line.source == source))
    (out / "truth.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows if row["cause"]))


def main() -> None:
    """Writes one stream."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cause", choices=CAUSES, default="none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    write(mixed_stream(options.cause, options.seed), options.out)


if __name__ == "__main__":
    main()
