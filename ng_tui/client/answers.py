"""What an engine answers over HTTP, as types. Fields that a later engine adds are passed over."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from ng_tui.client.wire import Gap, ModuleStatus, Record, Setting, SettingValue


class ModuleMetrics(Struct):
    """What a module measures."""

    operations: int
    """Operations since the start."""
    ops_per_sec: float
    """Operations per second over the last second."""
    avg_latency_us: float
    """Median of the sampled latencies of the last minute, microseconds; 0 before the first sample."""
    p95_latency_us: float
    """95th percentile, microseconds; 0 before the first sample."""
    errors: int
    """Errors since the start."""
    custom: dict[str, float]
    """What the module counts besides."""


class Module(Struct):
    """A module of the engine."""

    id: str
    """Stable id, such as `signal_system`."""
    name: str
    """The field's term for it."""
    description: str
    version: str
    status: ModuleStatus
    enabled: bool
    can_disable: bool
    configurable: bool
    metrics: ModuleMetrics
    disable_warning: str | None = None
    """What stops when it is switched off; None when nothing depends on it."""


class ModuleConfig(Struct):
    """The settings of a module."""

    config: dict[str, SettingValue]
    """Their values now."""
    settings: list[Setting]
    """What each accepts."""


class Health(Struct):
    """How the server stands."""

    status: str
    """`healthy`, `degraded` (a module reports errors, or a part failed) or `unhealthy` (starting or stopping)."""
    version: str
    uptime_seconds: float
    timestamp: str
    """The engine's clock, ISO 8601, UTC."""
    components: dict[str, str]
    """The modules, and what each is: `active`, `disabled` or `error`."""
    failures: list[str] = []
    """What has failed and is not running again yet, such as a sensor, each with its reason."""


class Status(Struct):
    """The engine in a few numbers."""

    status: str
    """`healthy`, `degraded` (a module reports errors, or a part failed) or `unhealthy` (starting or stopping)."""
    version: str
    timestamp: str
    """The engine's clock, ISO 8601, UTC."""
    uptime_seconds: float
    tokens_count: int
    """Patterns that are known."""
    memory_usage_mb: float
    """Memory of the process, MiB."""
    requests_total: int
    """Requests since the start."""
    events_total: int
    """Records made since the start."""
    events_per_sec: float
    """Records per second over the last second."""
    connections: int
    """WebSocket clients."""


class RejectedLine(Struct):
    """An event that was not understood."""

    line: int
    """Which one of those sent, from 1."""
    error: str
    """What was wrong."""
    code: str = ""
    """Stable code."""


class Receipt(Struct):
    """What became of events that were sent."""

    accepted: int
    """Events that are in the engine's ring now."""
    rejected: list[RejectedLine] = []
    """Events that were not understood; the first thousand."""
    rejected_total: int = 0
    """How many there are."""
    guardian_rejected: int = 0
    """Of those accepted, rejected by Guardian: recorded, but not scored."""
    duplicates: int = 0
    """Events that were left out because their `id` was taken in before."""
    last_seq: int | None = None
    """`seq` of the last record made; None when there is none."""
    durable: bool = False
    """The records are on disk; otherwise they live as long as the engine's process."""
    not_durable: str | None = None
    """Why they are not, or not yet."""


class Group(Struct):
    """How many records have something in common."""

    name: str
    """A minute as ISO 8601, a level, a source, or the number of a pattern."""
    count: int


class Histogram(Struct):
    """How many records pass a filter."""

    count: int
    groups: list[Group] = []
    """Of each group: minutes and patterns in their order, others from the most frequent on."""
    unreadable: int = 0
    """Events on disk that cannot be read and are left out, as far as they were met by anybody."""


class Page(Struct):
    """Records of the ring, and of history behind it."""

    records: list[Record]
    """In the order that was asked for."""
    first_seq: int = 0
    """`seq` of the oldest record that the engine holds."""
    next_seq: int | None = None
    """`from_seq` of the page that follows; None when there is nothing older."""
    more: bool = False
    """Records that have not been looked at may follow."""
    gaps: list[Gap] = []
    """Numbers that were asked for and whose records are gone."""
    unreadable: int = 0
    """Events on disk that cannot be read and are left out, as far as they were met by anybody."""


class Fault(Struct):
    """The refusal of a request."""

    code: str = ""
    message: str = ""
    details: dict[str, Any] = {}


class _Failure(Struct):
    error: Fault


class _Envelope(Struct):
    success: bool
    data: msgspec.Raw


def fault_of(body: bytes) -> Fault | None:
    """What an engine says about a request that it refused; None for the answer of something else."""
    try:
        return msgspec.json.decode(body, type=_Failure).error
    except msgspec.MsgspecError:
        return None


def message_of(body: bytes) -> str:
    """The words of a refusal; empty for the answer of something else."""
    fault = fault_of(body)
    return fault.message if fault is not None else ""


def data_of(body: bytes) -> bytes:
    """The data of an answer, with or without an envelope."""
    try:
        return bytes(msgspec.json.decode(body, type=_Envelope).data)
    except msgspec.MsgspecError:
        return body
