"""What is said of alert rules and their groups on the screen and in lists.

Knows nothing of widgets.
"""

from __future__ import annotations

from ng_tui.client.wire import AlertGroup, AlertState, AlertView, IncidentsView, SilenceView
from ng_tui.i18n import ntr, tr
from ng_tui.incidents import silence_of_rule, silenced_until
from ng_tui.text import fmt_count, safe

STATES = (AlertState.FIRING, AlertState.PENDING, AlertState.RESOLVED)
"""States that are worth a row, the most urgent first."""


def rules_in(alerts: list[AlertView], *states: AlertState) -> list[AlertView]:
    """The alert rules in one of these states: by state, and in each the latest first."""
    found = [one for one in alerts if one.state in states]
    return sorted(found, key=lambda one: (states.index(one.state), -(one.since_ns or 0)))


def firing(alerts: list[AlertView], view: IncidentsView | None) -> list[AlertView]:
    """The alert rules that fire, without those that are silenced or held back by another."""
    fire = rules_in(alerts, AlertState.FIRING)
    return [one for one in fire if silence_of_rule(view, one.name) is None and one.inhibited_by is None]


def groups_of(view: AlertView) -> list[AlertGroup]:
    """The groups of a rule that tells events apart, the most urgent first; none of one that does not."""
    groups = view.groups or []
    return groups if any(group.key for group in groups) else []


def group_name(group: AlertGroup) -> str:
    """What the events of a group have in common."""
    return safe(group.key) or tr("(none)")


def further_groups(count: int) -> str:
    """Says how many groups have no row."""
    return ntr("+ {count} more group", "+ {count} more groups", count)


def held_back_text(rule: AlertView) -> str:
    """What a rule did not tell while another fired; empty where there is nothing."""
    return tr("{n} held back", n=fmt_count(rule.held_back)) if rule.held_back else ""


def is_inhibited(rule: AlertView, state: AlertState) -> bool:
    """A rule, or a group of it in this state, would tell and is held back by another rule."""
    return state is AlertState.FIRING and rule.inhibited_by is not None


def state_text(rule: AlertView, state: AlertState, silence: SilenceView | None, now_ns: int) -> str:
    """The state of a rule or of a group of it; until when it is silenced, or which rule holds it back."""
    if silence is not None:
        return silenced_until(silence, now_ns)
    if is_inhibited(rule, state):
        return tr("held by {rule}", rule=safe(rule.inhibited_by or ""))
    words = {
        AlertState.FIRING: tr("firing"),
        AlertState.PENDING: tr("pending"),
        AlertState.RESOLVED: tr("resolved"),
    }
    return words.get(state, tr("inactive"))
