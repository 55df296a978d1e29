"""One file for each screen; the table SCREENS names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ng_tui.client.interface import Ring
from ng_tui.options import Options
from ng_tui.screens.base import Pane


@dataclass(frozen=True)
class Entry:
    """One screen."""

    id: str
    """Stable name, also the context of its keys."""
    title: str
    """What the tab bar shows."""
    build: Callable[[Ring, Options], Pane]
    """Makes the pane, with the id as widget id. What it is made of is imported then, so that no screen costs before it
    is there."""
    shows_events: bool = False
    """Where `Jump` leads; one screen alone, which is there from the start."""


def _events(ring: Ring, options: Options) -> Pane:
    from ng_tui.screens.events.pane import EventsPane

    return EventsPane(ring, options)


def _modules(ring: Ring, options: Options) -> Pane:
    from ng_tui.screens.modules.pane import ModulesPane

    return ModulesPane(id="modules")


def _metrics(ring: Ring, options: Options) -> Pane:
    from ng_tui.screens.metrics.pane import MetricsPane

    return MetricsPane(id="metrics")


def _guardian(ring: Ring, options: Options) -> Pane:
    from ng_tui.screens.guardian.pane import GuardianPane

    return GuardianPane(id="guardian")


def _patterns(ring: Ring, options: Options) -> Pane:
    from ng_tui.screens.patterns.pane import PatternsPane

    return PatternsPane(ring, options)


def _alerts(ring: Ring, options: Options) -> Pane:
    from ng_tui.screens.alerts.pane import AlertsPane

    return AlertsPane(options)


SCREENS: tuple[Entry, ...] = (
    Entry("events", "Events", _events, shows_events=True),
    Entry("modules", "Modules", _modules),
    Entry("metrics", "Metrics", _metrics),
    Entry("guardian", "Guardian", _guardian),
    Entry("patterns", "Patterns", _patterns),
    Entry("alerts", "Alerts", _alerts),
)
"""The screens in the order of their keys."""
