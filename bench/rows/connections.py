"""What a connection costs that says nothing, and how fast a switch takes effect."""

from __future__ import annotations

import http.client
import json
import re
import resource
import selectors
import socket
import time
from collections.abc import Callable
from pathlib import Path

import served
from context import Context, say
from report import Missing, Row

TITLE = "idle WebSocket connections held at a time, and the switch of a module over HTTP"
CONNECTIONS = 10_000
SAMPLE = 50
"""Every how many of the connections is timed."""
ROUNDS = 5
"""Seconds for which the views are timed."""
SWITCHES = 200
ADDRESSES = 20
"""Loopback addresses that the connections come from: each has ports of its own."""
METRICS = re.compile(rb'"metrics":\{"time_ns":(\d+)')
"""How metrics begin."""


def measure(bench: Context) -> Row:
    """Ten thousand readers that hear the views of every second, a NATS server with as many, and switches."""
    row = Row(
        "connections",
        TITLE,
        f"{CONNECTIONS:,} connections over loopback, each subscribed: ours hear the modules, metrics and rules once a "
        "second. Memory is the growth of the server's resident memory, divided by them.",
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CONNECTIONS + 1_000:
        row.missing.append(Missing("connections", f"the limit on open files is {hard:,}"))
        return row
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    binary, _ = served.build()
    try:
        folder = bench.temporary / "served-idle"
        folder.mkdir()
        with served.engine(binary, folder) as one:
            say("connections: engine")
            hold(row, "idle connections", one, lambda address: websocket(one, address), timed=True)
            switch(row, one)
        with served.nats() as other:
            say("connections: NATS")
            hold(row, "idle connections, NATS", other, lambda address: subscriber(other, address), peer=True)
    except FileNotFoundError as error:
        row.missing.append(Missing("nats-server", str(error)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return row


def hold(
    row: Row,
    name: str,
    one: served.Served,
    open: Callable[[str], socket.socket],
    *,
    peer: bool = False,
    timed: bool = False,
) -> None:
    """Opens all, waits a while, and counts what is left and what it costs."""
    before = resident(one.pid)
    held = [open(f"127.0.2.{number % ADDRESSES + 1}") for number in range(CONNECTIONS)]
    time.sleep(3)  # Long enough for the news of three seconds to reach everybody.
    grown = (resident(one.pid) - before) / len(held)
    delays = sorted(news(held[::SAMPLE])) if timed else []
    alive = sum(still_open(line) for line in held)
    row.figure(name, float(alive), "open", f"of {CONNECTIONS:,}", peer)
    row.figure(f"{name}, memory of each", grown, "B", peer=peer)
    for share in (0.5, 0.99) if delays else ():
        note = f"from making the metrics to hearing them, {len(delays):,} of {ROUNDS} s at every {SAMPLE}th"
        row.figure(f"{name}, news p{share * 100:.0f}", delays[int(len(delays) * share)] * 1e3, "ms", note)
    for line in held:
        line.close()


def news(lines: list[socket.socket]) -> list[float]:
    """Seconds from the making of metrics to their arrival, over all of these connections and some rounds."""
    delays: list[float] = []
    for line in lines:
        still_open(line)  # what came before is not news
    with selectors.DefaultSelector() as ready:
        for line in lines:
            ready.register(line, selectors.EVENT_READ)
        end = time.monotonic() + ROUNDS
        while time.monotonic() < end:
            for key, _ in ready.select(0.1):
                data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                now = time.time()
                delays += [now - int(made) / 1e9 for made in METRICS.findall(data)]
    return delays


def resident(pid: int) -> int:
    """Resident memory of a process, bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def still_open(line: socket.socket) -> bool:
    """The other side has not closed; what has arrived is thrown away."""
    line.setblocking(False)
    try:
        while data := line.recv(65536):
            del data
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def dial(one: served.Served, address: str) -> socket.socket:
    """A connection from this address."""
    host, port = one.address.split(":")
    return socket.create_connection((host, int(port)), timeout=30, source_address=(address, 0))


def websocket(one: served.Served, address: str) -> socket.socket:
    """A reader of views."""
    line = dial(one, address)
    head = f"GET /ws HTTP/1.1\r\nHost: {one.address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    head += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    line.sendall((head + "Sec-WebSocket-Protocol: ng.v1.json\r\n\r\n").encode())
    hello = json.dumps({"proto": 1, "views_only": True}).encode()
    line.sendall(bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
    line.recv(4096)
    return line


def subscriber(one: served.Served, address: str) -> socket.socket:
    """A subscriber of NATS."""
    line = dial(one, address)
    line.sendall(b'CONNECT {"verbose":false}\r\nSUB bench 1\r\nPING\r\n')
    line.recv(4096)
    return line


def switch(row: Row, one: served.Served) -> None:
    """Switches a module off and on over one connection; the answer comes when it has taken effect."""
    say("connections: switches")
    line = http.client.HTTPConnection("localhost")
    line.sock = socket.socket(socket.AF_UNIX)
    line.sock.connect(one.socket)
    times = []
    for number in range(SWITCHES):
        body = json.dumps({"enabled": number % 2 == 1})
        began = time.perf_counter()
        line.request("PUT", "/api/v1/modules/action_controller/enabled", body, {"Content-Type": "application/json"})
        answer = line.getresponse()
        answer.read()
        times.append((time.perf_counter() - began) * 1e3)
        if answer.status != 200:
            raise RuntimeError(f"the switch was refused: {answer.status}")
    times.sort()
    note = f"{SWITCHES} switches, each on disk and in effect before it is answered"
    row.figure("switch over HTTP, p50", times[len(times) // 2], "ms", note)
    row.figure("switch over HTTP, p99", times[int(len(times) * 0.99)], "ms", note)
