"""Feedback on the screens Events and Patterns, with an engine that answers as the real one does."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot

from ng_tui.app import ConsoleApp
from ng_tui.client.interface import Link, LinkState
from ng_tui.client.wire import (
    Command,
    Feedback,
    FeedbackSubject,
    FeedbackView,
    Frame,
    GiveFeedbackCommand,
    IncidentsView,
    PatternSilenceSubject,
    Record,
    ResultFrame,
    Role,
    Silence,
    SilenceSubject,
    SilenceView,
    UndoFeedbackCommand,
)
from ng_tui.connection import RemoteEngine
from ng_tui.kit.table import Table
from ng_tui.screens.events.detail import Detail
from ng_tui.screens.events.tail import Tail
from tests.console.fake import FakeClient
from tests.console.script import START_NS, make_record
from tests.console.trial_console import console, settle, shown

from .test_patterns import opened

PATTERN = 0
"""Of the first line of the script."""
SAID = "false alarm 7 by alice: disk [bold]*[/] full of sshd alerts from strength 4.58 on, before from 3.60"


def alerting(seq: int) -> Record:
    """A record that raised an alert; a multiple of nine, so that it is the first line of the script."""
    record = make_record(seq)
    record.detection.is_alert = True
    return record


def judged(source: str, pattern: int, offset: float) -> FeedbackView:
    subject = FeedbackSubject(source=source, subject="disk * full", offset=offset, latest=7, pattern=pattern)
    return FeedbackView(alert_threshold=3.6, subjects=[subject], judgements=[])


def told(app: ConsoleApp) -> list[str]:
    """Texts of the toasts."""
    return [notice.message for notice in app._notifications]


class Judge(FakeClient):
    """Raises the threshold of what is judged, and takes that back."""

    def send(self, command: Command) -> int:
        number = super().send(command)
        if command.give_feedback is not None and not self.refuse:
            record = self.ring.records[command.give_feedback.seq - 1]
            self.queue[-1:] = [
                Frame(result=ResultFrame(number, SAID)),
                Frame(feedback=judged(record.source, PATTERN, 0.98)),
            ]
        if command.undo_feedback is not None:
            self.queue.append(Frame(feedback=FeedbackView(3.6, [], [])))
        return number


def with_an_alert() -> Judge:
    client = Judge(197)
    client.ring.add(1, alerting)
    return client


async def test_a_false_alarm_is_told_shown_and_undone(tmp_path: Path) -> None:
    client = with_an_alert()
    app, _ = console(tmp_path, client)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        app.query_one(Detail).scroll_to(y=8, animate=False)
        await settle(pilot)
        assert "novelty" in shown(app) and "threshold" not in shown(app)
        await pilot.press("-")
        await settle(pilot)
        assert client.sent == [Command(give_feedback=GiveFeedbackCommand(198, Feedback.FALSE_ALARM))]
        assert told(app) == [f"engine: {SAID}"] and app.notices[-1].text == SAID
        assert "threshold        4.58, raised by feedback " in shown(app)
        assert not app.query_one(Tail).following
        await pilot.press("U")
        await settle(pilot)
        assert client.sent[-1] == Command(undo_feedback=UndoFeedbackCommand(7))
        assert "by feedback" not in shown(app)
        await pilot.press("U")
        await settle(pilot)
        assert len(client.sent) == 2 and told(app)[-1] == "There is no feedback on this pattern."


async def test_an_ack_is_sent_and_a_lowered_threshold_shown(tmp_path: Path) -> None:
    client = with_an_alert()
    app, _ = console(tmp_path, client)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("+", "enter")
        assert client.sent == [Command(give_feedback=GiveFeedbackCommand(198, Feedback.ACK))]
        await settle(pilot)
        app.query_one(Detail).scroll_to(y=8, animate=False)
        client.queue.append(Frame(feedback=judged(alerting(198).source, PATTERN, -0.3)))
        await settle(pilot)
        assert "3.30, lowered by feedback" in shown(app)


@pytest.mark.parametrize("key", ["-", "+"])
async def test_a_refusal_of_the_engine_is_shown(tmp_path: Path, key: str) -> None:
    client = with_an_alert()
    client.refuse = True
    app, _ = console(tmp_path, client)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        assert told(app) == ["engine: CONFLICT: not allowed [bold]here[/]"]


async def test_what_cannot_be_sent_says_why(tmp_path: Path) -> None:
    remote_engines = {name: RemoteEngine(local=False) for name in ("one", "two")}
    for link, options, expected in (
        (Link(LinkState.LIVE, role=Role.VIEWER), {}, "the role viewer does not have the right steer"),
        (Link(LinkState.WAITING, role=Role.ADMIN), {}, "not connected; commands are not queued"),
        (Link(LinkState.LIVE), {"remote_engines": remote_engines}, "Of several engines only one is meant"),
    ):
        client = with_an_alert()
        client.link = link
        app, _ = console(tmp_path, client, **options)
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await pilot.press("-")
            await settle(pilot)
            assert client.sent == [] and expected in told(app)[-1]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_patterns_show_and_undo_what_was_said(tmp_path: Path, size: tuple[int, int]) -> None:
    client = Judge()
    app, _ = console(tmp_path, client)
    async with app.run_test(size=size) as pilot:
        pane = await opened(pilot)
        assert "threshold" not in shown(app)
        source, _, pattern = (pane.query_one(Table).cursor_key or "").partition("\n")
        client.queue.append(Frame(feedback=judged(source, int(pattern), 0.98)))
        await until(pilot, "4.58, raised by feedback; U undoes")
        await pilot.press("U")
        assert client.sent == [Command(undo_feedback=UndoFeedbackCommand(7))]
        await until(pilot, "U undoes", gone=True)


def silenced(source: str, pattern: int, held_back: int) -> IncidentsView:
    subject = SilenceSubject(pattern=PatternSilenceSubject(source, "disk * full"))
    silence = Silence(3, subject, START_NS, START_NS + 48 * 3600 * 10**9, "alice", "known [b]")
    return IncidentsView([], 0, [SilenceView(silence, held_back, 1, pattern=pattern)])


async def test_the_detail_and_patterns_say_what_is_silenced(tmp_path: Path) -> None:
    client = with_an_alert()
    app, _ = console(tmp_path, client)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("k", "j", "enter")
        await settle(pilot)
        assert "silenced" not in shown(app)
        source = client.ring.records[197].source
        for held, text in ((2, "07-30 12:00; 2 held"), (12_400, "07-30 12:00; 12 400 held")):
            client.queue.append(Frame(incidents=silenced(source, PATTERN, held)))
            await until(pilot, text)
        client.queue.append(Frame(incidents=silenced(source, PATTERN + 1, 7)))
        await until(pilot, "12 400 held", gone=True)
        pane = await opened(pilot)
        source, _, pattern = (pane.query_one(Table).cursor_key or "").partition("\n")
        client.queue.append(Frame(incidents=silenced(source, int(pattern), 5)))
        await until(pilot, "07-30 12:00; 5 held")


async def until(pilot: Pilot[int], text: str, *, gone: bool = False) -> None:
    """Waits until a text is shown, or no longer."""
    app = cast(ConsoleApp, pilot.app)
    for _ in range(500):
        if (text in shown(app)) != gone:
            return
        await pilot.pause(0.02)
    raise AssertionError(shown(app))
