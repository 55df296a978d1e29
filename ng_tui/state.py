"""What the console knows of the engine: the latest views, short histories for charts, and commands under way.

Knows nothing of widgets. `app.py` feeds it frames; screens read it.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from ng_tui.client.interface import Link, LinkState
from ng_tui.client.wire import (
    AlertView,
    Command,
    ConstitutionView,
    ErrorFrame,
    FeedbackView,
    Frame,
    GuardianView,
    IncidentsView,
    Level,
    MetricsView,
    ModuleView,
    Notice,
)
from ng_tui.i18n import ntr

SERIES_SECONDS = 3600
"""Seconds of history that the charts can show."""
SLACK = 240
"""Seconds more after which the oldest values are given up together."""
MEAN_SECONDS = 10
"""Seconds over which a rate is a mean where it stands as a number: several readings of what is read every two."""


class Series:
    """One value a second of the last SERIES_SECONDS, newest last; None where nothing was measured.

    In eight bytes a value, a hole being NaN, for there are some dozens of series.
    """

    def __init__(self, values: Iterable[float | None] = ()) -> None:
        self._values = array("d")
        self.extend(values)

    def __len__(self) -> int:
        """Seconds that are held."""
        return min(len(self._values), SERIES_SECONDS)

    def extend(self, values: Iterable[float | None]) -> None:
        """Adds a value for each second."""
        self._values.extend(math.nan if value is None else value for value in values)
        if len(self._values) >= SERIES_SECONDS + SLACK:
            del self._values[:-SERIES_SECONDS]

    def last(self, seconds: int) -> list[float | None]:
        """The newest `seconds` values, oldest first; fewer when the console has not run that long."""
        count = min(seconds, len(self))
        return [None if math.isnan(value) else value for value in self._values[len(self._values) - count :]]


@dataclass(frozen=True)
class SlowLine:
    """The line to the terminal while it is slow."""

    rtt_s: float
    """Seconds there and back."""
    frames_per_s: float
    bytes_per_s: float


@dataclass
class State:
    """The latest of everything. Absent views have not arrived yet."""

    modules: dict[str, ModuleView] = field(default_factory=dict)
    guardian: GuardianView | None = None
    constitution: ConstitutionView | None = None
    feedback: FeedbackView | None = None
    incidents: IncidentsView | None = None
    metrics: MetricsView | None = None
    alerts: list[AlertView] = field(default_factory=list)
    series: dict[str, Series] = field(default_factory=dict)
    pending: dict[int, Command] = field(default_factory=dict)
    link: Link = field(default_factory=lambda: Link(LinkState.LIVE))
    """How the connection stands."""
    lost_at: float | None = None
    """When the connection was lost, by `time.monotonic`; None while it is live, and before it was live at all."""
    slow_line: SlowLine | None = None
    """The line to the terminal; None while it is fast, or not known."""
    revision: int = 0

    def may_show(self, seq: int) -> bool:
        """An event may still be there, in memory or in history; True while nothing is known of either."""
        metrics = self.metrics
        return metrics is None or metrics.history is not None or seq >= metrics.ring.first_seq

    def connect(self, link: Link, now: float) -> None:
        """Takes in how the connection stands; `now` is of `time.monotonic`."""
        before, self.link = self.link, link
        if link.state is LinkState.LIVE:
            self.lost_at = None
        elif before.state is LinkState.LIVE and before.role is not None:
            self.lost_at = now
        if (link.state, link.role, link.rights) != (before.state, before.role, before.rights):
            self.revision += 1

    def absorb(self, frames: Iterable[Frame]) -> tuple[list[Notice], list[tuple[Command, ErrorFrame]]]:
        """Takes in frames; returns notices for the person and the commands that were refused."""
        notices: list[Notice] = []
        refused: list[tuple[Command, ErrorFrame]] = []
        for frame in frames:
            self.revision += 1
            if frame.modules is not None:
                self.modules = {module.id: module for module in frame.modules}
            if frame.guardian is not None:
                self.guardian = frame.guardian
            if frame.constitution is not None:
                self.constitution = frame.constitution
            if frame.feedback is not None:
                self.feedback = frame.feedback
            if frame.incidents is not None:
                self.incidents = frame.incidents
            if frame.alerts is not None:
                self.alerts = frame.alerts
            if frame.metrics is not None:
                self._sample(frame.metrics)
            if frame.notice is not None:
                notices.append(frame.notice)
            if frame.gap is not None:
                text = ntr("{count} event is missing", "{count} events are missing", frame.gap.count)
                reason = f"{text}: {frame.gap.reason}, seq {frame.gap.from_seq} to {frame.gap.to_seq}"
                notices.append(Notice(self._now(), Level.WARN, "stream", reason))
            if frame.result is not None:
                command = self.pending.pop(frame.result.id, None)
                if frame.result.message is not None and (command is None or not _is_seen(command)):
                    notices.append(Notice(self._now(), Level.INFO, "engine", frame.result.message))
            if frame.error is not None and (command := self.pending.pop(frame.error.id, None)) is not None:
                refused.append((command, frame.error))
        return notices, refused

    def history(self, name: str, seconds: int) -> list[float | None]:
        """The newest values of a series, oldest first; empty for a series that was never measured."""
        series = self.series.get(name)
        return series.last(seconds) if series else []

    def mean(self, name: str) -> float | None:
        """The mean of the newest values of a series; None when none of them was measured."""
        measured = [value for value in self.history(name, MEAN_SECONDS) if value is not None]
        return sum(measured) / len(measured) if measured else None

    @property
    def is_learning(self) -> bool:
        """Most events of the last minute are of streams that still learn, of which nobody knows what is new in them."""
        events = sum(value for value in self.history("events", 60) if value is not None)
        return self.metrics is not None and self.metrics.learning_per_min > events / 2

    def _now(self) -> int:
        """The engine's time, as far as it has told it."""
        return self.metrics.time_ns if self.metrics is not None else 0

    def _sample(self, metrics: MetricsView) -> None:
        """Appends one second to every series; what is not measured gets a hole, so that all stay aligned."""
        elapsed = 1
        if self.metrics is not None:
            elapsed = round((metrics.time_ns - self.metrics.time_ns) / 1e9)
            if elapsed <= 0:  # a change announced within the second, or a clock that jumped back
                self.metrics = metrics
                return
        now: dict[str, float | None] = {
            "events": metrics.events_per_s,
            "novel": metrics.novel_per_min,
            "rejected": metrics.rejected_per_min,
            "alerts": metrics.alerts_per_min,
            "dropped": float(metrics.dropped),
        }
        now |= {gauge.name: gauge.value for gauge in metrics.gauges}
        now |= {f"module.{module.id}": module.rate for module in self.modules.values()}
        now |= {f"source.{source.name}": source.rate for source in metrics.sources}
        now |= {f"stage.{stage.name}": stage.p95_us for stage in metrics.stages}
        length = max((len(series) for series in self.series.values()), default=0)
        for name in now:
            if name not in self.series:
                self.series[name] = Series([None] * length)
        for name, series in self.series.items():
            series.extend([*[None] * min(elapsed - 1, SERIES_SECONDS), now.get(name)])
        self.metrics = metrics


def _is_seen(command: Command) -> bool:
    """What the command does is seen on the screen where it was given, so that its answer would only repeat it."""
    told = (command.give_feedback, command.undo_feedback, command.silence, command.expire_silence)
    return all(one is None for one in told)
