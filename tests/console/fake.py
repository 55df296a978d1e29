"""A client whose engine is the test: the ring is that of the binding, and holds the records that the test gives it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ng_tui import _engine
from ng_tui.client.interface import Link, LinkState
from ng_tui.client.templates import RemoteRing
from ng_tui.client.wire import (
    Command,
    ErrorCode,
    ErrorFrame,
    Frame,
    Gap,
    GapReason,
    PatternLink,
    PatternView,
    Record,
    ResultFrame,
)

from .script import make_record, template
from .views import alerts, guardian, metrics, modules


class ScriptedRing(RemoteRing):
    """A ring without an engine behind it: what an engine would know of patterns is that of the script."""

    def __init__(self, capacity: int = 100_000) -> None:
        self._inner = _engine.Ring(capacity, {}, "UTC")
        super().__init__(self._inner)
        self.records: list[Record] = []
        """All that were ever added."""
        self.next_seq = 1

    def add(self, count: int = 1, make: Callable[[int], Record] = make_record) -> None:
        """Adds the next records."""
        new = [make(seq) for seq in range(self.next_seq, self.next_seq + count)]
        self.records += new
        self.next_seq += count
        self._inner.append(msgspec.json.encode(Frame(records=new)))

    def add_gap(self, count: int, reason: GapReason, prefix: str = "") -> None:
        """Says of so many records that they never came. `prefix`: of which of several engines."""
        gap = Gap(from_seq=self.next_seq, to_seq=self.next_seq + count, count=count, reason=reason)
        _engine.Inlet(self._inner, prefix).absorb(msgspec.msgpack.encode(Frame(gap=gap)))
        # Behind a prefix numbers are those of the ring, where a gap is one row.
        self.next_seq += 1 if prefix else count

    def template(self, source: str, pattern: int, seq: int) -> str | None:
        return template(pattern)

    def pattern(self, source: str, pattern: int, seq: int) -> PatternView | None:
        return PatternView(
            pattern=pattern,
            source=source,
            template=template(pattern),
            example="template of one",
            count=1234,
            rate=0.5,
            first_seq=1,
            first_ns=0,
            last_seq=seq,
            last_ns=0,
            successors=[PatternLink(pattern=9, template="session <*> closed", count=3, share=0.75, mean_delay_s=1.5)],
            predecessors=[],
        )


class FakeClient:
    """Feeds the ring and the frames by hand, and keeps what was sent: nothing happens unless the test asks for it."""

    def __init__(self, records: int = 200, capacity: int = 100_000) -> None:
        self.ring = ScriptedRing(capacity)
        self.ring.add(records)
        self.queue: list[Frame] = [Frame(modules=modules()), Frame(guardian=guardian()), Frame(alerts=alerts())]
        self.queue += [Frame(metrics=metrics(second)) for second in range(90)]
        self.sent: list[Command] = []
        self.refuse = False
        self.link = Link(LinkState.LIVE)
        self.label = "embedded"

    def start(self) -> None:
        pass

    def frames(self) -> list[Frame]:
        frames, self.queue = self.queue, []
        return frames

    def send(self, command: Command) -> int:
        self.sent.append(command)
        number = len(self.sent)
        if self.refuse:
            self.queue.append(Frame(error=ErrorFrame(number, ErrorCode.CONFLICT, "not allowed [bold]here[/]")))
        else:
            self.queue.append(Frame(result=ResultFrame(number)))
        return number

    def close(self) -> None:
        pass
