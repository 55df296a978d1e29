"""What the tables of alert rules have alike, on whichever screen they stand."""

from __future__ import annotations

from collections.abc import Iterable

from ng_tui.alert_rules import is_inhibited, state_text
from ng_tui.client.wire import AlertState, AlertView, Level, SilenceView
from ng_tui.i18n import tr
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import line_width
from ng_tui.kit.table import Cell, Column, Row

LEAST = 10
"""Cells of the column of states, which all but one need."""
WIDEST = 22
"""Cells of `silenced until 13:00` with its mark."""


def state_column(rows: Iterable[Row]) -> Column:
    """The column of the state, as wide as the states of the rows are; the hour of another day is cut."""
    widths = (line_width([(row.cells["state"].text, "")]) for row in rows if "state" in row.cells)
    return Column("state", tr("state"), min(WIDEST, max((LEAST, *widths))))


def state_cell(rule: AlertView, state: AlertState, silence: SilenceView | None, now_ns: int) -> Cell:
    """The state of a rule or of a group of it with its mark, the most urgent first in order."""
    mark, text = glyphs(), state_text(rule, state, silence, now_ns)
    if silence is not None or is_inhibited(rule, state):
        return Cell(f"{mark.off} {text}", "dim", 3.0)
    severe = rule.level in (Level.ERROR, Level.FATAL)
    match state:
        case AlertState.FIRING:
            return Cell(f"{mark.firing} {text}", "bad" if severe else "warn", 0.0)
        case AlertState.PENDING:
            return Cell(f"{mark.waiting} {text}", "warn", 1.0)
        case AlertState.RESOLVED:
            return Cell(f"{mark.resolved} {text}", "good", 2.0)
        case _:
            return Cell(f"{mark.off} {text}", "dim", 4.0)
