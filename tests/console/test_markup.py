"""Texts that look like markup, on every place that shows foreign text: verbatim, harmless, and nothing to click."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from ng_tui.app import ConsoleApp
from ng_tui.client.wire import (
    AlertGroup,
    AlertState,
    AlertView,
    Command,
    Format,
    Frame,
    IncidentsView,
    Kind,
    LastError,
    Level,
    Mode,
    Offender,
    Outcome,
    PatternSilenceSubject,
    Record,
    RecordDetail,
    RuleView,
    SetModuleCommand,
    Setting,
    Silence,
    SilenceSubject,
    SilenceView,
    SourceView,
    SymptomKind,
    Verdict,
)
from ng_tui.frame.overview import Overview
from ng_tui.kit.confirm import Confirm
from ng_tui.kit.table import Table
from ng_tui.screens.base import Copy, Send, Tell
from ng_tui.screens.events.filter_bar import FilterInput
from tests.console import views
from tests.console.fake import FakeClient, ScriptedRing
from tests.console.sample_incidents import incident, symptom
from tests.console.script import START_NS, make_record
from tests.console.trial_console import console, settle, shown
from tests.end_to_end.payloads import MARKUP

NAMES = [name for name, _ in MARKUP]
TEXTS = [body.decode() for _, body in MARKUP]
SIZE = (200, 60)


SCROLL_BAR = {("@mouse.down", "grab"), ("@mouse.down", "scroll_up"), ("@mouse.down", "scroll_down")}
"""What Textual's own scroll bars do when they are clicked."""


async def check(app: ConsoleApp, *expected: str) -> None:
    """What is expected comes to stand on the screen as it is, and nothing drawn runs an action or is a link."""
    with suppress(TimeoutError):
        async with asyncio.timeout(10):
            while not all(one in shown(app) for one in expected):
                await asyncio.sleep(0.02)
    text = shown(app)
    for one in expected:
        assert one in text, f"{one!r} is not in\n{text}"
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            if style is not None:
                actions = {key: value for key, value in style.meta.items() if key.startswith("@")}
                assert actions.items() <= SCROLL_BAR, segment
                assert style.link is None, segment


def text_of(seq: int) -> str:
    """The text that the record of this place has in all its fields."""
    return TEXTS[(seq - 1) % len(TEXTS)]


def hostile_record(seq: int) -> Record:
    """A record with the text of its place in every field."""
    made, text = make_record(seq), text_of(seq)
    made.text, made.source, made.type = f"e {text}", f"s {text}", f"log.{text}"
    made.raw, made.format = json.dumps({"message": f"e {text}", f"k {text}"[:14]: f"v {text}"}), Format.JSON
    made.verdict = Verdict(Outcome.ADMIT, [])
    return made


def gap_record(seq: int) -> Record:
    """A gap whose reason looks like markup."""
    made = make_record(seq)
    made.type, made.format, made.text = "stream.gap", Format.NOTE, "gap [/x] user[admin]"
    made.raw = json.dumps({"type": made.type, "message": made.text, "count": 7})
    return made


class HostileRing(ScriptedRing):
    """Patterns and reasons of the engine that are hostile too."""

    def template(self, source: str, pattern: int, seq: int) -> str | None:
        return f"t {text_of(seq)}"

    def detail(self, seq: int, neighbours: int) -> RecordDetail | None:
        found = super().detail(seq, neighbours)
        if found is not None:
            found.record.detection.why = f"why {text_of(seq)}"
        return found


def hostile_frames(text: str) -> list[Frame]:
    """Views in which the text stands in every place."""
    modules, guardian, metrics = views.modules(), views.guardian(), views.metrics(90)
    module = modules[0]
    module.term, module.summary, module.disable_warning = f"t {text}", f"s {text}", f"w {text}"
    module.dependents, module.errors = [f"d {text}"], 3
    module.last_error = LastError(START_NS, f"le {text}")
    module.settings = [
        Setting("text", Kind.TEXT, "", [], "", f"h {text}"),
        Setting("choice", Kind.CHOICE, text, [text, "b"], "", ""),
        Setting("list", Kind.LIST, [], [], "", ""),
        Setting("number", Kind.INT, 1, [], f"u {text}", "", 5.0, 1.0),
    ]
    module.values = {"text": f"v {text}", "choice": text, "list": [text], "number": 2}
    last = Offender(5, START_NS, f"o {text}", f"c {text}"[:20], 9.0, 4.0)
    guardian.rules = [RuleView("size_limit", f"r {text}", Mode.ENFORCE, f"l {text}", 2, 2, last)]
    error = LastError(START_NS, f"se {text}")
    metrics.sources = [SourceView(text, "files", True, False, 1, 1.0, 0, 0, False, error, START_NS)]
    group = AlertGroup(f"k {text}", AlertState.FIRING, 2)
    name, rule = f"n {text}"[:14], f"when {text}"
    alert = AlertView(name, rule, AlertState.FIRING, Level.ERROR, 3, 1, groups=[group], last_seq=5, since_ns=START_NS)
    told = symptom(SymptomKind.ANOMALY, f"i {text}", f"m {text}", pattern=17, why=f"y {text}")
    subject = SilenceSubject(pattern=PatternSilenceSubject(f"i {text}", f"p {text}"))
    silence = SilenceView(Silence(3, subject, START_NS, START_NS, f"a {text}", f"re {text}"), 2, 1, pattern=17)
    return [
        Frame(incidents=IncidentsView([incident(1, [told])], 1, [silence])),
        Frame(modules=modules),
        Frame(guardian=guardian),
        Frame(metrics=metrics),
        Frame(alerts=[alert]),
    ]


async def renew(app: ConsoleApp, pilot: Pilot[int], text: str) -> None:
    """Puts the text into every view of the engine and draws the pane anew."""
    app.state.absorb(hostile_frames(text))
    app.pane.present(app.state)
    await pilot.pause()


async def test_the_events_screen_shows_it_as_it_is(tmp_path: Path) -> None:
    client = FakeClient(0)
    client.ring = HostileRing()
    client.ring.add(len(TEXTS), hostile_record)
    client.ring.add(1, gap_record)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await check(app, *(f"e {text}" for text in TEXTS), "7 records missing: gap [/x] user[admin]")
        await pilot.press("g", "enter")
        for text in TEXTS:
            await settle(pilot)
            await check(app, f"v {text}", f"t {text}", f"why {text}"[:40])
            await pilot.press("j")


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
async def test_the_modules_screen_shows_it_as_it_is(tmp_path: Path, text: str) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("2")
        await renew(app, pilot, text)
        app.query_one("#modules Table", Table).select("gateway")
        await renew(app, pilot, text)
        await check(app, f"s {text}"[:18], f"le {text}"[:16], text[:12])
        await pilot.press("enter")
        await pilot.pause()
        await check(app, f"v {text}"[:12], f"‹{text}"[:12])
        await pilot.press("space")
        await pilot.pause()
        assert app.query_one("SettingsForm Input", Input).value == f"v {text}"
        await pilot.press("escape", "down", "down", "down", "space", "9", "9", "enter")
        await pilot.pause()
        await check(app, "expected a whole number")
        await pilot.press("escape", "escape", "space")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        await check(app, f"w {text}"[:18])
        await pilot.press("n")


async def test_the_metrics_screen_shows_it_as_it_is(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("3")
        for text in TEXTS:
            await renew(app, pilot, text)
            await check(app, text[:20], f"se {text}"[:24])


async def test_the_guardian_screen_shows_it_as_it_is(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("4", "i")
        for text in TEXTS:
            await renew(app, pilot, text)
            rules = f"o {text}"[:16], f"l {text}"[:20], f"r {text}"[:18]
            await check(app, *rules, f"n {text}"[:14], f"when {text}"[:20])


async def test_the_alerts_screen_shows_it_as_it_is(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("6")
        for text in TEXTS:
            await renew(app, pilot, text)
            await check(app, f"p {text}"[:20], f"re {text}"[:14], f"a {text}"[:7], f"n {text}"[:14])
            app.query_one("#alerts #incidents", Table).select("incident 1")
            await pilot.press("enter")
            await check(app, f"m {text}"[:30], f"y {text}"[:20], f"i {text}"[:16], f"re {text}"[:14])
            await pilot.press("m")
            await check(app, "It is silenced until", f"re {text}"[:14])
            app.clear_notifications()
            await pilot.press("s")
            await check(app, "Silence for how long?", f"i {text}: m"[:20])
            await pilot.press("escape", "escape")
            await pilot.pause()


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
async def test_the_name_of_a_recording_and_windows_show_it_as_it_is(tmp_path: Path, text: str) -> None:
    client = FakeClient(20)
    client.refuse = True
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        overview = Overview()
        overview.present(app.state, 0, label=f"replay {text}")
        assert f"replay {text}" in "".join(part for part, _ in overview.lines(200, 1)[0])
        app.clear_notifications()
        app.notices.note(f"n {text}", Level.ERROR, "o")
        app.pane.post_message(Tell(f"tell {text}"))
        await pilot.pause()
        await check(app, f"n {text}"[:20], f"tell {text}"[:24])
        app.push_screen(Confirm(f"Switch {text} off?", [f"because {text}"]))
        await pilot.pause()
        await check(app, f"Switch {text}"[:24], f"because {text}"[:24])
        await pilot.press("escape")
        app.clear_notifications()
        await pilot.press("f")
        app.query_one(FilterInput).value = text
        await pilot.pause(0.15)
        await pilot.pause()
        await check(app, text)
        await pilot.press("enter")
        await pilot.pause()
        await check(app, text)
        await pilot.press("escape")
        app.pane.post_message(Copy(text))
        await pilot.pause()
        assert (tmp_path / "state" / "copied.txt").read_text() == text
    assert app.return_value is None


async def test_the_list_of_notices_and_the_palette_show_it_as_it_is(tmp_path: Path) -> None:
    client = FakeClient(20)
    client.refuse = True
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        for text in TEXTS:
            app.notices.note(f"n {text}", Level.ERROR, "o")
        app.clear_notifications()
        app.pane.post_message(Send(Command(set_module=SetModuleCommand("[/x]", True))))
        await settle(pilot)
        await check(app, "not allowed [bold]here[/]")
        await pilot.press("exclamation_mark")
        await settle(pilot)
        await check(app, *(f"n {text}" for text in TEXTS), "not allowed [bold]here[/]")
        await pilot.press("escape", "colon", "left_square_bracket", "slash", "x")
        await settle(pilot)
        await check(app, "[/x")
        await pilot.press("escape", "question_mark")
        await settle(pilot)
        await check(app, "Freeze the view")
    assert app.return_value is None
