"""An oracle of history: events whose content follows from their number, and what of those is read back."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

INGEST = "/api/v1/ingest"
NDJSON = {"Content-Type": "application/x-ndjson"}
NUMBERED = re.compile(r'^\{"message":"event (\d+) ')
READING_S = 120.0
"""Seconds after which reading everything back is given up."""


def payload(number: int) -> bytes:
    """The line of an event, 70 to 640 bytes, of words and digits that follow from its number."""
    digest = hashlib.blake2b(str(number).encode(), digest_size=32).hexdigest()
    rest = (digest * 9)[: 8 + number * 7919 % 560]
    words = f"event {number} of {number * number} from node-{number % 17} took {number % 1009} ms {rest}"
    return f'{{"message":"{words}"}}'.encode()


class Ledger:
    """Which events were sent, and which of them were acknowledged as durable. Several senders share one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sent = 0
        self._acknowledged: set[int] = set()

    def take(self, count: int) -> range:
        """Numbers that nobody else sends."""
        with self._changed:
            first = self._sent
            self._sent += count
            return range(first, self._sent)

    def acknowledge(self, numbers: Iterable[int]) -> None:
        """Notes that these were called durable."""
        with self._changed:
            self._acknowledged.update(numbers)
            self._changed.notify_all()

    def forget(self) -> None:
        """Expects nothing any more of what was acknowledged: a hand from outside has taken it away."""
        with self._changed:
            self._acknowledged.clear()

    @property
    def sent(self) -> int:
        """Events that were sent; their numbers are below."""
        return self._sent

    @property
    def acknowledged(self) -> frozenset[int]:
        """Numbers that were called durable."""
        with self._changed:
            return frozenset(self._acknowledged)

    def wait_for(self, count: int, seconds: float) -> bool:
        """Whether so many are acknowledged within these seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._acknowledged) >= count, seconds)


@dataclass(frozen=True)
class Answer:
    """What a sender was told."""

    durable: bool
    reason: str
    """Why not; empty where it is durable."""
    took_ms: float
    numbers: range


def send(client: httpx.Client, ledger: Ledger, count: int) -> Answer:
    """Sends the next events as one batch. Raises httpx.HTTPError when no answer comes, RuntimeError for a wrong one."""
    numbers = ledger.take(count)
    begun = time.monotonic()
    answer = client.post(INGEST, content=b"\n".join(map(payload, numbers)) + b"\n", headers=NDJSON)
    took = (time.monotonic() - begun) * 1e3
    if answer.status_code in (429, 503):
        return Answer(False, f"status {answer.status_code}", took, numbers)
    if answer.status_code != 200:
        raise RuntimeError(f"status {answer.status_code}: {answer.text[:200]}")
    told = answer.json()
    if told["accepted"] != count:
        raise RuntimeError(f"{count} events were sent: {answer.text[:200]}")
    if told["durable"]:
        ledger.acknowledge(numbers)
    return Answer(told["durable"], told["not_durable"] or "", took, numbers)


@dataclass
class ReadBack:
    """Everything that an engine gives of events that came from outside."""

    times: Counter[int] = field(default_factory=Counter)
    """How often each number was there."""
    seqs: dict[int, int] = field(default_factory=dict)
    corrupt: int = 0
    """Records whose payload is not that of their number, and such as have none."""
    disorder: int = 0
    """Records whose `seq` is not above the one before."""
    gaps: list[tuple[int, int, str]] = field(default_factory=list)
    """Numbers `seq` that are told to be missing, the end excluded, and why."""
    own: list[dict[str, Any]] = field(default_factory=list)
    """What the engine recorded of itself."""
    counted: int = 0
    """Events with `event` in them, as the histogram counts them."""

    def told(self, kind: str) -> list[str]:
        """Texts of the engine's own events of a type."""
        return [str(one["text"]) for one in self.own if one["type"] == kind]


def read_back(client: httpx.Client) -> ReadBack:
    """Reads all pages from the oldest record on. Raises TimeoutError."""
    found = ReadBack()
    query: dict[str, Any] = {"limit": 1000}
    last, end = -1, time.monotonic() + READING_S
    while True:
        answer = client.get("/api/v1/events", params=query)
        if answer.status_code != 200:
            raise RuntimeError(f"a page: status {answer.status_code}: {answer.text[:200]}")
        page = msgspec.json.decode(answer.content)
        for record in page["records"]:
            found.disorder += record["seq"] <= last
            last = record["seq"]
            _take(found, record)
        found.gaps += [(gap["from_seq"], gap["to_seq"], gap["reason"]) for gap in page["gaps"]]
        if not page["more"]:
            break
        query["from_seq"] = page["next_seq"]
        if time.monotonic() > end:
            raise TimeoutError(f"all pages within {READING_S:.0f} s")
    answer = client.get("/api/v1/histogram", params={"filter": '"event " " from node-"'})
    if answer.status_code != 200:
        raise RuntimeError(f"the histogram: status {answer.status_code}: {answer.text[:200]}")
    found.counted = int(answer.json()["count"])
    return found


def passing(client: httpx.Client, filter: str) -> list[dict[str, Any]]:
    """All records that pass a filter. Raises TimeoutError."""
    query: dict[str, Any] = {"limit": 1000, "filter": filter}
    found: list[dict[str, Any]] = []
    end = time.monotonic() + READING_S
    while time.monotonic() < end:
        page = msgspec.json.decode(client.get("/api/v1/events", params=query).content)
        found += page["records"]
        if not page["more"]:
            return found
        query["from_seq"] = page["next_seq"]
    raise TimeoutError(f"all pages within {READING_S:.0f} s")


def _take(found: ReadBack, record: dict[str, Any]) -> None:
    """Adds a record: one from outside, or the engine's own."""
    if record["format"] == "note":
        found.own.append(record)
        return
    numbered = NUMBERED.match(record["raw"] or "")
    if numbered is None:
        found.corrupt += 1
        return
    number = int(numbered[1])
    found.times[number] += 1
    found.seqs[number] = record["seq"]
    found.corrupt += record["raw"].encode() != payload(number)


@dataclass
class Verdict:
    """What is wrong with that which was read back."""

    acknowledged: int = 0
    lost: int = 0
    """Acknowledged, and not read back."""
    duplicate: int = 0
    """Read back more than once."""
    corrupt: int = 0
    """Read back with another payload."""
    phantom: int = 0
    """Read back, and never sent."""
    miscounted: int = 0
    """By how much the histogram differs from the pages, and records out of order."""

    def add(self, other: Verdict) -> None:
        """Adds what another round found."""
        for name in vars(other):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def is_good(self) -> bool:
        """Nothing is wrong."""
        return not (self.lost or self.duplicate or self.corrupt or self.phantom or self.miscounted)


def judge(ledger: Ledger, found: ReadBack) -> Verdict:
    """Compares what was read back with what was sent and acknowledged."""
    acknowledged = ledger.acknowledged
    return Verdict(
        acknowledged=len(acknowledged),
        lost=len(acknowledged - found.times.keys()),
        duplicate=sum(times > 1 for times in found.times.values()),
        corrupt=found.corrupt,
        phantom=sum(number >= ledger.sent for number in found.times),
        miscounted=abs(found.counted - found.times.total()) + found.disorder,
    )
