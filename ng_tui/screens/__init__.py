"""One file for each screen; the table SCREENS names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ng_tui.client.interface import Ring
from ng_tui.options import Options
from ng_tui.screens.base import Pane
from ng_tui.screens.events.pane import EventsPane
from ng_tui.screens.guardian.pane import GuardianPane
from ng_tui.screens.metrics.pane import MetricsPane
from ng_tui.screens.modules.pane import ModulesPane
from ng_tui.screens.patterns.pane import PatternsPane


@dataclass(frozen=True)
class Entry:
    """One screen."""

    id: str
    """Stable name, also the context of its keys."""
    title: str
    """What the tab bar shows."""
    build: Callable[[Ring, Options], Pane]
    """Makes the pane, with the id as widget id."""
    shows_events: bool = False
    """Where `Jump` leads; one screen alone."""


SCREENS: tuple[Entry, ...] = (
    Entry("events", "Events", EventsPane, shows_events=True),
    Entry("modules", "Modules", lambda *_: ModulesPane(id="modules")),
    Entry("metrics", "Metrics", lambda *_: MetricsPane(id="metrics")),
    Entry("guardian", "Guardian", lambda *_: GuardianPane(id="guardian")),
    Entry("patterns", "Patterns", PatternsPane),
)
"""The screens in the order of their keys."""
