"""The thin link: of what Textual draws only the cells that changed go to the terminal.

Textual writes every region that it repaints, whole. Here its strips are put on a model of the screen, and the bytes are
those between what the terminal shows and what it is to show. A frame that the line has no room for is not queued: what
is sent later is what is wanted then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from rich.cells import cell_len
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ng_tui import _engine
from ng_tui.terminal.pacing import QUESTION, LinkMeter, Pacer
from ng_tui.terminal.textual_internals import SYNC_END, SYNC_START, Piece

LARGEST = (500, 300)
"""Columns and rows that the model has."""

STRIPS = 1024
"""Strips whose cells are kept, a few times those of a screen."""

STYLES = 4096
"""Styles whose numbers are kept."""

TRIES = 3
"""Times that a frame is made ready: a second one where there was no room for its styles, and no more."""

HEAL_S, HEAL_QUIET_S = 1.0, 3.0
"""Seconds between two rows that are painted again for the case that somebody wrote over them; and in the quiet, where
such a row is most of what is sent."""

QUIET = 600
"""Bytes a second below which it is quiet."""

LARGE = 2048
"""Bytes from which a frame is shown at once where the terminal can do that; on a slow line it is shown as it comes."""

BACKLOG = 2
"""Writes that may wait for the terminal."""

_JOINERS = frozenset("\u200d\ufe0f")
_ATTRIBUTES = (
    "bold",
    "dim",
    "italic",
    "underline",
    "blink",
    "blink2",
    "reverse",
    "conceal",
    "strike",
    "underline2",
    "frame",
    "encircle",
    "overline",
)
"""In the order of the bits that the model knows."""

Part = tuple[str, int, int]


class ThinLink:
    """Takes what is to be shown, and writes what leads to it."""

    def __init__(
        self,
        write: Callable[[str], object],
        *,
        most_hz: float,
        erases_colour: bool = True,
        colours: ColorSystem = ColorSystem.TRUECOLOR,
        is_synchronised: Callable[[], bool] = lambda: False,
        backlog: Callable[[], int] = lambda: 0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`erases_colour`: erased cells take the background. `backlog` counts writes that wait for the terminal."""
        self._write = write
        self._screen = _engine.Screen(1, 1, erases_colour)
        self._pacer = Pacer(most_hz)
        self._colours = colours
        self._is_synchronised = is_synchronised
        self._backlog = backlog
        self._now = monotonic
        self._styles: dict[Style | None, int] = {}
        self._cells: dict[int, tuple[Strip, _engine.Prepared]] = {}
        self._healed_at = monotonic()
        self._later: asyncio.TimerHandle | None = None
        self._has_news = False
        """Something was put that was not sent."""
        self._goes_on = False
        """Of the latest frame only some rows were sent."""
        self._coming: list[Callable[[], object]] = []
        """What was drawn meanwhile, in its order."""
        self._is_first = True
        self._is_closed = False
        self.asks = True
        """The terminal may be asked how far it has read."""

    @property
    def meter(self) -> LinkMeter:
        """How fast the line is."""
        return self._pacer.meter

    @property
    def limit(self) -> int | None:
        """Bytes of the pieces in which frames are sent; None where they are sent whole."""
        return self._pacer.limit

    def checksum(self) -> int:
        """A number for what the terminal is taken to show."""
        return self._screen.checksum()

    def fits(self, size: tuple[int, int]) -> bool:
        """Whether a screen of so many columns and rows can be painted."""
        return size[0] <= LARGEST[0] and size[1] <= LARGEST[1]

    def paint(self, size: tuple[int, int], pieces: Iterator[Piece], cursor: tuple[int, int] | None) -> None:
        """Shows the pieces, now or as soon as the line is free."""
        if self._screen.size() != size:
            self._screen.resize(*size)
            self._goes_on = False
            self._coming.clear()
        self._next(partial(self._put, list(pieces), cursor))
        self._has_news = True
        self._send_or_wait()

    def _next(self, change: Callable[[], object]) -> None:
        """What is under way is finished as it was begun, unless a key came; else its lower rows would never be."""
        self._coming.append(change)
        if not self._goes_on or self._pacer.is_urgent(self._now()):
            self._take_in()

    def _take_in(self) -> None:
        coming, self._coming = self._coming, []
        for change in coming:
            change()

    def _put(self, kept: list[Piece], cursor: tuple[int, int] | None) -> None:
        for _ in range(TRIES):
            generation = self._screen.generation()
            cells = [(row, column, self._prepared(strip)) for row, column, strip in kept]
            if self._screen.generation() == generation:
                break
            # Numbers were given up that earlier styles and cells had.
            self._styles.clear()
            self._cells.clear()
        self._screen.put(cells)
        # In the corner, where nobody types: there goes on whoever gets a terminal that has one screen only.
        self._screen.set_cursor((cursor[1], cursor[0]) if cursor is not None else (0, 0))

    def forget(self) -> None:
        """What the terminal shows is not known any more; the next frame is whole."""
        self._screen.invalidate()
        self._has_news = True

    def repaint(self) -> None:
        """Shows everything again."""
        self.forget()
        self._send_or_wait()

    def scrolled(self, top: int, bottom: int, lines: int) -> None:
        """Rows `top..=bottom` of the next frame are those of the last one, `lines` further up; below zero, down."""
        self._next(partial(self._screen.scrolled, top, bottom, lines))

    def key(self) -> None:
        """A key came: what it does is not held back."""
        self._pacer.key(self._now())

    def answered(self) -> None:
        """The terminal has read as far as the question."""
        self._pacer.answered(self._now())
        if self._has_news:
            self._send_or_wait()

    def owed(self) -> float:
        """Seconds for which an answer of the terminal may still come; 0 when none is under way."""
        return self._pacer.owed(self._now())

    def close(self) -> None:
        """Sends nothing any more."""
        self._is_closed = True
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _send_or_wait(self) -> None:
        if self._is_closed:
            return
        wait = self._pacer.wait(self._now(), goes_on=self._goes_on)
        if not wait and self._backlog() > BACKLOG:
            wait = 0.05
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if wait:
            self._later = asyncio.get_running_loop().call_later(wait, self._send_or_wait)
        else:
            self._send()

    def _send(self) -> None:
        now = self._now()
        if not self._goes_on and now - self._healed_at >= (
            HEAL_QUIET_S if self.meter.bytes_per_s(now) < QUIET else HEAL_S
        ):
            self._healed_at = now
            self._screen.heal()
        # What a key did is read from the top while the rest still comes.
        limit, had_coming = self._pacer.limit, bool(self._coming)
        scroll, rest, is_whole = self._screen.flush(self._pacer.is_urgent(now), limit)
        self._goes_on = not is_whole
        if is_whole:
            self._take_in()
        self._has_news = self._goes_on or had_coming
        if scroll or rest:
            size = len(scroll) + len(rest.encode())
            if size > LARGE and limit is None and self._is_synchronised():
                # A region that is moved inside makes some multiplexers send the whole of it.
                rest = f"{SYNC_START}{rest}{SYNC_END}"
            if self._is_first and self.asks:  # Asked before it, the way of a frame without its bytes is known.
                self._pacer.asked(now)
                scroll = QUESTION + scroll
            self._is_first = False
            asked = self._pacer.sent(now, size if self.asks else 0)
            self._write(scroll + rest + (QUESTION if asked else ""))
        if self._has_news:
            self._send_or_wait()

    def _prepared(self, strip: Strip) -> _engine.Prepared:
        """The cells of a strip. Textual keeps strips and never changes one, so the strip itself is the key."""
        known = self._cells.get(id(strip))
        if known is not None:
            return known[1]
        cells = self._screen.prepare([part for segment in strip for part in self._parts(segment)])
        while len(self._cells) >= STRIPS:
            del self._cells[next(iter(self._cells))]
        self._cells[id(strip)] = (strip, cells)
        return cells

    def _parts(self, segment: Segment) -> list[Part]:
        text, style, control = segment
        if control:
            return []
        number = self._styles.get(style)
        if number is None:
            number = self._register(style)
        if text.isascii():
            return [(text, number, 0)]
        return [(cluster, number, width) for cluster, width in clusters(text)]

    def _register(self, style: Style | None) -> int:
        if len(self._styles) >= STYLES:
            self._styles.clear()
        if style is None:
            number = self._screen.register("", "", 0, "")
        else:
            attributes = sum(1 << bit for bit, name in enumerate(_ATTRIBUTES) if getattr(style, name))
            link = f"id={style.link_id};{style.link}" if style.link else ""
            number = self._screen.register(
                self._code(style.color, True), self._code(style.bgcolor, False), attributes, link
            )
        self._styles[style] = number
        return number

    def _code(self, colour: Color | None, foreground: bool) -> str:
        """The parameters that set a colour; none for that of the terminal."""
        if colour is None or colour.is_default:
            return ""
        return ";".join(colour.downgrade(self._colours).get_ansi_codes(foreground))


def clusters(text: str) -> list[tuple[str, int]]:
    """The text in pieces that are drawn as one, each with its cells; 0 for a run of characters of one cell each.

    The cells are those that Textual lays out by, so that what stands behind is where it belongs.
    """
    found: list[tuple[str, int]] = []
    joined = False
    for character in text:
        width = cell_len(character)
        if found and (joined or not width or character in _JOINERS):
            before, _ = found[-1]
            if len(before) > 1 and found[-1][1] == 0:  # The last one of a run begins a cluster.
                found[-1] = (before[:-1], 0)
                found.append((before[-1], 1))
            whole = found[-1][0] + character
            found[-1] = (whole, cell_len(whole))
        elif width == 1 and found and found[-1][1] == 0:
            found[-1] = (found[-1][0] + character, 0)
        elif width:
            found.append((character, 0 if width == 1 else width))
        joined = character == "\u200d"
    return found


def erases_colour(environment: Mapping[str, str]) -> bool:
    """Erased cells take the background: everywhere but in GNU screen and in terminals without colours."""
    term = environment.get("TERM", "")
    return bool(environment.get("TMUX")) or not term.startswith(("screen", "vt", "ansi", "dumb"))
