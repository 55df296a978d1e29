"""A link that breaks and flaps: whatever the engine still holds arrives once and in order, the rest is a gap."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from ng_tui.client.address import resolve
from ng_tui.client.remote import RemoteClient
from tests.server.engine import ROOT, Engine

from .rig import Log, Relay, live, rows, until

pytestmark = pytest.mark.measures


def holes(told: Iterable[tuple[int, int | None]]) -> int:
    """Records that are said to be missing; every number is a record or in a gap, once and in order."""
    missing, before = 0, None
    for seq, gap in told:
        # The row of a gap has the number of the last record that is missing.
        assert before is None or seq == before + (gap or 1), (before, seq, gap)
        before, missing = seq, missing + (gap or 0)
    return missing


def test_over_a_flapping_link_nothing_is_lost_or_told_twice(relayed: tuple[Engine, Log, Relay]) -> None:
    _, log, relay = relayed
    client = RemoteClient(resolve(relay.url))
    client.start()
    try:
        live(client)
        for number in range(12):
            log.write(40)
            # Some are cut in the middle of what was just written, some before anybody has greeted.
            time.sleep(0.02 * (number % 4))
            relay.cut()
            log.write(10)
            relay.open()
            client.reconnect()
            if number % 3:
                live(client)
        until(lambda: client.ring.view("type:log.**").advance(1_000_000).matched == log.count)
        assert holes((row.seq, row.gap) for row in rows(client, log.count, "")) == 0
    finally:
        client.close()


@pytest.mark.timeout(240)
def test_without_a_network_for_half_a_minute_and_with_one_that_comes_and_goes(tmp_path: Path) -> None:
    inside = ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-m", "tests.client.cut_link"]
    done = subprocess.run([*inside, str(tmp_path / "inside")], cwd=ROOT, capture_output=True, timeout=220, check=False)
    assert done.returncode == 0, done.stderr.decode()
    story = json.loads(done.stdout)
    # A ping every five seconds, and twenty of patience.
    assert story["noticed_s"] < 27
    assert holes((seq, gap) for seq, gap, _ in story["within"]) == 0
    assert sum(is_line for _, _, is_line in story["within"]) == 3000
    missing = holes((seq, gap) for seq, gap, _ in story["beyond"])
    assert sum(gap is not None for _, gap, _ in story["beyond"]) == 1
    heard = sum(is_line for _, _, is_line in story["beyond"])
    # Among the records that are missing may be some that the engine wrote of itself.
    assert 0 <= missing + heard - (story["lines"] - 3000) < 5
