"""The columns of Events, as one table: where each stands, how wide it is, and how its cells are drawn.

`layout` chooses what fits. A column draws into as many cells as it is told, and each but the last a space behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ng_tui.client.wire import Level, Outcome, Row, Scoring
from ng_tui.connection import split_source
from ng_tui.kit.palette import Palette
from ng_tui.screens.events.look import COLUMN_SETS, Look, Signs
from ng_tui.text import ABSENT, TimeStyle, fit, fmt_count, fmt_time, short_source

FARTHEST = 3.0
"""The novelty of what is farther from memory than anything seen before: a full bar."""

LEAST_TEXT = 24
"""Cells of the text below which other columns give way."""

GUTTER = 1
"""Cells before the first column, for the cursor and the marks."""

_LETTERS = {
    Level.TRACE: "T",
    Level.DEBUG: "D",
    Level.INFO: "I",
    Level.NOTICE: "N",
    Level.WARN: "W",
    Level.ERROR: "E",
    Level.FATAL: "F",
}
_TIME_WIDTH: dict[TimeStyle, int] = {"clock": 12, "iso": 23, "relative": 5, "delta": 8}


@dataclass(frozen=True, slots=True)
class Cell:
    """One row, and what else its cells are drawn from."""

    row: Row
    previous_ns: int | None
    """The time of the row above, where times are told from it."""
    hits: Sequence[tuple[int, int]]
    """Ranges of characters of the text that stand out."""
    look: Look
    palette: Palette
    signs: Signs

    @property
    def is_rejected(self) -> bool:
        """Guardian refused it: it is drawn quietly."""
        return self.row.outcome is Outcome.REJECT


Width = Callable[[Look], int]
"""Cells that a column wants in a look; 0 leaves it out."""


@dataclass(frozen=True)
class Column:
    """One column. The order of COLUMNS is that on the screen."""

    name: str
    shows: str
    """A sentence for docs/GLOSSARY.md."""
    widths: Mapping[str, Width]
    """The sets of `x` that it stands in, and its width in each; of the last column the least."""
    draw: Callable[[Cell, int], list[Segment]]
    """Draws into so many cells, and a space behind them."""
    gives_way: int = 0
    """Where the text has no room, columns leave in the order of this number; 0 never leaves."""


def _always(width: int) -> Width:
    return lambda look: width


def _from(*steps: tuple[int, int]) -> Width:
    """A width by that of the screen: pairs of the least columns of the screen, rising, and the width from there on."""

    def width(look: Look) -> int:
        return next((cells for least, cells in reversed(steps) if look.width >= least), 0)

    return width


def _beside_short_times(width: Width) -> Width:
    """Left out beside times that take half of a narrow screen."""
    return lambda look: 0 if look.time_style == "iso" and look.width < 100 else width(look)


def _time_width(look: Look) -> int:
    """The clock leaves its milliseconds out on a narrow screen."""
    return 8 if look.time_style == "clock" and look.width < 64 else _TIME_WIDTH[look.time_style]


def _host_width(look: Look) -> int:
    """No wider than the longest name; nothing where there is one engine."""
    longest = max((cell_len(host) for host in look.hosts), default=0)
    return min(longest, _from((0, 6), (64, 8), (110, 14))(look))


def _time(cell: Cell, width: int) -> list[Segment]:
    look = cell.look
    now_ns = look.now_s * 1_000_000_000
    moment = fmt_time(cell.row.time_ns, look.time_style, now_ns=now_ns, previous_ns=cell.previous_ns)
    moment = fit(moment, width, "right") if look.time_style in ("relative", "delta") else moment[:width]
    if look.glyphs == "ascii":
        moment = moment.replace(ABSENT, "-")
    return [Segment(moment + " ", cell.palette.style("dim"))]


def _level(cell: Cell, width: int) -> list[Segment]:
    level = cell.row.level
    style = cell.palette.style(f"level-{level.value}", bold=level in (Level.ERROR, Level.FATAL))
    return [Segment(_LETTERS[level] + " ", style)]


def _novelty(cell: Cell, width: int) -> list[Segment]:
    """A bar, and a sign for an anomaly or for the first of its kind."""
    row, signs, palette = cell.row, cell.signs, cell.palette
    if row.state not in (Scoring.SCORED, Scoring.LEARNING):
        return [Segment(" " * (width + 1))]
    room = width - 1
    step = round(min(max(row.novelty / FARTHEST, 0.0), 1.0) * room * len(signs.steps))
    full, rest = divmod(step, len(signs.steps))
    bar = signs.steps[-1] * full + (signs.steps[rest - 1] if rest else "")
    if row.state is Scoring.LEARNING or row.novelty < FARTHEST / 2:
        band = "low"
    else:
        band = "mid" if row.novelty < FARTHEST else "high"
    sign, tag = " ", "dim"
    if row.is_alert:
        sign, tag = signs.alert, "level-error"
    elif row.is_novel:
        sign, tag = signs.novel, "dim" if row.state is Scoring.LEARNING else "novelty-high"
    return [
        Segment(bar.ljust(room), palette.style(f"novelty-{band}")),
        Segment(sign + " ", palette.style(tag, bold=True)),
    ]


def _verdict(cell: Cell, width: int) -> list[Segment]:
    match cell.row.outcome:
        case Outcome.REJECT:
            return [Segment(cell.signs.reject + " ", cell.palette.style("verdict-reject", bold=True))]
        case Outcome.FLAG:
            return [Segment(cell.signs.flag + " ", cell.palette.style("verdict-flag", bold=True))]
        case _:
            return [Segment("  ")]


def _host(cell: Cell, width: int) -> list[Segment]:
    host, _ = split_source(cell.row.source, cell.look.hosts)
    return [Segment(cut(host, width, cell.signs) + " ", cell.palette.host(host))]


def _source(cell: Cell, width: int) -> list[Segment]:
    _, source = split_source(cell.row.source, cell.look.hosts)
    style = cell.palette.style("dim") if cell.is_rejected else cell.palette.source(source)
    return [Segment(cut(short_source(source, width), width, cell.signs) + " ", style)]


def _type(cell: Cell, width: int) -> list[Segment]:
    """Cut at its beginning: its end says more."""
    topic = cell.row.type
    whole = cell_len(topic) <= width
    shown = fit(topic, width) if whole else cell.signs.cut + fit(topic[-(width - 1) :], width - 1)
    return [Segment(shown + " ", cell.palette.style("dim"))]


def _text(cell: Cell, width: int) -> list[Segment]:
    """Scrolled by `x`, and behind it how many lines more there are."""
    row, palette, signs = cell.row, cell.palette, cell.signs
    dim = palette.style("dim")
    if cell.is_rejected or row.level in (Level.TRACE, Level.DEBUG):
        body = dim
    elif row.level in (Level.WARN, Level.ERROR, Level.FATAL):
        body = palette.style(f"level-{row.level.value}")
    else:
        body = palette.style("foreground")
    text = Strip(_highlighted(row.text, cell.hits, body, palette))
    if cell.look.x:
        text = text.crop(cell.look.x, text.cell_length)
    more = f" {signs.lines} {fmt_count(row.more_lines)}" if row.more_lines else ""
    room = max(1, width - len(more))
    if text.cell_length > room:
        text = Strip([*text.crop(0, room - 1), Segment(signs.cut, dim)])
    return [*text, Segment(more, dim)] if more else list(text)


def _highlighted(text: str, hits: Sequence[tuple[int, int]], body: Style, palette: Palette) -> list[Segment]:
    """The text with the character ranges of `hits` standing out."""
    segments: list[Segment] = []
    last = 0
    for start, end in hits:
        if start > last:
            segments.append(Segment(text[last:start], body))
        segments.append(Segment(text[max(start, last) : end], body + palette.inverse("search-hit")))
        last = max(last, end)
    segments.append(Segment(text[last:], body))
    return [segment for segment in segments if segment.text]


def cut(text: str, width: int, signs: Signs) -> str:
    """The text in so many cells, with a sign where it was cut."""
    return fit(text, width) if cell_len(text) <= width else fit(text, width)[:-1] + signs.cut


def _in_every_set(width: Width) -> dict[str, Width]:
    return {"standard": width, "type": width, "text": width}


COLUMNS: tuple[Column, ...] = (
    Column("time", "When it happened, in the form that `T` chose.", _in_every_set(_time_width), _time),
    Column("level", "The first letter of its level.", _in_every_set(_always(1)), _level),
    Column(
        "novelty",
        "How new it is, as a bar; `▲` is an anomaly, `+` the first of its kind.",
        {"standard": _always(4), "type": _always(4)},
        _novelty,
    ),
    Column("verdict", "What Guardian said: `⚑` flagged, `✗` rejected.", _in_every_set(_always(1)), _verdict),
    Column("host", "The engine that it came from, where there are several.", _in_every_set(_host_width), _host),
    Column(
        "source",
        "Where the engine read it.",
        {
            "standard": _beside_short_times(_from((0, 8), (64, 11), (110, 15))),
            "type": _beside_short_times(_from((100, 11), (110, 15))),
        },
        _source,
        gives_way=2,
    ),
    Column(
        "type",
        "What kind of event it is, cut at its beginning.",
        {
            "standard": _beside_short_times(_from((130, 20))),
            "type": _beside_short_times(_from((0, 14), (100, 20))),
        },
        _type,
        gives_way=1,
    ),
    Column("text", "Its first line, and how many more there are.", _in_every_set(_always(1)), _text),
)
"""The table. The last column takes what the others leave."""


@lru_cache(maxsize=64)
def layout(look: Look) -> tuple[tuple[Column, int], ...]:
    """The columns that fit, each with its width. At 80 columns the text keeps at least 40."""
    chosen = COLUMN_SETS[look.columns]
    wanted = [(column, column.widths[chosen](look)) for column in COLUMNS if chosen in column.widths]
    *shown, (last, _) = [(column, width) for column, width in wanted if width]

    def room() -> int:
        return look.width - GUTTER - sum(width + 1 for _, width in shown)

    for column in sorted((column for column, _ in shown if column.gives_way), key=lambda column: column.gives_way):
        if room() < LEAST_TEXT:
            shown = [(one, width) for one, width in shown if one is not column]
    return (*shown, (last, max(1, room())))
