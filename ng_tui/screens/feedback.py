"""What screens with a pattern under the cursor do with feedback."""

from __future__ import annotations

from typing import NamedTuple

from ng_tui.client.interface import Ring
from ng_tui.client.wire import (
    Command,
    Feedback,
    FeedbackSubject,
    GiveFeedbackCommand,
    Record,
    UndoFeedbackCommand,
)
from ng_tui.connection import refusal
from ng_tui.feedback import subject_of, threshold_text
from ng_tui.i18n import tr
from ng_tui.incidents import silence_of, silenced_text
from ng_tui.options import Options
from ng_tui.screens.base import Pane, Send, Tell
from ng_tui.state import State
from ng_tui.text import now_ns


class Said(NamedTuple):
    """What people said of a pattern."""

    threshold: str = ""
    """How feedback moved its alert threshold; empty where it did not."""
    silenced: str = ""
    """Until when it is silenced, and what that held back; empty where it is not."""


class FeedbackController:
    """Gives and undoes feedback for a pane; the engine's answer says what it changed."""

    def __init__(self, pane: Pane, ring: Ring, options: Options) -> None:
        self._pane = pane
        self._ring = ring
        self._options = options
        self._known = State()

    def present(self, state: State) -> None:
        """Goes by this state from now on."""
        self._known = state

    def feedback_for(self, source: str, pattern: int | None, seq: int) -> FeedbackSubject | None:
        """What was said of the pattern of a record. Numbers of patterns are those of the present run of the engine."""
        return subject_of(self._known.feedback, source, pattern) if seq >= self._ring.run_began else None

    def said_for(self, source: str, pattern: int | None, seq: int) -> Said:
        """What was said of the pattern of a record; `source` has passed the sanitiser."""
        if seq < self._ring.run_began:
            return Said()
        silence = silence_of(self._known.incidents, source, pattern)
        threshold = threshold_text(self._known.feedback, self.feedback_for(source, pattern, seq))
        return Said(threshold, silenced_text(silence, now_ns(self._known.metrics)))

    def said_of(self, record: Record) -> Said:
        """The same for a whole record."""
        return self.said_for(record.source, record.detection.pattern, record.seq)

    def give(self, seq: int, verdict: Feedback) -> None:
        """Says what a record was worth."""
        self._send(Command(give_feedback=GiveFeedbackCommand(seq, verdict)))

    def undo(self, subject: FeedbackSubject | None) -> None:
        """Takes back the latest feedback on a pattern; None where there is none."""
        if subject is None:
            self._pane.post_message(Tell(tr("There is no feedback on this pattern.")))
        else:
            self._send(Command(undo_feedback=UndoFeedbackCommand(subject.latest)))

    def _send(self, command: Command) -> None:
        if why := refusal(self._known.link, "steer"):
            self._pane.post_message(Tell(why, severity="warning"))
        elif len(self._options.remote_engines) > 1:
            what = tr("Of several engines only one is meant; neurograph-tui feedback names it with --url.")
            self._pane.post_message(Tell(what, severity="warning"))
        else:
            self._pane.post_message(Send(command))
