"""An engine elsewhere as the console sees it: over restarts, without rights, and with commands at bad moments."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from ng_tui.client.address import resolve
from ng_tui.client.failures import BadAddress, ConnectionFailed, Declined
from ng_tui.client.inbox import MOST_NOTICES, Inbox
from ng_tui.client.interface import LinkState
from ng_tui.client.remote import RemoteClient
from ng_tui.client.templates import AGAIN_S, FRESH_S, Templates
from ng_tui.client.wire import Command, ErrorCode, ErrorFrame, Frame, Level, Notice, PatternView, Role, SetModuleCommand
from ng_tui.errors import EXIT_CONNECTION
from tests.server.engine import Engine

from .conftest import Start
from .rig import Log, Relay, at, follows, live, lose, rows, until

OFF = Command(set_module=SetModuleCommand("signal_system", False))


def error_of(client: RemoteClient, number: int) -> ErrorFrame:
    """The refusal of a command."""
    errors: list[ErrorFrame] = []

    def has_come() -> bool:
        errors.extend(frame.error for frame in client.frames() if frame.error is not None)
        return any(error.id == number for error in errors)

    until(has_come)
    return next(error for error in errors if error.id == number)


def test_over_a_kill_and_restart_every_number_is_a_record_or_in_the_gap(relayed: tuple[Engine, Log, Relay]) -> None:
    engine, log, relay = relayed
    log.write(50)
    client = RemoteClient(resolve(relay.url))
    client.start()
    try:
        assert len(rows(client, 50)) == 50
        before = client.link.received_bytes
        lose(engine, log, relay, 40)
        until(lambda: client.link.state is LinkState.LIVE and client.link.received_bytes > before)
        assert client.link.tries == 0
        log.write(30)
        assert len(rows(client, 80)) == 80
        everything = rows(client, 81, "")
        gaps = [row for row in everything if row.gap is not None]
        assert len(gaps) == 1
        assert gaps[0].gap is not None
        assert gaps[0].gap >= 40
        assert "the engine was killed" in gaps[0].text
        expected = everything[0].seq
        for row in everything:
            # The row of a gap has the number of the last record that is missing.
            expected += 1 if row.gap is None else row.gap
            assert row.seq == expected - 1
    finally:
        client.close()
    assert client.link.state is LinkState.ENDED


def test_a_broken_connection_tells_why_and_when_it_tries_again(start: Start) -> None:
    engine, log = start()
    client = RemoteClient(at(engine))
    client.start()
    try:
        live(client)
        assert client.link.rtt_s is None or client.link.rtt_s > 0
        engine.kill()
        until(lambda: client.link.state is LinkState.WAITING)
        link = client.link
        assert (link.tries, link.why) == (1, "the connection broke off")
        assert link.retry_at is not None
        assert 0.25 <= link.retry_at - link.since <= 0.6
        until(lambda: client.link.tries == 3)
        assert client.link.since == link.since
        assert client.link.why.startswith("no engine serves unix:")
        engine.start()
        follows(engine, log)
        client.reconnect()
        live(client)
        log.write(1)
        rows(client, 1)
    finally:
        client.close()


def test_no_more_than_the_backlog_comes_first(start: Start) -> None:
    engine, log = start()
    log.write(200)
    whole = RemoteClient(at(engine))
    whole.start()
    rows(whole, 200)
    whole.close()
    client = RemoteClient(at(engine), backlog=20)
    client.start()
    try:
        live(client)
        log.write(1)
        view = client.ring.view("")
        until(lambda: any("request 200 " in row.text for row in view.rows(0, view.advance(1000).matched)))
        assert view.advance(1000).matched == 21
        assert not [row for row in view.rows(0, 100) if row.gap is not None]
    finally:
        client.close()


def test_without_a_connection_commands_are_refused_at_once(tmp_path: Path) -> None:
    client = RemoteClient(resolve(f"unix:{tmp_path / 'e.sock'}"))
    early = client.send(OFF)
    assert [frame.error.code for frame in client.frames() if frame.error] == [ErrorCode.NOT_READY]
    client.start()
    try:
        until(lambda: client.link.state is LinkState.WAITING)
        assert "no engine serves" in client.link.why
        number = client.send(OFF)
        frames = client.frames()
        assert [(frame.error.id, frame.error.code) for frame in frames if frame.error] == [
            (number, ErrorCode.NOT_READY)
        ]
        assert number > early
        with pytest.raises(ConnectionFailed) as caught:
            client.ask(OFF)
        assert caught.value.exit_code == EXIT_CONNECTION
    finally:
        client.close()


def test_a_command_under_way_when_the_connection_breaks_is_answered(start: Start) -> None:
    engine, _ = start()
    client = RemoteClient(at(engine))
    client.start()
    try:
        live(client)
        engine.process.send_signal(signal.SIGSTOP)
        number = client.send(OFF)
        until(lambda: number in client._unanswered)
        engine.kill()
        error = error_of(client, number)
        assert error.code is ErrorCode.NOT_READY
        assert "not known" in error.message
    finally:
        client.close()


def test_a_question_is_answered_without_starting(pair: tuple[Engine, Log]) -> None:
    client = RemoteClient(at(pair[0]))
    try:
        client.ask(OFF)
        client.ask(Command(set_module=SetModuleCommand("signal_system", True)))
        with pytest.raises(Declined) as caught:
            client.ask(Command(set_module=SetModuleCommand("nonsense", False)))
        assert (caught.value.code, caught.value.word) == ("NG-3201", "BAD_REQUEST")
        assert client.ring.view("").advance(1000).matched == 0
    finally:
        client.close()


def test_who_may_not_read_records_sees_the_views(pair: tuple[Engine, Log]) -> None:
    client = RemoteClient(resolve(pair[0].url))
    client.start()
    try:
        live(client)
        assert client.link.role is Role.ANONYMOUS
        assert client.link.refusal("steer") == "forbidden"
        frames: list[Frame] = []
        until(lambda: frames.extend(client.frames(100)) or any(frame.metrics for frame in frames))  # type: ignore[func-returns-value]
        assert client.ring.view("").advance(1000).matched == 0
        assert error_of(client, client.send(OFF)).code is ErrorCode.FORBIDDEN
    finally:
        client.close()


def test_an_address_with_a_file_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    url = {"url": "http://127.0.0.1:9", "token_file": str(tmp_path / "none")}
    client = RemoteClient(resolve("it", {"it": url}))
    with pytest.raises(BadAddress):
        client.start()
    client.close()
    client.close()


def notice(text: str) -> Frame:
    return Frame(notice=Notice(0, Level.INFO, "test", text))


def test_the_inbox_keeps_every_answer_the_latest_view_and_the_latest_notices() -> None:
    inbox = Inbox()
    for number in range(MOST_NOTICES + 7):
        inbox.put(notice(str(number)))
        inbox.put(Frame(error=ErrorFrame(number, ErrorCode.CONFLICT, "")))
        inbox.put(Frame(alerts=[]))
    frames = inbox.take()
    assert sum(frame.alerts is not None for frame in frames) == 1
    assert sum(frame.error is not None for frame in frames) == MOST_NOTICES + 7
    notices = [frame.notice.text for frame in frames if frame.notice is not None]
    assert notices[0] == "7"
    assert notices[-1] == "7 notices were dropped"
    assert len(notices) == MOST_NOTICES + 1
    assert inbox.take() == []


def known(pattern: int, template: str, count: int = 1) -> PatternView:
    """What an engine tells of a pattern."""
    return PatternView(
        pattern=pattern,
        source="app",
        template=template,
        example="request 1",
        count=count,
        rate=0.5,
        first_seq=0,
        first_ns=0,
        last_seq=9,
        last_ns=0,
        successors=[],
        predecessors=[],
    )


def test_templates_belong_to_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("ng_tui.client.templates.time.monotonic", lambda: now)
    wanted: list[int] = []
    templates = Templates()
    templates.fetch = wanted.append
    templates.begin("one", 0)
    assert templates.find(5, seq=10) is None
    assert templates.find(5, seq=10) is None
    assert wanted == [5]
    templates.learn("one", known(5, "request <*>"))
    assert templates.find(5, seq=10) == "request <*>"
    templates.begin("two", 100)
    assert templates.find(5, seq=99) == "request <*>"
    assert templates.find(6, seq=99) is None
    assert templates.find(5, seq=100) is None
    templates.learn("one", known(5, "too late"))
    assert templates.find(5, seq=100) is None
    assert wanted == [5, 5]
    now += AGAIN_S
    assert templates.find(5, seq=100) is None
    assert wanted == [5, 5, 5]


def test_the_numbers_of_a_pattern_are_asked_for_anew_when_they_are_old(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("ng_tui.client.templates.time.monotonic", lambda: now)
    wanted: list[int] = []
    templates = Templates()
    templates.fetch = wanted.append
    templates.begin("one", 0)
    assert templates.view(5, seq=10) is None
    templates.learn("one", known(5, "request <*>", 7))
    assert templates.view(5, seq=10) == known(5, "request <*>", 7)
    assert wanted == [5]
    now += FRESH_S
    assert templates.view(5, seq=10) == known(5, "request <*>", 7)
    assert wanted == [5, 5]
    templates.begin("two", 100)
    assert templates.view(5, seq=10) == known(5, "request <*>", 7)
    assert wanted == [5, 5], "of a run that is over nothing can be had"
    assert templates.run_began == 100
