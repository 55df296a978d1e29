"""An engine in memory: a ring of scripted records with just enough of the filter language for the console's tests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from ng_tui.client.protocol import Link, LinkState
from ng_tui.client.wire import (
    AlertState,
    AlertView,
    Command,
    Detection,
    ErrorCode,
    ErrorFrame,
    Feature,
    Format,
    Frame,
    Gauge,
    GuardianView,
    Hit,
    Level,
    MetricsView,
    Mode,
    ModuleStatus,
    ModuleView,
    Neighbour,
    Outcome,
    PatternLink,
    PatternView,
    QueueView,
    Record,
    RecordDetail,
    ResultFrame,
    RingView,
    Row,
    RuleStep,
    RuleView,
    ScoreChannel,
    Scoring,
    SourceView,
    StageView,
    Totals,
    Unit,
    Verdict,
    ViewState,
)
from ng_tui.errors import FilterError

from .fake_tally import FakeTally

START_NS = 1_785_240_000_000_000_000
SECOND = 1_000_000_000
LEVELS = list(Level)
FEATURES = ("length", "digits", "entropy", "level", "rarity", "interval", "burst", "source")

SCRIPT = (
    (Level.INFO, "log.auth", "sshd", "Accepted publickey for deploy from 10.2.0.14 port 52144 ssh2"),
    (Level.INFO, "log.web.access", "nginx", 'GET /api/v1/orders?page=3 200 18ms "okhttp/4.12"'),
    (Level.DEBUG, "log.app.cache", "orders", "cache miss key=customer:88213 took=3.1ms"),
    (Level.INFO, "metric.cpu.total", "host", "cpu.total=23.5 %"),
    (Level.WARN, "log.app.pool", "orders", "connection pool 90% full (45/50), waiting=3"),
    (Level.INFO, "log.web.access", "nginx", "POST /api/v1/orders 201 44ms"),
    (Level.ERROR, "log.app.payment", "payments", "charge failed: upstream timeout after 5000ms order=77120"),
    (Level.INFO, "log.kernel", "kernel", "eth0: link up, 1000Mbps, full-duplex"),
    (Level.NOTICE, "engine.note", "engine", "module intuition_engine finished its warm-up"),
)


def make_row(seq: int) -> Row:
    """The record of the script at a place."""
    level, topic, source, text = SCRIPT[seq % len(SCRIPT)]
    outcome = Outcome.REJECT if seq % 41 == 17 else Outcome.FLAG if seq % 29 == 11 else Outcome.ADMIT
    scored = outcome is not Outcome.REJECT
    novelty = (seq * 37 % 100) / 100 if level is not Level.ERROR else 0.97
    return Row(
        seq=seq,
        time_ns=START_NS + seq * 173_000_000,
        level=level,
        type=topic,
        source=source,
        outcome=outcome,
        state=Scoring.SCORED if scored else Scoring.UNSCORED,
        novelty=novelty if scored else 0.0,
        anomaly=0.999 if seq % 50 == 33 else 0.2,
        is_novel=scored and novelty > 0.95,
        is_alert=seq % 50 == 33,
        text=f"{text} #{seq}",
    )


class FakeRing:
    """Holds at most `capacity` rows."""

    def __init__(self, capacity: int = 100_000) -> None:
        self.rows: deque[Row] = deque()
        self.capacity = capacity
        self.next_seq = 1
        self.pruned_rows: list[Row] = []

    @property
    def first_seq(self) -> int:
        return self.rows[0].seq if self.rows else self.next_seq

    def add(self, count: int = 1, make: Callable[[int], Row] = make_row) -> None:
        for _ in range(count):
            self.rows.append(make(self.next_seq))
            self.next_seq += 1
            if len(self.rows) > self.capacity:
                self.pruned_rows.append(self.rows.popleft())

    def view(self, filter: str) -> FakeView:
        return FakeView(self, compile_filter(filter))

    def row(self, seq: int) -> Row | None:
        return next((row for row in self.rows if row.seq == seq), None)

    def detail(self, seq: int, neighbours: int) -> RecordDetail | None:
        row = self.row(seq)
        if row is None:
            return None
        scored = row.state is Scoring.SCORED
        rejected = row.outcome is not Outcome.ADMIT
        record = Record(
            seq=seq,
            time_ns=row.time_ns,
            received_ns=row.time_ns,
            type=row.type,
            source=row.source,
            level=row.level,
            format=Format.TEXT,
            text=row.text,
            unit=Unit.NONE,
            attrs={"host": "web-3", "pid": "4112"},
            raw=row.text,
            verdict=Verdict(
                outcome=row.outcome,
                objections=["rate_limit"] if rejected else [],
                hit=Hit("rate_limit", "per_source", 812.0, 500.0) if rejected else None,
            ),
            detection=Detection(
                state=row.state,
                encoder="text-1" if scored else None,
                features=[Feature(name, (seq * (i + 3) * 7 % 100) / 100) for i, name in enumerate(FEATURES)]
                if scored
                else [],
                is_novel=row.is_novel,
                is_alert=row.is_alert,
                channels=[
                    ScoreChannel("template rarity", 2.4),
                    ScoreChannel("level", 1.1),
                    ScoreChannel("interval", 0.3),
                ]
                if scored
                else [],
                why="rare template for this source; interval longer than usual" if scored else "",
                anomaly_score=row.anomaly if scored else None,
                novelty=row.novelty if scored else None,
                pattern=142 if scored else None,
                surprise=3.8 if scored else None,
            ),
        )
        near = [one for one in self.rows if one.type == row.type and one.seq != seq][-neighbours:] if neighbours else []
        return RecordDetail(
            record=record,
            neighbours=[Neighbour(one.seq, 0.1 * i, 1 - 0.1 * i, one.text) for i, one in enumerate(near)],
            rules=[RuleStep("size_limit", False, False), RuleStep("rate_limit", rejected, rejected)],
            template="charge failed: upstream timeout after <*> order=<*>" if scored else None,
        )

    run_began = 0

    def tally(self, from_seq: int) -> FakeTally:
        return FakeTally(self.rows, from_seq, len(SCRIPT))

    def template(self, source: str, pattern: int, seq: int) -> str | None:
        return f"template {pattern} of <*>"

    def pattern(self, source: str, pattern: int, seq: int) -> PatternView | None:
        link = PatternLink(pattern=9, template="session <*> closed", count=3, share=0.75, mean_delay_s=1.5)
        return PatternView(
            pattern=pattern,
            source=source,
            template=f"template {pattern} of <*>",
            example="template of one",
            count=1234,
            rate=0.5,
            first_seq=1,
            first_ns=0,
            last_seq=seq,
            last_ns=0,
            successors=[link],
            predecessors=[],
        )

    def export(self, seq: int) -> bytes | None:
        detail = self.detail(seq, 0)
        return None if detail is None else msgspec.json.encode(detail.record)

    def highlights(self, filter: str, text: str) -> list[tuple[int, int]]:
        at = text.lower().find(filter.lower())
        return [(at, at + len(filter))] if filter and at >= 0 else []


class FakeView:
    """Examines newest first, at most `budget` records for each call of `advance`."""

    def __init__(self, ring: FakeRing, passes: Callable[[Row], bool]) -> None:
        self.ring = ring
        self.passes = passes
        self.low = self.high = ring.next_seq  # examined: low <= seq < high
        self.found: list[Row] = []
        self.pruned = 0
        self.totals = [0] * 7

    def advance(self, budget: int) -> ViewState:
        ring = self.ring
        known = {row.seq: row for row in ring.rows}
        while self.high < ring.next_seq and budget > 0:
            self._examine(known.get(self.high), newest=True)
            self.high += 1
            budget -= 1
        while self.low > ring.first_seq and budget > 0:
            self.low -= 1
            self._examine(known.get(self.low), newest=False)
            budget -= 1
        while self.found and self.found[0].seq < ring.first_seq:
            self.found.pop(0)
            self.pruned += 1
        return ViewState(
            first_seq=ring.first_seq,
            next_seq=ring.next_seq,
            scanned_from=self.low,
            scanned_to=self.high,
            matched=len(self.found),
            pruned=self.pruned,
            totals=Totals(*self.totals),
        )

    def rows(self, start: int, count: int) -> list[Row]:
        return self.found[max(0, start) : start + count]

    def seq_at(self, index: int) -> int | None:
        return self.found[index].seq if 0 <= index < len(self.found) else None

    def index_of(self, seq: int) -> int:
        return next((i for i, row in enumerate(self.found) if row.seq >= seq), len(self.found))

    def next_match(self, seq: int, forward: bool, filter: str, budget: int) -> tuple[str, int]:
        passes = compile_filter(filter)
        rows = self.found if forward else list(reversed(self.found))
        after = [row for row in rows if (row.seq > seq if forward else row.seq < seq)]
        for count, row in enumerate(after):
            if count >= budget:
                return "more", after[count - 1].seq
            if passes(row):
                return "found", row.seq
        return "nothing", 0

    def _examine(self, row: Row | None, *, newest: bool) -> None:
        if row is None or not self.passes(row):
            return
        self.found.insert(len(self.found) if newest else 0, row)
        flags = (
            True,
            row.level is Level.WARN,
            row.level in (Level.ERROR, Level.FATAL),
            row.is_novel,
            row.is_alert,
            row.outcome is Outcome.FLAG,
            row.outcome is Outcome.REJECT,
        )
        self.totals = [total + flag for total, flag in zip(self.totals, flags, strict=True)]


def compile_filter(text: str) -> Callable[[Row], bool]:
    """Words, `|`, `!`, one level of parentheses, and the few fields that the console itself uses."""
    if text.count("(") != text.count(")"):
        raise FilterError(len(text) + 1, "expected )")
    if (at := text.find(">>")) >= 0:
        raise FilterError(at + 1, "expected a value")
    options = [[_term(word) for word in part.replace("(", " ").replace(")", " ").split()] for part in text.split("|")]
    return lambda row: any(all(term(row) for term in terms) for terms in options)


def _term(word: str) -> Callable[[Row], bool]:
    if word.startswith("!"):
        inner = _term(word[1:])
        return lambda row: not inner(row)
    if word.startswith("level>="):
        if word[7:] not in LEVELS:
            raise FilterError(8, f"expected a level: {', '.join(LEVELS)}")
        least = LEVELS.index(Level(word[7:]))
        return lambda row: LEVELS.index(row.level) >= least
    name, _, value = word.partition(":")
    tests: dict[str, Callable[[Row], bool]] = {
        "level": lambda row: row.level.value == value,
        "verdict": lambda row: row.outcome.value in value.split(","),
        "is": lambda row: {"alert": row.is_alert, "novel": row.is_novel}[value],
        "type": lambda row: row.type.startswith(value.rstrip("*").rstrip(".")),
        "source": lambda row: row.source == value,
        "pattern": lambda row: row.seq % len(SCRIPT) == int(value),
    }
    return tests.get(name, lambda row: word.lower() in row.text.lower())


class FakeClient:
    """Feeds the ring and the frames by hand: nothing happens unless the test asks for it."""

    def __init__(self, records: int = 200, capacity: int = 100_000) -> None:
        self.ring = FakeRing(capacity)
        self.ring.add(records)
        self.queue: list[Frame] = [Frame(modules=modules()), Frame(guardian=guardian()), Frame(alerts=alerts())]
        self.queue += [Frame(metrics=metrics(second)) for second in range(90)]
        self.sent: list[Command] = []
        self.refuse = False
        self.link = Link(LinkState.LIVE)
        self.label = "embedded"
        self.asked = 0
        """How often the app has looked; tests wait for it to grow."""

    def start(self) -> None:
        pass

    def frames(self) -> list[Frame]:
        self.asked += 1
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


def modules() -> list[ModuleView]:
    names = ("gateway", "guardian", "cdna", "token_manager", "grid", "intuition_engine", "signal_system")
    return [
        ModuleView(
            id=name,
            term="sources",
            summary=f"what {name} does",
            status=ModuleStatus.ACTIVE,
            enabled=True,
            can_disable=name not in ("guardian", "cdna"),
            disable_warning="",
            dependents=[],
            operations=1000 * i,
            rate=100.0 * i,
            errors=0,
            gauges=[],
            settings=[],
            values={},
            p50_us=1.0,
            p95_us=4.0,
            p99_us=9.0,
        )
        for i, name in enumerate(names)
    ]


def guardian() -> GuardianView:
    rules = [RuleView("rate_limit", "at most so many events a second", Mode.ENFORCE, "500/s", 12, 12)]
    return GuardianView(checked=1000, admitted=980, flagged=8, rejected=12, rules=rules)


def alerts() -> list[AlertView]:
    return [AlertView("payments", "level>=error", AlertState.FIRING, Level.ERROR, 3, 1, 188, START_NS)]


def metrics(second: int) -> MetricsView:
    return MetricsView(
        time_ns=START_NS + second * SECOND,
        uptime_s=float(second),
        events_per_s=400.0 + 300 * ((second * 7) % 13) / 13 + (900 if second % 31 == 4 else 0),
        novel_per_min=12.0,
        rejected_per_min=3.0,
        alerts_per_min=1.0,
        dropped=0,
        ring=RingView(100_000, 1, 200, 4_000_000),
        stages=[StageView("step", 100, 4.0, 9.0, 20.0)],
        queues=[QueueView("intake", 0, 4096, 0)],
        sources=[SourceView("sshd", "journald", True, False, 100, 3.0, 0, 0, False, None, START_NS)],
        subscriptions=[],
        gauges=[Gauge("cpu.total", 23.5, Unit.PERCENT)],
    )
