"""Guardian: the rules that every event must pass, what they objected to, the constitution, and the alert rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from ng_tui.alert_rules import firing
from ng_tui.client.wire import (
    Command,
    GuardianView,
    Mode,
    RollBackCommand,
    RuleView,
    SetRuleModeCommand,
    StartTrialCommand,
    StopTrialCommand,
)
from ng_tui.connection import locked, refusal
from ng_tui.i18n import ntr, tr
from ng_tui.keymap import bindings
from ng_tui.kit.choose import Choose
from ng_tui.kit.confirm import Confirm
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Heading, Line, line_width, rule, spread
from ng_tui.kit.pending import Awaited
from ng_tui.kit.table import Cell, Column, Row, Table
from ng_tui.screens.base import Jump, Pane, Send, Tell
from ng_tui.screens.guardian import alerts
from ng_tui.screens.guardian.constitution import Constitution, previous, trial_line
from ng_tui.screens.guardian.explain import Explain, mode_text
from ng_tui.state import State
from ng_tui.text import fmt_age, fmt_count, fmt_number, fmt_short, now_ns, safe

WIDE = 110
"""Cells from which the explanation stands beside the tables instead of in place of the alert rules."""


TRIAL_SECONDS = 300
KEEP, REVERT = "keep", "revert"


class GuardianPane(Pane):
    """Counts, the table of rules, the constitution, and the table of alert rules; an explanation on request."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("guardian"))
    DEFAULT_CSS = """
    GuardianPane .row { height: 1fr; }
    GuardianPane .alerts { height: 1fr; min-height: 3; }
    GuardianPane Explain { display: none; }
    GuardianPane.-explain Explain { display: block; }
    GuardianPane.-explain .alerts { display: none; }
    GuardianPane.-explain Constitution { display: none; }
    GuardianPane .tables { width: 1fr; }
    GuardianPane #side { display: none; width: 48; padding: 0 0 0 2; }
    GuardianPane.-wide.-explain #side { display: block; }
    GuardianPane.-wide.-explain .alerts { display: block; }
    GuardianPane.-wide.-explain Constitution { display: block; }
    GuardianPane.-wide #below { display: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state = State()
        self._awaited: Awaited[Mode] = Awaited()
        self._counts = Heading(self._count_line)
        self._rules = Table(
            _rule_columns, lambda: tr("No rule has been heard of yet; they appear when the engine answers.")
        )
        self._constitution = Constitution()
        self._explains = (Explain(id="below"), Explain(id="side"))
        self._alert_title = Heading(self._alert_line)
        self._alert_rows: list[Row] = []
        self._alerts = Table(
            lambda: alerts.columns(self._alert_rows),
            lambda: tr("No alert rule is configured. For example: when level>=error then notify"),
        )

    def compose(self) -> ComposeResult:
        """Tables at the left, the explanation below or beside them."""
        with Horizontal(classes="row"):
            with Vertical(classes="tables"):
                yield self._counts
                yield self._rules
                yield self._explains[0]
                yield self._constitution
                with Vertical(classes="alerts"):
                    yield self._alert_title
                    yield self._alerts
            yield self._explains[1]

    def on_enter(self) -> None:
        """Gives the keys to the rules."""
        self._rules.focus()

    def present(self, state: State) -> None:
        """Shows the state."""
        self._state = state
        unheard = state.lost_at is not None
        self._awaited.settle(self._actual, state.guardian, self._under_way, unheard=unheard)
        rules = state.guardian.rules if state.guardian else []
        self._rules.show([self._rule_row(view) for view in rules])
        self._alert_rows = alerts.rows(state)
        self._alerts.show(self._alert_rows)
        self._constitution.show(state)
        self._counts.redraw()
        self._alert_title.redraw()
        self._show_explanation()
        self._arrange()

    def on_resize(self) -> None:
        """Chooses the layout for the size."""
        self._arrange()

    @on(Table.Moved)
    def _moved(self) -> None:
        self._show_explanation()

    def action_switch(self) -> None:
        """Turns the rule under the cursor to the other mode."""
        view = self._rule()
        if view is None or self._alerts.has_focus or self._awaited.wanted(view.name) is not None:
            return
        if why := refusal(self._state.link, "steer"):
            self.post_message(Tell(f"{safe(view.name)}: {why}", severity="warning"))
            return
        mode = Mode.OBSERVE if view.mode == Mode.ENFORCE else Mode.ENFORCE
        self._awaited.ask(view.name, mode, self._state.guardian)
        self.post_message(Send(Command(set_rule_mode=SetRuleModeCommand(view.name, mode))))
        self.present(self._state)

    def action_explain(self) -> None:
        """Opens or closes the explanation of the rule under the cursor."""
        if self._rule() is not None and not self._alerts.has_focus:
            self.toggle_class("-explain")
            self._show_explanation()
            self._arrange()

    def action_close(self) -> None:
        """Closes the explanation."""
        self.remove_class("-explain")
        self._arrange()

    def action_jump(self) -> None:
        """Goes to the latest event of the rule or of the alert rule."""
        if self._alerts.has_focus:
            seq = alerts.last_seq(self._state.alerts, self._alerts.cursor_key)
        else:
            view = self._rule()
            seq = view.last.seq if view and view.last else None
        if seq is None:
            self.post_message(Tell(tr("No event yet.")))
        elif not self._state.may_show(seq):
            self.post_message(Tell(tr("Event {seq} is no longer in memory.", seq=fmt_count(seq)), severity="warning"))
        else:
            self.post_message(Jump(seq=seq))

    def action_events(self) -> None:
        """Shows every event that the rule objected to."""
        view = self._rule()
        if view is not None and not self._alerts.has_focus:
            self.post_message(Jump(filter=f"rule:{view.name}"))

    def action_trial(self) -> None:
        """Begins a trial of a profile, or ends the one that runs, after a choice."""
        view = self._state.constitution
        if view is None:
            self._untold()
        elif view.trial is None:
            options = [(one.name, f"{one.name}: {one.summary}") for one in view.profiles if one.name != view.profile]
            self.app.push_screen(Choose(tr("Which profile to try for five minutes?"), options), self._try)
        else:
            running = "".join(text for text, _ in trial_line(view.trial, now_ns(self._state.metrics))).strip()
            options = [
                (REVERT, tr("revert: go back to {profile} now", profile=view.trial.returns_to)),
                (KEEP, tr("keep: {profile} holds from now on", profile=view.profile)),
            ]
            self.app.push_screen(Choose(running, options), self._end_trial)

    def action_roll_back(self) -> None:
        """Takes the version before up again, after a question."""
        view = self._state.constitution
        if view is None:
            self._untold()
        elif view.trial is not None:
            self.post_message(Tell(tr("A trial runs: keep it or revert it first."), severity="warning"))
        elif (back := previous(view)) is None:
            self.post_message(Tell(tr("There is no version before this one.")))
        else:
            version, changes = back
            title = tr("Take version {version} up again?", version=version)
            reasons = [tr("This is taken back:"), *changes] if changes else []
            self.app.push_screen(
                Confirm(title, reasons, yes=tr("roll back"), no=tr("keep version {version}", version=view.version)),
                lambda yes: self._send(Command(roll_back=RollBackCommand(version))) if yes else None,
            )

    def _try(self, profile: str | None) -> None:
        if profile is not None:
            self._send(Command(start_trial=StartTrialCommand(TRIAL_SECONDS, profile=profile)))

    def _end_trial(self, answer: str | None) -> None:
        if answer is not None:
            self._send(Command(stop_trial=StopTrialCommand(keep=answer == KEEP)))

    def _send(self, command: Command) -> None:
        self.post_message(Send(command))

    def _untold(self) -> None:
        self.post_message(Tell(tr("The engine has not told its constitution.")))

    def _rule(self) -> RuleView | None:
        rules = self._state.guardian.rules if self._state.guardian else []
        return next((view for view in rules if view.name == self._rules.cursor_key), None)

    def _show_explanation(self) -> None:
        if self.has_class("-explain"):
            for widget in self._explains:
                widget.show(self._state, self._rule())

    def _actual(self, name: str) -> Mode | None:
        rules = self._state.guardian.rules if self._state.guardian else []
        return next((view.mode for view in rules if view.name == name), None)

    def _under_way(self, name: str, mode: Mode) -> bool:
        command = Command(set_rule_mode=SetRuleModeCommand(name, mode))
        return any(pending == command for pending in self._state.pending.values())

    def _arrange(self) -> None:
        self.set_class(self.size.width >= WIDE, "-wide")
        rules = len(self._state.guardian.rules) if self._state.guardian else 1
        self._rules.styles.height = max(2, min(rules + 2, self.size.height - 6))
        # The counts stand above the rules, and of the alert rules at least the title and the heads stay.
        self._constitution.styles.height = self._constitution.rows(self.size.height - rules - 3 - 4)

    def _rule_row(self, view: RuleView) -> Row:
        wanted = self._awaited.wanted(view.name)
        if wanted is not None:
            mode = Cell(f"{glyphs().pending} {mode_text(wanted)[2:]}", "warn", "")
        else:
            mode = Cell(mode_text(view.mode), "good" if view.mode == Mode.ENFORCE else "", view.mode.value)
        cells = {
            "mode": mode,
            "rule": Cell(safe(view.name)),
            "hits": Cell(fmt_count(view.hits), "flag" if view.hits else "dim", view.hits),
            "rejects": Cell(fmt_count(view.rejects), "reject" if view.rejects else "dim", view.rejects),
            "terms": Cell(safe(view.terms), "dim"),
        }
        if (last := view.last) is not None:
            over = f"{fmt_number(last.observed)} / {fmt_number(last.limit)}"
            cells["age"] = Cell(fmt_age(last.time_ns, now_ns(self._state.metrics)), "", float(last.time_ns))
            cells["clause"] = Cell(f"{safe(last.clause)} {over}", "", safe(last.clause))
            cells["source"] = Cell(safe(last.source), "dim")
        return Row(view.name, cells)

    def _count_line(self, width: int) -> Line:
        view = self._state.guardian
        if view is None:
            return rule(tr("Constitution"), "", width)
        note: Line = [(short + " ", "warn")] if (short := locked(self._state.link, "steer")) else []
        full = _counts(view, fmt_count)
        line = full if line_width(full) + line_width(note) < width else _counts(view, fmt_short)
        return spread(line, note, width)

    def _alert_line(self, width: int) -> Line:
        fire = len(firing(self._state.alerts, self._state.incidents))
        note = ntr("{count} firing", "{count} firing", fire) if fire else tr("none firing")
        return rule(tr("Alert rules"), note if self._state.alerts else "", width, focused=self._alerts.has_focus)


def _counts(view: GuardianView, form: Callable[[float | None], str]) -> Line:
    line: Line = []
    for name, count, tag in (
        (tr("checked"), view.checked, "strong"),
        (tr("admitted"), view.admitted, "good"),
        (tr("flagged"), view.flagged, "flag"),
        (tr("rejected"), view.rejected, "reject"),
    ):
        line += [(f" {name} ", "dim"), (f"{form(count)}  ", tag if count else "dim")]
    return line


def _rule_columns() -> list[Column]:
    return [
        Column("mode", tr("mode"), 9),
        Column("rule", tr("rule"), 13),
        Column("hits", tr("hits"), 7, "right"),
        Column("rejects", tr("rejects"), 7, "right"),
        Column("age", tr("last"), 5, "right"),
        Column("clause", tr("clause observed / limit"), 23, drop=1, grow=True),
        Column("source", tr("source"), 16, drop=2, grow=True),
        Column("terms", tr("terms"), 22, drop=3, grow=True),
    ]
