"""What is wrong at present and what was lately: incidents, alert rules, the members of one, and silences."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from ng_tui.alert_rules import firing, groups_of
from ng_tui.client.interface import LinkState
from ng_tui.client.wire import (
    AlertGroup,
    AlertView,
    Command,
    ExpireSilenceCommand,
    Feedback,
    GiveFeedbackCommand,
    IncidentView,
    RuleSilenceTarget,
    SilenceCommand,
    SilenceTarget,
    Symptom,
    UndoFeedbackCommand,
)
from ng_tui.connection import locked, refusal
from ng_tui.feedback import subject_of
from ng_tui.i18n import ntr, tr
from ng_tui.incidents import (
    filter_of,
    going_on,
    leading,
    over,
    silence_of_rule,
    silence_of_symptom,
    silenced_text,
    target_of,
)
from ng_tui.keymap import bindings
from ng_tui.kit.confirm import Confirm
from ng_tui.kit.lines import Heading, Line, rule, spread
from ng_tui.kit.table import ListTable, Row, Table
from ng_tui.options import Options
from ng_tui.screens.alerts.ask_silence import Answer, AskSilence
from ng_tui.screens.alerts.members import Members
from ng_tui.screens.alerts.rows import list_columns, list_rows, silence_columns, silence_rows
from ng_tui.screens.base import Jump, Pane, Send, Tell
from ng_tui.state import State
from ng_tui.text import fmt_count, now_ns, safe

TALL = 30
"""Rows from which the members stand below the list instead of in place of it."""
MOST_SILENCES = 5
"""Silences in sight at most."""
DAY = 24 * 3600

Chosen = Symptom | AlertView


class AlertsPane(Pane):
    """Counts, the list of incidents and rules, the members of the one that is open, and the silences."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("alerts"))
    DEFAULT_CSS = """
    AlertsPane #incidents { height: 1fr; }
    AlertsPane .silences { height: auto; }
    AlertsPane.-open Members { display: block; }
    AlertsPane.-open #incidents { display: none; }
    AlertsPane.-open .silences { display: none; }
    AlertsPane.-open.-tall #incidents { display: block; }
    AlertsPane.-open.-tall Members { height: 2fr; }
    """

    def __init__(self, options: Options) -> None:
        super().__init__(id="alerts")
        self._several = len(options.remote_engines) > 1
        self._state = State()
        self._open: int | None = None  # number of the incident whose members are shown
        self._counts = Heading(self._count_line)
        self._opened: set[str] = set()  # names of the rules all of whose groups are shown
        self._rows: list[Row] = []
        self._list = ListTable(lambda: list_columns(self._rows), self._nothing, id="incidents")
        self._members = Members()
        self._silence_title = Heading(self._silence_line)
        self._silences = ListTable(silence_columns, lambda: "", id="silences")

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._counts
        yield self._list
        yield self._members
        with Vertical(classes="silences"):
            yield self._silence_title
            yield self._silences

    def on_enter(self) -> None:
        """Gives the keys to the list, or to the members where it is hidden."""
        (self._members.table if self.has_class("-open") else self._list).focus()

    def present(self, state: State) -> None:
        """Shows the state."""
        self._state = state
        self._rows = list_rows(state, self._opened)
        self._list.show(self._rows)
        self._silences.show(silence_rows(state.incidents, now_ns(state.metrics)))
        self._show_members()
        self._counts.redraw()
        self._silence_title.redraw()
        self._arrange()

    def on_resize(self) -> None:
        """Chooses the layout for the size."""
        self._arrange()

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        if event.table is self._members.table:
            self._members.moved()
        elif event.table is self._list and self._open is not None and self._incident() is not None:
            self._open = self._number_under_cursor()
            self._show_members()

    def action_open(self) -> None:
        """Opens the members of the incident under the cursor, or more groups of a rule; of others, shows its event."""
        kind, name = self._under_cursor()
        if self._list.has_focus and kind == "more":
            self._open_groups(name)
        elif self._list.has_focus and (number := self._number_under_cursor()) is not None:
            self._open = number
            self.add_class("-open")
            self._show_members()
            self._arrange()
            self._members.table.focus()
        elif not self._silences.has_focus:
            self.action_jump()

    def _open_groups(self, name: str) -> None:
        if name in self._opened:
            self.post_message(
                Tell(tr("The engine tells the most urgent groups of a rule, and the number of the others."))
            )
        self._opened.add(name)
        self.present(self._state)

    def action_close(self) -> None:
        """Closes the members; where none are open, the groups that were opened."""
        if self._open is None and self._opened:
            self._opened.clear()
            self.present(self._state)
        self._open = None
        self.remove_class("-open")
        self._arrange()
        self._list.focus()

    def action_jump(self) -> None:
        """Shows an event among the others: the first of a symptom or group while it is there, else its latest."""
        chosen = self._chosen()
        if chosen is None:
            return
        of = self._group_under_cursor() or chosen if isinstance(chosen, AlertView) else chosen
        seqs = [of.last_seq] if isinstance(of, AlertView) else [of.first_seq, of.last_seq]
        known = [seq for seq in seqs if seq is not None]
        held = [seq for seq in known if self._state.may_show(seq)]
        if held:
            self.post_message(Jump(seq=held[0]))
        elif known:
            what = tr("Event {seq} is no longer in memory.", seq=fmt_count(known[-1]))
            self.post_message(Tell(what, severity="warning"))
        else:
            self.post_message(Tell(tr("No event yet.")))

    def action_events(self) -> None:
        """Shows the events that are like the symptom under the cursor."""
        chosen = self._chosen()
        if self._several:
            what = tr("Events of several engines are numbered anew here; filter for them instead.")
            self.post_message(Tell(what, severity="warning"))
        elif isinstance(chosen, Symptom):
            self.post_message(Jump(filter=filter_of(chosen)))
        elif chosen is not None:
            self.action_jump()

    def action_silence(self) -> None:
        """Silences what is under the cursor, after asking for how long."""
        chosen = self._chosen()
        if chosen is None or self._refused():
            return

        def answered(answer: Answer | None) -> None:
            if answer is not None:
                self._silence(chosen, *answer)

        self.app.push_screen(AskSilence(_named(chosen), now_ns(self._state.metrics)), answered)

    def action_mute(self) -> None:
        """Silences what is under the cursor for a day, after a question."""
        chosen = self._chosen()
        if chosen is None or self._refused():
            return
        if text := self._silenced(chosen):
            self.post_message(Tell(tr("It is silenced {until}.", until=text)))
            return
        reasons = [_named(chosen), tr("It is recorded and learnt as before; what is unlike the rest is told.")]
        self.app.push_screen(
            Confirm(tr("Mute for 24 hours?"), reasons, yes=tr("mute"), no=tr("go on telling it")),
            lambda yes: self._silence(chosen, DAY, "") if yes else None,
        )

    def action_expire(self) -> None:
        """Ends the silence under the cursor."""
        if not self._silences.has_focus:
            self.post_message(Tell(tr("Go to a silence with tab; x ends it.")))
        elif (key := self._silences.cursor_key) is not None and not self._refused():
            self.post_message(Send(Command(expire_silence=ExpireSilenceCommand(int(key)))))

    def action_give_feedback(self, verdict: str) -> None:
        """Says what the symptom under the cursor, or the lead of the incident, was worth."""
        chosen = self._chosen()
        if isinstance(chosen, AlertView):
            self.post_message(Tell(tr("Feedback is on anomalies; what a rule says changes with the rule.")))
        elif chosen is not None and not self._refused():
            self.post_message(Send(Command(give_feedback=GiveFeedbackCommand(chosen.last_seq, Feedback(verdict)))))

    def action_undo_feedback(self) -> None:
        """Takes back the latest feedback on its pattern."""
        chosen = self._chosen()
        if not isinstance(chosen, Symptom) or self._refused():
            return
        said = subject_of(self._state.feedback, safe(chosen.source), chosen.pattern)
        if said is None:
            self.post_message(Tell(tr("There is no feedback on this pattern.")))
        else:
            self.post_message(Send(Command(undo_feedback=UndoFeedbackCommand(said.latest))))

    def _silence(self, chosen: Chosen, seconds: int, reason: str) -> None:
        if isinstance(chosen, AlertView):
            target = SilenceTarget(rule=RuleSilenceTarget(chosen.name))
        else:
            target = target_of(chosen)
        self.post_message(Send(Command(silence=SilenceCommand(target, seconds, reason or None))))

    def _silenced(self, chosen: Chosen) -> str:
        view = self._state.incidents
        if isinstance(chosen, AlertView):
            silence = silence_of_rule(view, chosen.name)
        else:
            silence = silence_of_symptom(view, chosen)
        return silenced_text(silence, now_ns(self._state.metrics))

    def _refused(self) -> bool:
        """Says why nothing can be changed, if that is so."""
        why = refusal(self._state.link, "steer")
        if why:
            self.post_message(Tell(why, severity="warning"))
        return bool(why)

    def _chosen(self) -> Chosen | None:
        """What the keys are about: a member, the lead of an incident, or a rule."""
        found: Chosen | None = None
        if self._members.table.has_focus:
            found = self._members.symptom
        elif not self._silences.has_focus:
            incident = self._numbered(self._number_under_cursor())
            found = leading(incident) if incident is not None else self._rule_under_cursor()
        if found is None:
            self.post_message(Tell(tr("There is no incident and no rule under the cursor.")))
        return found

    def _under_cursor(self) -> tuple[str, str]:
        """The kind of the row under the cursor, and the number of the incident or the name of the rule."""
        kind, _, rest = (self._list.cursor_key or "").partition(" ")
        return kind, rest.partition("\0")[0]

    def _number_under_cursor(self) -> int | None:
        kind, name = self._under_cursor()
        return int(name) if kind == "incident" else None

    def _rule_under_cursor(self) -> AlertView | None:
        """The rule, or the one that the group belongs to."""
        kind, name = self._under_cursor()
        return next((one for one in self._state.alerts if kind != "incident" and one.name == name), None)

    def _group_under_cursor(self) -> AlertGroup | None:
        rule, key = self._rule_under_cursor(), (self._list.cursor_key or "").partition("\0")[2]
        groups = groups_of(rule) if rule is not None and self._under_cursor()[0] == "group" else []
        return next((one for one in groups if one.key == key), None)

    def _numbered(self, number: int | None) -> IncidentView | None:
        view = self._state.incidents
        return next((one for one in view.incidents if one.number == number), None) if view is not None else None

    def _incident(self) -> IncidentView | None:
        """The one that is open, as the engine told it last."""
        return self._numbered(self._open)

    def _show_members(self) -> None:
        incident = self._incident()
        if self._open is not None and incident is None:
            self.action_close()
        self._members.show(self._state, incident)

    def _arrange(self) -> None:
        self.set_class(self.size.height >= TALL, "-tall")
        silences = len(self._silences.keys)
        self._silences.styles.height = min(silences, MOST_SILENCES) + 1 if silences else 0
        self._silence_title.styles.height = 1 if silences else 0
        self._members.share_room()

    def _nothing(self) -> str:
        if self._state.incidents is None:
            is_live = self._state.link.state is LinkState.LIVE and self._state.metrics is not None
            return tr("This engine has told of no incidents.") if is_live else tr("Nothing has been heard yet.")
        return tr(
            "Nothing is wrong, and nothing was lately. What is unusual in any source within 30 seconds becomes one "
            "entry here: anomalies, errors that are new, sources that fall silent. Nothing has to be configured for "
            "it. Alert rules of yours are listed while they fire, and after."
        )

    def _count_line(self, width: int) -> Line:
        state = self._state
        note: Line = [(short + " ", "warn")] if (short := locked(state.link, "steer")) else []
        if state.incidents is None:
            return rule(tr("Incidents"), "", width)
        ongoing, past = len(going_on(state.incidents)), len(over(state.incidents))
        fire = len(firing(state.alerts, state.incidents))
        line: Line = []
        for name, count, tag in (
            (ntr("goes on", "go on", ongoing), ongoing, "bad"),
            (tr("over"), past, "strong"),
            (ntr("rule fires", "rules fire", fire), fire, "bad"),
            (tr("told since the start"), state.incidents.told, "strong"),
        ):
            line += [(f" {fmt_count(count)}", tag if count else "dim"), (f" {name}  ", "dim")]
        return spread(line, note, width)

    def _silence_line(self, width: int) -> Line:
        silences = self._state.incidents.silences if self._state.incidents is not None else []
        held, told = (sum(getattr(one, name) for one in silences) for name in ("held_back", "told"))
        note = tr("{n} held back", n=fmt_count(held))
        if told:
            note += ", " + ntr("{n} unlike the rest was told", "{n} unlike the rest were told", told, n=fmt_count(told))
        return rule(tr("Silences"), note, width, focused=self._silences.has_focus)


def _named(chosen: Chosen) -> str:
    """What is silenced, for a question."""
    if isinstance(chosen, AlertView):
        return tr("What the rule {name} says.", name=chosen.name)
    return f"{chosen.source}: {chosen.text}"
