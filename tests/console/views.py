"""Views of an engine, always the same, for the tests of the console."""

from __future__ import annotations

from ng_tui.client.wire import (
    AlertState,
    AlertView,
    Gauge,
    GuardianView,
    Level,
    MetricsView,
    Mode,
    ModuleStatus,
    ModuleView,
    QueueView,
    RingView,
    RuleView,
    SourceView,
    StageView,
    Unit,
)

from .script import START_NS

SECOND = 1_000_000_000


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
    return [
        AlertView("payments", "level>=error", AlertState.FIRING, Level.ERROR, 3, 1, last_seq=188, since_ns=START_NS)
    ]


def metrics(second: int) -> MetricsView:
    return MetricsView(
        time_ns=START_NS + second * SECOND,
        uptime_s=float(second),
        events_per_s=400.0 + 300 * ((second * 7) % 13) / 13 + (900 if second % 31 == 4 else 0),
        novel_per_min=12.0,
        rejected_per_min=3.0,
        alerts_per_min=1.0,
        dropped=0,
        ring=RingView(100_000, 1, 200, 4_000_000, records=199),
        stages=[StageView("step", 100, 4.0, 9.0, 20.0)],
        queues=[QueueView("intake", 0, 4096, 0)],
        sources=[SourceView("sshd", "journald", True, False, 100, 3.0, 0, 0, False, None, START_NS)],
        subscriptions=[],
        gauges=[Gauge("cpu.total", 23.5, Unit.PERCENT)],
    )
