"""The Events screen on the fake engine: pause, pin, filter, search, jumps, marks, detail, copy, export."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import OptionList

from ng_tui.client.wire import Frame, GapReason, Level, Notice, Outcome, Record
from ng_tui.screens.events.filter_bar import PAUSE, FilterBar, FilterInput
from ng_tui.screens.events.pane import EventsPane
from ng_tui.screens.events.tail import Tail
from tests.console.fake import FakeClient
from tests.console.script import make_record
from tests.console.trial_console import console, settle, shown

SIZE = (80, 24)


async def type_filter(pilot: Pilot[int], text: str) -> None:
    """Opens the filter, replaces what stands in it, and waits for the answer."""
    await pilot.press("f")
    pilot.app.query_one(FilterInput).value = text
    await pilot.pause(2 * PAUSE)
    await settle(pilot)


def top_lines(text: str) -> list[str]:
    """The lines of the tail without the scroll bar."""
    return [line[:-1] for line in text.split("\n") if line[1:3].isdigit() and line[3] == ":"]


async def test_operators_of_other_languages_are_told_while_they_are_typed(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "refused or timeout")
        assert "or is searched for; or is written |: refused | timeout" in shown(app)
        assert not app.query_one(FilterBar).has_class("-wrong")
        await type_filter(pilot, "refused | timeout")
        assert "is searched for" not in shown(app)


async def test_follows_the_newest(tmp_path: Path) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        client.ring.add(5)
        await settle(pilot)
        assert app.query_one(Tail).cursor == 205
        assert "#205" in shown(app) or "205/205" in shown(app)


async def test_pause_pins_the_text_and_counts_what_comes_in(tmp_path: Path) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        before = top_lines(shown(app))
        await pilot.press("space")
        client.ring.add(1284)
        await settle(pilot)
        text = shown(app)
        assert top_lines(text) == before
        assert "PAUSED" in text and "+1 284 new" in text and "errors" in text and "vetoes" in text
        await pilot.press("G")
        await settle(pilot)
        assert "live" in shown(app) and app.query_one(Tail).cursor == 1484


async def test_pruning_never_shifts_the_text(tmp_path: Path) -> None:
    app, client = console(tmp_path, FakeClient(200, capacity=200))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for _ in range(30):
            await pilot.press("k")
        await settle(pilot)
        before, cursor = top_lines(shown(app)), app.query_one(Tail).cursor
        client.ring.add(100)
        await settle(pilot)
        assert client.ring.view("").advance(1000).first_seq == 78, "22 samples are held beside 200 others"
        assert top_lines(shown(app)) == before
        assert app.query_one(Tail).cursor == cursor


async def test_j_on_the_newest_follows_again(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        tail = app.query_one(Tail)
        await pilot.press("k")
        assert not tail.following
        await pilot.press("j", "j")
        assert tail.following
        await pilot.press("g")
        assert tail.cursor == 1 and tail.scroll_offset.y == 0
        await pilot.press("ctrl+d", "pagedown", "ctrl+u", "pageup")
        assert tail.cursor == 1


async def test_a_wrong_filter_keeps_the_old_one(tmp_path: Path) -> None:
    app, _ = console(tmp_path, filter="charge")
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        before = top_lines(shown(app))
        await type_filter(pilot, "@wrong (x")
        assert app.query_one(FilterBar).has_class("-wrong")
        assert top_lines(shown(app))[-10:] == before[-10:]
        message = shown(app).split("\n")[-2]
        assert "expected )" in message and message.index("▲") == 9 + len("@wrong (x")
        await pilot.press("enter")
        assert app.query_one(FilterBar).has_class("-open")
        await pilot.press("escape")
        await settle(pilot)
        assert app.query_one(EventsPane).viewing.filter == "charge"
        assert top_lines(shown(app)) == before


async def test_filter_previews_counts_and_keeps_the_record(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("e")
        await settle(pilot)
        tail = app.query_one(Tail)
        seq = tail.cursor
        await pilot.press("k", "k", "k", "e")
        await settle(pilot)
        assert tail.cursor == seq
        await type_filter(pilot, "level>=error")
        assert "22 events" in shown(app)
        await pilot.press("enter")
        await settle(pilot)
        assert tail.cursor == seq and tail.count == 22
        await pilot.press("F")
        await settle(pilot)
        assert tail.cursor == seq and tail.count == 200 and "filter off" in shown(app)
        await pilot.press("F", "f", "up")
        assert app.query_one(FilterInput).value == "level>=error"


async def test_an_empty_view_teaches(tmp_path: Path) -> None:
    app, _ = console(tmp_path, filter="nothing-like-this")
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert "No events match." in shown(app) and "F shows all events" in shown(app)
        await pilot.press("F")
        await settle(pilot)
        assert app.query_one(Tail).count == 200


async def test_search_goes_around_with_a_notice(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"#42", "enter")
        await settle(pilot)
        tail = app.query_one(Tail)
        assert tail.cursor == 42
        assert abs(tail._cursor_row() - tail.size.height // 2) <= 1
        await pilot.press("n")
        await settle(pilot)
        assert tail.cursor == 42
        assert any("went on from" in notice.message for notice in app._notifications)
        await pilot.press("slash", *"no-such-word", "enter")
        await settle(pilot)
        assert any("Nothing found" in notice.message for notice in app._notifications)


@pytest.mark.parametrize(
    ("forward", "backward", "test"),
    [
        ("e", "E", lambda record: record.level is Level.ERROR),
        ("w", "W", lambda record: record.level is Level.WARN),
        ("v", "V", lambda record: record.verdict.outcome is not Outcome.ADMIT),
        ("a", "A", lambda record: record.detection.is_alert),
    ],
)
async def test_jumps(tmp_path: Path, forward: str, backward: str, test: Callable[[Record], bool]) -> None:
    app, client = console(tmp_path)
    wanted = [record.seq for record in client.ring.records if test(record)]
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        tail = app.query_one(Tail)
        await pilot.press(backward)
        await settle(pilot)
        assert tail.cursor == wanted[-1]
        await pilot.press(backward)
        await settle(pilot)
        assert tail.cursor == wanted[-2]
        await pilot.press(forward)
        await settle(pilot)
        assert tail.cursor == wanted[-1]


async def test_marks_cycle(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        tail = app.query_one(Tail)
        await pilot.press("m", "k", "k", "m")
        assert tail.marks == {200, 198}
        await pilot.press("apostrophe")
        assert tail.cursor == 200
        await pilot.press("apostrophe")
        assert tail.cursor == 198 and "2 marks" in shown(app)
        await pilot.press("quotation_mark")
        assert not tail.marks


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_detail_shows_all_and_jumps_to_a_neighbour(tmp_path: Path, size: tuple[int, int]) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("E", "enter")
        await settle(pilot)
        facts = str(app.query_one("#facts").render())
        assert "event 195" in facts and "first seen" in facts and "features (text)" in facts
        assert "▌" in shown(app)
        await pilot.press("tab")
        assert isinstance(app.focused, OptionList)
        await pilot.press("enter")
        await settle(pilot)
        assert app.query_one(Tail).cursor == 159
        await pilot.press("escape")
        assert not app.query_one("#detail").has_class("-open")


async def test_the_text_of_a_pattern_is_shown_when_it_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, client = console(tmp_path)
    text, known = client.ring.template, False

    def template(source: str, pattern: int, seq: int) -> str | None:
        return text(source, pattern, seq) if known else None

    monkeypatch.setattr(client.ring, "template", template)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("E", "enter")
        await settle(pilot)
        assert "event 195" in str(app.query_one("#facts").render())
        assert "<*>" not in str(app.query_one("#facts").render())
        known = True
        async with asyncio.timeout(10):
            while "<*>" not in str(app.query_one("#facts").render()):
                await pilot.pause(0.05)


async def test_copy_always_leaves_a_private_file(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("c")
        await settle(pilot)
        path = tmp_path / "state" / "copied.txt"
        assert path.read_text() == make_record(200).text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        await pilot.press("y")
        await settle(pilot)
        assert path.read_text() == "neurograph-tui tail --filter seq=200"


async def test_export_writes_the_view(tmp_path: Path) -> None:
    app, _ = console(tmp_path, filter="charge")
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+s")
        await settle(pilot)
        (path,) = (tmp_path / "out").iterdir()
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert len(lines) == 22 and all("charge" in line["text"] for line in lines)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_hostile_markup_is_shown_verbatim(tmp_path: Path) -> None:
    texts = ["user[admin] [/foo]", "[@click=app.quit]x[/]", "[bold red]loud[/bold red]", "$(rm) %s {0} \\[x]"]

    def hostile(seq: int) -> Record:
        record = make_record(seq)
        record.text = texts[seq % len(texts)]
        record.source = "[b]src"
        return record

    client = FakeClient(0)
    client.ring.add(40, hostile)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        text = shown(app)
        assert all(one in text for one in texts) and "[b]src" in text
        client.queue.append(notice("see [/x] and [@click=app.quit]y[/]"))
        await settle(pilot)
        assert "[@click=app.quit]y[/]" in shown(app)
        await pilot.press("exclamation_mark")
        await settle(pilot)
        assert "see [/x]" in shown(app)


def notice(text: str) -> Frame:
    """A frame with a notice."""
    return Frame(notice=Notice(time_ns=0, level=Level.WARN, origin="[i]engine", text=text))


async def test_gap_rows_span_the_width(tmp_path: Path) -> None:
    client = FakeClient(9)
    client.ring.add_gap(1234, GapReason.SLOW_CONSUMER)
    client.ring.add(2)
    app, _ = console(tmp_path, client)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert "┄┄┄ 1 234 records missing: the reader was too slow ┄┄┄" in shown(app)


async def test_columns_and_times_change(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("x")
        assert "log.web" in shown(app)
        await pilot.press("x", "x", "T")
        assert "2026-07-2" in shown(app)
        await pilot.press("T", "T")
        assert "+173ms" in shown(app)
        await pilot.press("T", "l")
        assert app.query_one(Tail).look.x == 16


async def test_the_wheel_pins_and_the_end_follows(tmp_path: Path) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        tail = app.query_one(Tail)
        tail.scroll_to(y=40, animate=False, immediate=True)
        await settle(pilot)
        assert not tail.following
        before = top_lines(shown(app))
        client.ring.add(50)
        await settle(pilot)
        assert top_lines(shown(app)) == before and tail.scroll_offset.y == 40
        tail.scroll_to(y=10_000, animate=False, immediate=True)
        await settle(pilot)
        assert tail.following


async def test_a_jump_to_a_newer_event_ends_the_pause(tmp_path: Path) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("space")
        client.ring.add(50)
        await settle(pilot)
        app.query_one(EventsPane).jump(seq=240)
        await settle(pilot)
        assert app.query_one(Tail).cursor == 240
        assert any(line.startswith("▌12:00:41.520") for line in top_lines(shown(app)))


async def test_a_reader_is_not_repainted_by_what_comes_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, client = console(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("space")
        await settle(pilot)
        tail = app.query_one(Tail)
        drawn: list[int] = []
        render_line = tail.render_line

        def counted(y: int) -> Strip:
            drawn.append(y)
            return render_line(y)

        monkeypatch.setattr(tail, "render_line", counted)
        client.ring.add(20)
        await settle(pilot)
        assert "+20 new" in shown(app).split("\n")[-2]
        assert not drawn
