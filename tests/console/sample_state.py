"""A state like that of a running engine, the same every time."""

from __future__ import annotations

import math

from ng_tui.client.wire import (
    AlertState,
    AlertView,
    Frame,
    Gauge,
    GuardianView,
    HistoryView,
    Kind,
    LastError,
    Level,
    MetricsView,
    Mode,
    ModuleStatus,
    ModuleView,
    Offender,
    QueueView,
    RingView,
    RuleView,
    Setting,
    SourceView,
    StageView,
    SubscriptionView,
    Unit,
)
from ng_tui.state import State

NOW = 1_785_240_000_000_000_000
HOSTILE = "[/foo] [@click=app.quit]boom[/] \x1b]52;c;aGk=\x07 \x1b[2J \u202eevil\x9b31m"


def gauge(name: str, value: float, unit: Unit = Unit.COUNT) -> Gauge:
    return Gauge(name, value, unit)


SETTINGS = [
    Setting(
        "alert_threshold", Kind.FLOAT, 0.99, [], "", "Anomaly score from which an event raises an alert.", 1.0, 0.5
    ),
    Setting("warmup", Kind.INT, 200, [], "events", "Events of a stream that are learned before any alert.", 10000, 10),
    Setting("score_text", Kind.BOOL, True, [], "", "Whether texts are scored besides numbers."),
    Setting("channel", Kind.CHOICE, "all", ["all", "level", "rarity"], "", "Which channels add to the surprise."),
    Setting("only", Kind.FILTER, "", [], "", "Events that are scored; empty is every event."),
    Setting("ignore", Kind.LIST, [], [], "", "Streams that are never scored."),
]


def module(name: str, term: str, summary: str, second: int, index: int) -> ModuleView:
    rate = 800.0 / (index + 1) * (1.2 + math.sin(second / 7 + index))
    fixed = name in ("guardian", "token_manager", "connection_manager", "grid")
    warns = {
        "gateway": "Nothing is read any more; readings are refused and counted.",
        "intuition_engine": "Events are not scored and carry the state skipped.",
        "signal_system": "Subscribers get nothing.",
    }
    users = {"gateway": ["guardian"], "grid": ["intuition_engine"], "intuition_engine": ["action_controller"]}
    view = ModuleView(
        id=name,
        term=term,
        summary=summary,
        status=ModuleStatus.ACTIVE,
        enabled=True,
        can_disable=not fixed,
        disable_warning=warns.get(name, ""),
        dependents=users.get(name, []),
        operations=1_284_112 // (index + 1),
        rate=rate,
        errors=0,
        gauges=[gauge("patterns", 1284), gauge("memory", 3_400_000, Unit.BYTES)] if index > 1 else [],
        settings=SETTINGS if name == "intuition_engine" else SETTINGS[:1],
        values={one.key: one.default for one in SETTINGS} | {"warmup": 500},
        p50_us=3.1 + index,
        p95_us=12.4 + index * 3,
        p99_us=140.0 + index * 333,
    )
    if name == "gateway":
        view.status, view.errors = ModuleStatus.ERROR, 7
        view.last_error = LastError(NOW - 42_000_000_000, "file:/var/log/app.log line 812: not valid UTF-8 at byte 17")
    if name == "signal_system":
        view.status, view.enabled, view.rate = ModuleStatus.DISABLED, False, 0.0
        view.p50_us = view.p95_us = view.p99_us = None
    return view


MODULES = [
    ("gateway", "sources, feature extraction", "Reads sensors and turns readings into events."),
    ("guardian", "admission control", "Checks every event against the constitution."),
    ("token_manager", "log template mining", "Groups events into patterns with counts and examples."),
    ("connection_manager", "transition graph", "Learns which pattern follows which, how often, after how long."),
    ("grid", "vector index", "Keeps the vectors of a sliding window and finds the nearest."),
    ("intuition_engine", "outlier detection", "Scores how new and how anomalous an event is."),
    ("signal_system", "content-based routing", "Delivers events to subscriptions by filter."),
    ("action_controller", "alerting", "Evaluates alert rules and decides their actions."),
]


def modules(second: int = 0) -> list[ModuleView]:
    return [module(*texts, second, index) for index, texts in enumerate(MODULES)]


def guardian() -> GuardianView:
    def last(seq: int, age: int, source: str, clause: str, observed: float, limit: float) -> Offender:
        return Offender(seq, NOW - age * 1_000_000_000, source, clause, observed, limit)

    rules = [
        RuleView("schema", "Fields that every event must have.", Mode.ENFORCE, "type, source, time", 0, 0),
        RuleView(
            "size_limit",
            "Events larger than the limit.",
            Mode.ENFORCE,
            "limit 65 536 B",
            12,
            12,
            last(84_112, 12, "file:/var/log/app.log", "limit", 70_112, 65_536),
        ),
        RuleView(
            "rate_limit",
            "Sources that send more than their share.",
            Mode.OBSERVE,
            "2 000/s, burst 4 000",
            1841,
            0,
            last(90_007, 3, "http", "burst", 4_311, 4_000),
        ),
        RuleView(
            "clock_skew",
            "Events whose time is far from their arrival.",
            Mode.OBSERVE,
            "past 1 d, future 5 m",
            31,
            0,
            last(71_020, 7260, "journald", "future", 912.5, 300),
        ),
        RuleView("value_range", "Values outside what the type allows.", Mode.OBSERVE, "finite", 0, 0),
    ]
    return GuardianView(1_284_112, 1_282_228, 1_872, 12, rules)


def alerts() -> list[AlertView]:
    def since(age: int) -> int:
        return NOW - age * 1_000_000_000

    return [
        AlertView(
            "errors",
            "when level>=error for 10s then notice",
            AlertState.FIRING,
            Level.ERROR,
            41,
            3,
            last_seq=90_112,
            since_ns=since(75),
        ),
        AlertView(
            "novel burst",
            "when novelty>0.9 for 30s then notice",
            AlertState.PENDING,
            Level.WARN,
            8,
            1,
            last_seq=90_001,
            since_ns=since(9),
        ),
        AlertView(
            "slow disk",
            "when value>50ms then notice",
            AlertState.RESOLVED,
            Level.WARN,
            0,
            2,
            last_seq=80_003,
            since_ns=since(600),
        ),
        AlertView("rejects", "when verdict:reject then notice", AlertState.INACTIVE, Level.NOTICE, 0, 0),
    ]


def gauges(second: int) -> list[Gauge]:
    def wave(base: float, swing: float, period: float, phase: float = 0.0) -> float:
        return base + swing * math.sin(second / period + phase)

    result = [gauge("cpu.total", wave(42, 30, 40), Unit.PERCENT)]
    result += [gauge(f"cpu.{core}", wave(40, 35, 20, core), Unit.PERCENT) for core in range(16)]
    result += [gauge(f"load.{minutes}", wave(2.1, 0.6, minutes * 30), Unit.NONE) for minutes in (1, 5, 15)]
    result += [
        gauge("memory.used_percent", wave(71, 4, 90), Unit.PERCENT),
        gauge("memory.used", wave(11.4e9, 5e8, 90), Unit.BYTES),
        gauge("memory.total", 16.6e9, Unit.BYTES),
        gauge("memory.swap_percent", 3.0, Unit.PERCENT),
        gauge("disk./.used_percent", 81.5, Unit.PERCENT),
        gauge("disk./home.used_percent", 93.0, Unit.PERCENT),
    ]
    for disk in ("sda", "nvme0n1"):
        result += [
            gauge(f"disk.{disk}.read", max(0.0, wave(2e6, 3e6, 11)), Unit.BYTES_PER_SECOND),
            gauge(f"disk.{disk}.write", max(0.0, wave(9e6, 8e6, 23)), Unit.BYTES_PER_SECOND),
        ]
    for card in ("eth0", "wlan0", "lo"):
        result += [
            gauge(f"net.{card}.rx", max(0.0, wave(1.2e6, 1e6, 17, len(card))), Unit.BYTES_PER_SECOND),
            gauge(f"net.{card}.tx", max(0.0, wave(2e5, 3e5, 29, len(card))), Unit.BYTES_PER_SECOND),
        ]
    return result


def metrics(second: int, *, hostile: bool = False) -> MetricsView:
    time_ns = NOW + second * 1_000_000_000
    stages = ["encode", "guard", "patterns", "detect", "route", "act", "record", "total"]
    error = LastError(time_ns - 95_000_000_000, HOSTILE if hostile else "permission denied")
    return MetricsView(
        time_ns=time_ns,
        uptime_s=93_784.0 + second,
        events_per_s=max(0.0, 800 + 420 * math.sin(second / 30) + 90 * math.sin(second / 3)),
        novel_per_min=6 + 5 * math.sin(second / 50),
        rejected_per_min=12.0 if second % 90 > 70 else 0.0,
        alerts_per_min=1.0 if second % 120 > 110 else 0.0,
        dropped=37,
        ring=RingView(100_000, 41_112, 90_113, 48_300_000, records=49_001),
        history=HistoryView(
            1_284_112,
            34_100_000,
            4,
            12,
            0,
            0,
            since_ns=time_ns - 3 * 86_400 * 10**9,
            commit_p50_ms=0.6,
            commit_p99_ms=4.2,
        ),
        stages=[
            StageView(name, 812, 0.4 * 2**index, 1.1 * 2**index, 4.2 * 2.4**index)
            if name != "act"
            else StageView(name, 0)
            for index, name in enumerate(stages)
        ],
        queues=[QueueView("intake", 212, 4096, 0), QueueView("journal", 3900, 4096, 37), QueueView("frames", 2, 64, 0)],
        sources=[
            SourceView("host", "host", True, False, 93_784, 40.0, 0, 0, False, None, time_ns - 400_000_000),
            SourceView(
                "[/foo]\x1b]52;c;aGk=\x07" if hostile else "file:/var/log/syslog",
                "files",
                True,
                False,
                1_184_112,
                761.4,
                12,
                0,
                False,
                error,
                time_ns - 1_000_000_000,
            ),
            SourceView("journald", "journald", True, False, 6_112, 0.0, 0, 0, True, None, time_ns - 312_000_000_000),
            SourceView("stdin", "stdin", True, True, 104, 0.0, 0, 3, False, None, time_ns - 3_600_000_000_000),
        ],
        subscriptions=[
            SubscriptionView(1, "", 90_113, 0, 12, 1024),
            SubscriptionView(2, "level>=warn source:syslog", 1_204, 37, 1024, 1024),
        ],
        gauges=gauges(second),
    )


def sample_state(seconds: int = 400, *, hostile: bool = False) -> State:
    """The state after `seconds` seconds of frames; the last metrics are of NOW."""
    state = State()
    state.absorb([Frame(guardian=guardian()), Frame(alerts=alerts())])
    for second in range(1 - seconds, 1):
        state.absorb([Frame(modules=modules(second)), Frame(metrics=metrics(second, hostile=hostile))])
    if hostile:
        state.modules["gateway"].last_error = LastError(NOW - 5_000_000_000, HOSTILE)
        assert state.guardian is not None
        last = state.guardian.rules[1].last
        assert last is not None
        last.source = HOSTILE
    return state
