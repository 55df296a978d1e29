"""The thin link against a terminal emulator: what is on the screen is what was drawn."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest
from rich.segment import Segment
from rich.style import Style
from textual import _compositor
from textual.strip import Strip

from ng_tui.terminal import textual_internals
from ng_tui.terminal.linked_app import LinkedApp
from ng_tui.terminal.pacing import QUESTION
from ng_tui.terminal.thin_link import HEAL_QUIET_S, ThinLink, clusters, erases_colour
from tests.console.linked import SETTLED, UNSETTLED, InTmux, Linked, write_lines, wrong_cells
from tests.console.trial_console import console

STYLES = tuple(map(Style.parse, ("", "red", "bold #102030 on #405060", "on #405060", "italic", "underline", "reverse")))


class Emulator:
    """A terminal, and a clock that is set by hand."""

    def __init__(self, columns: int = 40, rows: int = 12) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.screen.reset_mode(7, private=True)  # no line wrap, as Textual sets it
        self.stream = pyte.Stream(self.screen)
        self.now = 0.0
        self.written: list[str] = []
        self.link = ThinLink(self.write, most_hz=30, monotonic=lambda: self.now)

    def write(self, text: str) -> None:
        """What the driver would write."""
        self.written.append(text)
        self.stream.feed(text)

    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.screen.columns, self.screen.lines

    def rows(self) -> list[str]:
        """What stands in each row."""
        buffer, (columns, rows) = self.screen.buffer, self.size()
        return ["".join(buffer[row][column].data for column in range(columns)) for row in range(rows)]


def random_row(chance: random.Random, alphabet: tuple[str, ...], width: int) -> Strip:
    """A row of texts in styles."""
    segments = [Segment(chance.choice(alphabet), chance.choice(STYLES)) for _ in range(chance.randrange(1, 12))]
    return Strip(segments).adjust_cell_length(width, STYLES[3])


def look(strip: Strip) -> list[tuple[str, Style]]:
    """Character and style of each cell of a strip of settled characters."""
    cells: list[tuple[str, Style]] = []
    for text, style, _ in strip:
        for cluster, width in clusters(text):
            parts = list(cluster) if width == 0 else [cluster, *[""] * (width - 1)]
            cells += [(part, style or Style()) for part in parts]
    return cells


@pytest.mark.parametrize("seed", range(8))
def test_every_cell_is_as_drawn(seed: int) -> None:
    chance = random.Random(seed)
    one = Emulator()
    columns, height = one.size()
    rows = [random_row(chance, SETTLED, columns) for _ in range(height)]
    one.link.paint(one.size(), ((row, 0, strip) for row, strip in enumerate(rows)), None)
    for _ in range(60):
        one.link.answered()
        one.now += 0.5
        if chance.random() < 0.4:
            top, by = chance.randrange(0, 5), chance.randrange(1, 4)
            rows[top:] = [*rows[top + by :], *(random_row(chance, SETTLED, columns) for _ in range(by))]
            one.link.scrolled(top, height - 1, by)
            changed = range(top, height)
        else:
            changed = range(chance.randrange(height), height)
            for row in changed:
                rows[row] = random_row(chance, SETTLED, columns) if chance.random() < 0.5 else rows[row]
        one.link.paint(one.size(), ((row, 0, rows[row]) for row in changed), None)
        for y, strip in enumerate(rows):
            for x, (text, style) in enumerate(look(strip)):
                cell = one.screen.buffer[y][x]
                assert cell.data == text, (y, x)
                if text.strip():
                    assert (cell.bold, cell.italics) == (bool(style.bold), bool(style.italic)), (y, x)
                if text:
                    assert (cell.underscore, cell.reverse) == (bool(style.underline), bool(style.reverse)), (y, x)
                    assert cell.bg == ("405060" if style.bgcolor else "default"), (y, x)


@pytest.mark.parametrize("seed", range(4))
def test_texts_of_unsettled_width_spoil_nothing_but_their_neighbours(seed: int) -> None:
    chance = random.Random(seed)
    one = Emulator(columns=80)
    columns, height = one.size()
    rows = [random_row(chance, SETTLED + UNSETTLED, columns - 16).adjust_cell_length(columns) for _ in range(height)]
    for _ in range(30):
        one.now += 0.5
        rows = [*rows[1:], random_row(chance, SETTLED + UNSETTLED, columns - 16).adjust_cell_length(columns)]
        one.link.scrolled(0, height - 1, 1)
        one.link.paint(one.size(), ((row, 0, strip) for row, strip in enumerate(rows)), None)
        one.link.answered()
        assert not wrong_cells(one.screen, [strip.text for strip in rows])


def test_what_others_wrote_heals_row_by_row() -> None:
    one = Emulator()
    columns, height = one.size()
    rows = [(row, 0, random_row(random.Random(row), SETTLED, columns)) for row in range(height)]
    one.link.paint(one.size(), iter(rows), None)
    one.link.answered()
    before, checksum = one.rows(), one.link.checksum()
    one.stream.feed("\x1b[4;4Hsomebody writes to everybody\x1b[8;1H\x1b[2K")
    assert one.rows() != before
    for _ in range(height):
        one.now += HEAL_QUIET_S
        one.link.paint(one.size(), iter(rows[:1]), None)
        one.link.answered()
    assert one.rows() == before
    assert one.link.checksum() == checksum


def test_nothing_is_sent_when_nothing_changed() -> None:
    one = Emulator()
    strip = random_row(random.Random(1), SETTLED, 40)
    one.link.paint(one.size(), iter([(0, 0, strip)]), None)
    one.link.answered()
    one.now += 0.1
    sent = len(one.written)
    one.link.paint(one.size(), iter([(0, 0, Strip(list(strip), strip.cell_length))]), None)
    assert len(one.written) == sent


async def test_a_frame_that_finds_the_line_busy_is_not_queued_but_overtaken() -> None:
    one = Emulator()
    columns, height = one.size()

    def page(number: int) -> Iterator[tuple[int, int, Strip]]:
        return ((row, 0, random_row(random.Random(100 * number + row), SETTLED, columns)) for row in range(height))

    one.link.paint(one.size(), page(0), None)
    one.now += 0.2
    one.link.answered()  # A terminal that answers.
    one.now += 1.0
    one.link.paint(one.size(), page(1), None)
    assert one.written[-1].endswith(QUESTION)
    sent = len(one.written)
    for number in range(2, 9):
        one.now += 0.1
        one.link.paint(one.size(), page(number), None)
    assert len(one.written) == sent, "held back"
    one.link.key()
    one.link.paint(one.size(), page(9), None)
    assert len(one.written) == sent + 1, "what a key does is not"
    one.link.answered()
    last = [strip.text for _, _, strip in page(9)]
    assert not wrong_cells(one.screen, last)
    one.link.close()


async def test_a_terminal_that_stops_answering_is_waited_for_once() -> None:
    one = Emulator()
    pages = [
        [(row, 0, random_row(random.Random(row + 50 * page), SETTLED, 40)) for row in range(12)] for page in (0, 1)
    ]
    one.link.paint(one.size(), iter(pages[0]), None)
    one.now += 0.1
    one.link.answered()
    one.now += 1.0
    one.link.paint(one.size(), iter(pages[1]), None)
    sent = len(one.written)
    one.now += 2.9
    one.link.paint(one.size(), iter(pages[0]), None)
    assert len(one.written) == sent
    one.now += 0.2
    for page in (1, 0, 1):
        one.link.paint(one.size(), iter(pages[page]), None)
    assert len(one.written) == sent + 3
    one.link.close()


def test_more_styles_than_there_is_room_for_do_no_harm() -> None:
    one = Emulator(columns=100, rows=60)
    columns, height = one.size()
    for turn in range(4):
        colours = [[(turn + row * columns + x) * 977 % 0xFFFFFF for x in range(columns)] for row in range(height)]
        drawn = [Strip([Segment("x", Style(color=f"#{colour:06x}")) for colour in row]) for row in colours]
        one.now += 1
        one.link.paint(one.size(), ((row, 0, strip) for row, strip in enumerate(drawn)), None)
        one.link.answered()
    plain = [Strip([Segment("few styles" + " " * 90, STYLES[2])]) for _ in range(height)]
    for _ in range(2):
        one.now += 1
        one.link.paint(one.size(), ((row, 0, strip) for row, strip in enumerate(plain)), None)
        one.link.answered()
    assert not wrong_cells(one.screen, [strip.text for strip in plain])
    assert one.screen.buffer[30][3].fg == "102030"


def test_clusters_take_the_cells_that_textual_lays_out_by() -> None:
    for text in (*SETTLED, *UNSETTLED, "ab" + "".join(UNSETTLED) + "漢", "\u0301", "a\u200d", "\ufe0f"):
        cells = sum(len(cluster) if width == 0 else width for cluster, width in clusters(text))
        assert cells == Strip([Segment(text)]).cell_length, text


def test_erasing_takes_the_background_but_in_gnu_screen() -> None:
    assert erases_colour({"TERM": "xterm-256color"}) and erases_colour({"TERM": "screen", "TMUX": "x"})
    assert not erases_colour({"TERM": "screen.xterm-256color"}) and not erases_colour({"TERM": "vt220"})


def test_the_inside_of_textual_is_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = console(tmp_path, link="auto")
    assert textual_internals.problem(app) is None and app.thin_link is not None
    monkeypatch.delattr(_compositor.ChopsUpdate, "__init__")
    moved, _ = console(tmp_path, link="thin")
    assert moved.thin_link is None and moved.link_problem is not None and "ChopsUpdate" in moved.link_problem
    assert any(moved.link_problem in problem for problem in moved._problems), "who asked for it is told"


def test_stock_is_stock(tmp_path: Path) -> None:
    app, _ = console(tmp_path, link="stock")
    assert app.thin_link is None and app._display.__func__ is LinkedApp._display  # type: ignore[attr-defined]


@pytest.mark.parametrize("rate", [5, 100, 2000])
def test_no_cell_of_the_console_is_wrong(tmp_path: Path, rate: int) -> None:
    with Linked(tmp_path) as one:
        write_lines(one.log, 60)
        one.wait("59")
        for turn in range(10):
            write_lines(one.log, rate // 5, 100 + turn * rate)
            for _ in range(4):
                one.pump()
        one.settle()
        write_lines(one.log, 5, 90_000)  # Of those before, a frame may have had more than a screen.
        one.wait("90004")
        one.settle()
        assert b"M\x1b[r" in one.raw, "the tail said what scrolled"
        one.send(" ")
        one.wait("PAUSED")
        one.settle()


def test_resizes_and_other_screens_leave_no_trace(tmp_path: Path) -> None:
    with Linked(tmp_path) as one:
        write_lines(one.log, 200)
        one.wait("199")
        for size in ((80, 24), (140, 40), (61, 16), (100, 30)):
            one.resize(*size)
            write_lines(one.log, 20)
            one.settle()
        for keys, text in (
            ("2", "Modules"),
            ("3", "Latency"),
            ("1", "peak"),
            ("?", "Help"),
            ("\x1b", "peak"),
            (":", ""),
            ("\x1b", "peak"),
        ):
            one.send(keys)
            one.wait(text)
            write_lines(one.log, 7)
            one.settle()


def test_the_screen_of_the_console_heals(tmp_path: Path) -> None:
    with Linked(tmp_path) as one:
        write_lines(one.log, 100)
        one.wait("99")
        one.settle()
        one.signal(signal.SIGUSR2)
        one.settle()
        assert "wall:" not in one.text() and b"wall:" in one.raw


@pytest.mark.parametrize("stop", [signal.SIGTSTP, signal.SIGSTOP])
def test_what_a_shell_wrote_meanwhile_is_gone_after_a_stop(tmp_path: Path, stop: signal.Signals) -> None:
    with Linked(tmp_path) as one:
        write_lines(one.log, 100)
        one.wait("99")
        one.settle()
        one.signal(stop)
        while not os.WIFSTOPPED(os.waitpid(one.pid, os.WNOHANG | os.WUNTRACED)[1]):
            one.pump()
        one.stream.feed(b"\x1b[2J\x1b[H$ ls\r\nsomething\r\n\x1b[9;9H\x1b[31msomething else\x1b[m")
        write_lines(one.log, 5, 100)
        one.signal(signal.SIGCONT)
        one.settle()
        assert "something" not in one.text()


def test_no_cell_is_wrong_inside_tmux(tmp_path: Path) -> None:
    with InTmux(tmp_path) as one:
        for turn in range(12):
            write_lines(one.log, 9, 9 * turn, hard=SETTLED)
            time.sleep(0.2)
        one.settle()
        one.keys("2")
        one.settle("Modules")
        one.keys("1")
        one.settle("peak")


def test_the_mouse_reports_less_over_ssh(tmp_path: Path) -> None:
    with Linked(tmp_path, SSH_CONNECTION="10.0.0.1 5 10.0.0.2 22") as one:
        write_lines(one.log, 30)
        one.wait("29")
        one.settle()
        raw = bytes(one.raw)
        assert raw.rindex(b"\x1b[?1003l") > raw.rindex(b"\x1b[?1003h") and b"\x1b[?1002h" in raw
        one.send("\x11")
        one.finish()
        assert b"\x1b[?1002l" in one.raw[len(raw) :]


def test_no_answer_is_left_for_the_shell(tmp_path: Path) -> None:
    with Linked(tmp_path, delay=0.3) as one:
        write_lines(one.log, 100)
        one.wait("99")
        for turn in range(4):
            write_lines(one.log, 40, 100 + 40 * turn)
            one.wait(f"{139 + 40 * turn}")
        one.send("\x11")
        one.finish()
        assert one.answered == one.raw.count(QUESTION.encode()) > 1


def test_stock_writes_as_textual_does(tmp_path: Path) -> None:
    with Linked(tmp_path, setting="stock") as one:
        write_lines(one.log, 100)
        one.wait("99")
        one.settle()
        assert QUESTION.encode() not in one.raw
