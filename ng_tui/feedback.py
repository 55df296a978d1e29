"""What is said of feedback on the screen and in lists.

Knows nothing of widgets.
"""

from __future__ import annotations

from ng_tui.client.wire import Feedback, FeedbackSubject, FeedbackView
from ng_tui.i18n import tr
from ng_tui.text import safe


def verdict_text(verdict: Feedback) -> str:
    """The term for a verdict."""
    return {Feedback.ACK: tr("ack"), Feedback.FALSE_ALARM: tr("false alarm")}[verdict]


def subject_of(view: FeedbackView | None, source: str, pattern: int | None) -> FeedbackSubject | None:
    """What feedback says of a pattern; `source` has passed the sanitiser. None where nothing was said."""
    if view is None or pattern is None:
        return None
    return next((one for one in view.subjects if one.pattern == pattern and safe(one.source) == source), None)


def threshold_text(view: FeedbackView | None, subject: FeedbackSubject | None) -> str:
    """The alert threshold of a pattern as far as feedback moved it; empty where it did not."""
    if view is None or subject is None:
        return ""
    threshold = f"{view.alert_threshold + subject.offset:.2f}"
    if subject.offset > 0:
        return tr("{threshold}, raised by feedback", threshold=threshold)
    if subject.offset < 0:
        return tr("{threshold}, lowered by feedback", threshold=threshold)
    return tr("{threshold}, as without feedback", threshold=threshold)
