"""Wrong passwords by the hundred cost neither the owner's time nor memory (S03)."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.quiet import QUIET

from .accounts import PASSWORD, add
from .engine import Engine
from .hostile import LOGIN, answer, head, over_tcp
from .memory import rss
from .waiting import until

MIB = 1 << 20
ADDRESSES = 60


def attempt(password: str) -> bytes:
    """A request to log in as the administrator."""
    body = json.dumps({"username": "admin", "password": password}).encode()
    return head(LOGIN, f"Content-Length: {len(body)}") + body


@contextmanager
def flood(engine: Engine, stays: bool) -> Iterator[Counter[int]]:
    """Wrong logins from many addresses while the block runs, again and again; the statuses of their answers."""
    seen: Counter[int] = Counter()
    over = threading.Event()

    def guess(number: int) -> None:
        while not over.wait(0.2):
            with over_tcp(engine, f"127.0.1.{number % ADDRESSES + 1}") as line:
                line.sendall(attempt(f"wrong-{number}"))
                if stays:
                    status, fields, _ = answer(line)
                    assert status != 429 or int(fields["retry-after"]) >= 1
                    seen[status] += 1

    threads = [threading.Thread(target=guess, args=[number]) for number in range(ADDRESSES)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("stays", [True, False], ids=["waiting", "leaving"])
@pytest.mark.parametrize("failures", [5, 1_000_000], ids=["limited", "unlimited"])
def test_the_owner_logs_in_while_strangers_guess(
    tmp_path_factory: pytest.TempPathFactory, stays: bool, failures: int
) -> None:
    settings = (f"server.failed_credentials={failures}", "server.connections_per_address=1000")
    folder = tmp_path_factory.mktemp("flooded")
    add(folder / "state", admin="admin")
    engine = Engine(folder, *QUIET, *settings)
    try:
        pid, right = engine.process.pid, {"username": "admin", "password": PASSWORD}
        before = rss(pid)
        most, took = 0, []
        with engine.admin() as owner:
            asked = time.monotonic()
            assert owner.post(LOGIN, json=right).status_code == 200
            alone = time.monotonic() - asked
        flooded = time.monotonic()
        with engine.admin() as owner, flood(engine, stays) as seen:
            begun = time.monotonic()
            while time.monotonic() - begun < 4:
                asked = time.monotonic()
                assert owner.post(LOGIN, json=right).status_code == 200
                took.append(time.monotonic() - asked)
                most = max(most, rss(pid))
        # A machine that others keep busy is given more: what it is slower by without strangers too.
        assert max(took) < max(1, 8 * alone), (took, alone)
        # Two passwords at a time with 19 MiB each.
        assert most - before < (2 * 19 + 32) * MIB, most - before
        if stays:
            assert set(seen) == {401, 429}
            # The burst and ten a second, or five in all: every one of the addresses is this host.
            assert seen[401] <= (20 + 10 * (time.monotonic() - flooded) if failures > 5 else 5)
        until(lambda: rss(pid) - before < 32 * MIB, 30)
    finally:
        engine.stop()
