"""What a person should know of the state of things before they trust the screen: one check for each, the gravest first.

A lint is true for as long as it is listed. Its id is how `console.ignore_lints` names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ng_tui.client.wire import ModuleStatus, SourceView, TroubleKind
from ng_tui.i18n import ntr, tr
from ng_tui.state import State
from ng_tui.text import fmt_count, fmt_us, safe

SHORT_S = 600
"""A ring that holds less than this forgets faster than people look, seconds."""
RECENT_S = 60
"""For so long it is said that events were lost, seconds."""
MOST_REJECTED = 0.5
"""A larger part of the events rejected is a rule that means something else."""
FEWEST = 100
"""Of fewer events in a minute no share is told."""


@dataclass(frozen=True)
class Lint:
    """Something that is not as it seems."""

    id: str
    text: str
    """In few words."""
    why: str
    """What it means, and what to do."""


def lints(state: State, ignored: tuple[str, ...] = ()) -> list[Lint]:
    """What holds at present, the gravest first; nothing while there is no connection, which is told elsewhere."""
    if state.metrics is None or state.lost_at is not None:
        return []
    return [Lint(id, *said) for id, check in CHECKS.items() if id not in ignored and (said := check(state))]


Said = tuple[str, str] | None


def _events_lost(state: State) -> Said:
    counts = [value for value in state.history("dropped", RECENT_S) if value is not None]
    lost = round(counts[-1] - counts[0]) if counts else 0
    if lost <= 0:
        return None
    text = ntr("{n} event was lost within a minute", "{n} events were lost within a minute", lost, n=fmt_count(lost))
    return text, tr("More came in than is taken. The Metrics screen says where; rate limits and filters help.")


def _history_stopped(state: State) -> Said:
    history = state.metrics.history if state.metrics is not None else None
    if history is None or history.trouble is None:
        return None
    return tr("history is not written"), safe(history.trouble)


def _module_failed(state: State) -> Said:
    failed = [safe(one.id) for one in state.modules.values() if one.status is ModuleStatus.ERROR]
    if not failed:
        return None
    return tr("{names} failed", names=", ".join(failed)), tr("What it does is not done. The Modules screen says why.")


def _source_gone(state: State) -> Said:
    gone = [one for one in _sources(state) if one.trouble is not None and _is_missed(one)]
    # A sensor says once more what is wrong with its sources.
    gone = [one for one in gone if one.name != one.sensor] or gone
    if not gone:
        return None
    text = ntr("{n} source is not read", "{n} sources are not read", len(gone), n=len(gone))
    reason = gone[0].trouble.reason if gone[0].trouble is not None else ""
    return f"{text}: {safe(gone[0].name)}", safe(reason)


def _is_missed(one: SourceView) -> bool:
    """Somebody named it, it was read before, or its sensor failed. What a host simply does not have is not missed."""
    named = one.name.startswith("file:")
    return named or one.last_ok_ns is not None or (one.trouble is not None and one.trouble.kind is TroubleKind.FAILED)


def _module_off(state: State) -> Said:
    off = [one for one in state.modules.values() if one.status is ModuleStatus.DISABLED]
    if not off:
        return None
    text = ntr("{names} is off", "{names} are off", len(off), names=", ".join(safe(one.id) for one in off))
    why = " ".join(safe(one.disable_warning) for one in off if one.disable_warning)
    return text, why + " " + tr("space on the Modules screen switches it on.")


def _source_silent(state: State) -> Said:
    silent = [safe(one.name) for one in _sources(state) if one.stale and one.trouble is None and not one.ended]
    if not silent:
        return None
    text = ntr("{n} source is silent", "{n} sources are silent", len(silent), n=len(silent))
    return f"{text}: {silent[0]}", tr("It said more before. Perhaps what writes it has stopped.")


def _most_rejected(state: State) -> Said:
    metrics = state.metrics
    values = [value for value in state.history("events", 60) if value is not None]
    events = sum(values)
    if metrics is None or events < FEWEST or metrics.rejected_per_min < MOST_REJECTED * events:
        return None
    share = min(100, round(100 * metrics.rejected_per_min / events))
    why = tr("The Guardian screen lists the rules with what they objected to; i explains a verdict.")
    return tr("{share}% of the events are rejected", share=share), why


def _ring_short(state: State) -> Said:
    metrics = state.metrics
    if metrics is None or metrics.ring.since_ns is None or not metrics.ring.earlier:
        return None
    seconds = (metrics.time_ns - metrics.ring.since_ns) / 1e9
    if seconds >= SHORT_S:
        return None
    text = tr("memory holds the last {n} s", n=round(seconds))
    older = (
        tr("Older events are gone.") if metrics.history is None else tr("Older events are on disk: query finds them.")
    )
    return text, older + " " + tr("ring.capacity in the configuration is how many are kept in memory.")


def _slow_link(state: State) -> Said:
    line = state.slow_line
    if line is None:
        return None
    text = tr("this terminal answers after {rtt}", rtt=fmt_us(line.rtt_s * 1e6))
    why = tr("The line is slow, or the machine is busy. What is shown is as old as that, and drawn less often.")
    why += " " + tr(
        "Events need less of a line than a screen does: the console can run where you sit, and connect to here."
    )
    return text, why


def _sources(state: State) -> list[SourceView]:
    return [one for one in state.metrics.sources if one.enabled] if state.metrics is not None else []


CHECKS: dict[str, Callable[[State], Said]] = {
    "events-lost": _events_lost,
    "history-stopped": _history_stopped,
    "module-failed": _module_failed,
    "source-gone": _source_gone,
    "module-off": _module_off,
    "most-rejected": _most_rejected,
    "source-silent": _source_silent,
    "ring-short": _ring_short,
    "slow-link": _slow_link,
}
"""Every check by the id of its lint, the gravest first."""
