"""What screens with a pattern under the cursor do with feedback."""

from __future__ import annotations

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
from ng_tui.options import Options
from ng_tui.screens.base import Pane, Send, Tell
from ng_tui.state import State


class Judging(Pane):
    """A pane on which feedback can be given and undone; the engine's answer says what it changed."""

    def __init__(self, ring: Ring, options: Options, *, id: str) -> None:
        super().__init__(id=id)
        self.ring = ring
        self.options = options
        self.known = State()
        """What was presented last."""

    def subject_at_cursor(self) -> FeedbackSubject | None:
        """What was said of the pattern under the cursor; the screen overrides it."""
        raise NotImplementedError

    def feedback_for(self, source: str, pattern: int | None, seq: int) -> FeedbackSubject | None:
        """What was said of the pattern of a record. Numbers of patterns are those of the present run of the engine."""
        return subject_of(self.known.feedback, source, pattern) if seq >= self.ring.run_began else None

    def threshold_of(self, record: Record) -> str:
        """How feedback moved the alert threshold of a record; empty where it did not."""
        subject = self.feedback_for(record.source, record.detection.pattern, record.seq)
        return threshold_text(self.known.feedback, subject)

    def give_feedback(self, seq: int, verdict: Feedback) -> None:
        """Says what a record was worth."""
        self._send(Command(give_feedback=GiveFeedbackCommand(seq, verdict)))

    def action_undo_feedback(self) -> None:
        """Takes back the latest feedback on the pattern under the cursor."""
        subject = self.subject_at_cursor()
        if subject is None:
            self.post_message(Tell(tr("There is no feedback on this pattern.")))
        else:
            self._send(Command(undo_feedback=UndoFeedbackCommand(subject.latest)))

    def _send(self, command: Command) -> None:
        if why := refusal(self.known.link, "steer"):
            self.post_message(Tell(why, severity="warning"))
        elif len(self.options.remote_engines) > 1:
            what = tr("Of several engines only one is meant; neurograph-tui feedback names it with --url.")
            self.post_message(Tell(what, severity="warning"))
        else:
            self.post_message(Send(command))
