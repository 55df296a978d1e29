"""One row of the tail as a strip: which columns there are, and how each part is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ng_tui.client.wire import Level, Outcome, Row, Scoring
from ng_tui.connection import split_source
from ng_tui.i18n import ntr
from ng_tui.kit.glyphs import GlyphName
from ng_tui.kit.palette import Palette
from ng_tui.kit.worn import Worn
from ng_tui.screens.events.window import NOTICE
from ng_tui.text import ABSENT, TimeStyle, fit, fmt_count, fmt_time, short_source

COLUMN_SETS = ("standard", "type", "text")
"""What `x` goes through: without and with the type, and only time, level and text."""

TIME_STYLES: tuple[TimeStyle, ...] = ("clock", "iso", "relative", "delta")
"""What `T` goes through."""

FARTHEST = 3.0
"""The novelty of what is farther from memory than anything seen before: a full bar."""

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
_BAR = 3


@dataclass(frozen=True)
class Signs:
    """The signs of one glyph set; every one is one cell wide."""

    cursor: str = "▌"
    mark: str = "◆"
    reject: str = "✗"
    flag: str = "⚑"
    alert: str = "▲"
    novel: str = "+"
    gap: str = "┄"
    cut: str = "…"
    lines: str = "⏎"
    steps: str = "▏▎▍▌▋▊▉█"
    """A cell of the novelty bar, from the least to full."""


SIGNS: dict[GlyphName, Signs] = {
    "braille": Signs(steps="⡀⡄⡆⡇⣇⣧⣷⣿"),
    "block": Signs(reject="x", flag="!"),
    "ascii": Signs(cursor=">", mark="*", reject="x", flag="!", alert="^", gap="-", cut="~", lines="/", steps="-="),
}


@dataclass(frozen=True)
class Look:
    """What decides how a row is drawn besides the row itself; strips are kept under it."""

    width: int
    columns: int = 0
    """Index into COLUMN_SETS."""
    time_style: TimeStyle = "clock"
    x: int = 0
    """Cells that the text is scrolled to the right."""
    glyphs: GlyphName = "braille"
    now_s: int = 0
    """The second that ages are counted to; 0 unless times are relative."""
    hosts: tuple[str, ...] = ()
    """The engines that the records come from, where there are several."""


@dataclass(frozen=True)
class Widths:
    """Cells of each column; 0 leaves the column out."""

    time: int
    bar: int
    host: int
    source: int
    type: int
    text: int


def widths(look: Look) -> Widths:
    """The columns that fit. At 80 columns the text keeps at least 40."""
    kind = COLUMN_SETS[look.columns]
    time = _TIME_WIDTH[look.time_style]
    if look.time_style == "clock" and look.width < 64:
        time = 8
    bar = 0 if kind == "text" else _BAR
    longest = max((cell_len(host) for host in look.hosts), default=0)
    host = min(longest, 6 if look.width < 64 else 8 if look.width < 110 else 14)
    source = 0 if kind == "text" else (8 if look.width < 64 else 11 if look.width < 110 else 15)
    topic = 0
    if kind == "type" or (kind == "standard" and look.width >= 130):
        topic = 20 if look.width >= 100 else 14
        source = source if look.width >= 100 else 0
    if look.time_style == "iso" and look.width < 100:
        source = topic = 0

    def room() -> int:
        columns = [time, bar and bar + 1, 1, host, source, topic]  # bar with its sign, verdict
        return look.width - 3 - sum(width + 1 for width in columns if width)  # gutter, level, space

    if room() < 24 and topic:
        topic = 0
    if room() < 24:
        source = 0
    return Widths(time, bar, host, source, topic, max(1, room()))


def draw(
    row: Row, previous_ns: int | None, look: Look, palette: Palette, hits: Sequence[tuple[int, int]], worn: Worn
) -> Strip:
    """The row on one line of `look.width` cells, without cursor and mark: the gutter is blank."""
    segments = _gap(row, look, palette) if row.gap is not None else _row(row, previous_ns, look, palette, hits)
    segments = [Segment(text, worn[style]) for text, style, _ in segments]
    room = look.width - sum(cell_len(text) for text, _, _ in segments)
    if room < 0:
        return Strip(segments).crop(0, look.width)
    return Strip([*segments, Segment(" " * room, worn[None])] if room else segments, look.width)


def _row(
    row: Row, previous_ns: int | None, look: Look, palette: Palette, hits: Sequence[tuple[int, int]]
) -> list[Segment]:
    signs = SIGNS[look.glyphs]
    size = widths(look)
    dim = palette.style("dim")
    rejected = row.outcome is Outcome.REJECT
    level = palette.style(f"level-{row.level.value}", bold=row.level in (Level.ERROR, Level.FATAL))
    moment = fmt_time(row.time_ns, look.time_style, now_ns=look.now_s * 1_000_000_000, previous_ns=previous_ns)
    align = "right" if look.time_style in ("relative", "delta") else "left"
    moment = moment[: size.time] if align == "left" else fit(moment, size.time, "right")
    if look.glyphs == "ascii":
        moment = moment.replace(ABSENT, "-")
    parts = [Segment(" "), Segment(moment + " ", dim), Segment(_LETTERS[row.level] + " ", level)]
    if size.bar:
        parts += _novelty(row, size.bar, signs, palette)
    parts.append(_verdict(row, signs, palette))
    host, source = split_source(row.source, look.hosts)
    if size.host:
        parts.append(Segment(_fit(host, size.host, signs) + " ", palette.host(host)))
    if size.source:
        parts.append(
            Segment(
                _fit(short_source(source, size.source), size.source, signs) + " ",
                dim if rejected else palette.source(source),
            )
        )
    if size.type:
        parts.append(Segment(_topic(row.type, size.type, signs) + " ", dim))
    quiet = rejected or row.level in (Level.TRACE, Level.DEBUG)
    loud = row.level in (Level.WARN, Level.ERROR, Level.FATAL) and not rejected
    body = dim if quiet else palette.style(f"level-{row.level.value}") if loud else palette.style("foreground")
    text = Strip(_highlighted(row.text, hits, body, palette))
    length = text.cell_length
    if look.x:
        text = text.crop(look.x, length)
    more = f" {signs.lines} {fmt_count(row.more_lines)}" if row.more_lines else ""
    room = max(1, size.text - len(more))
    if text.cell_length > room:
        text = Strip([*text.crop(0, room - 1), Segment(signs.cut, dim)])
    return [*parts, *text, Segment(more, dim)] if more else [*parts, *text]


def gutter(*, cursor: bool, marked: bool, look: Look, palette: Palette) -> Segment:
    """The first cell of a row."""
    signs = SIGNS[look.glyphs]
    if marked:
        return Segment(signs.mark, palette.style("mark", bold=True))
    return Segment(signs.cursor, palette.style("primary")) if cursor else Segment(" ")


def _gap(row: Row, look: Look, palette: Palette) -> list[Segment]:
    """A full-width row that says what is missing here."""
    signs = SIGNS[look.glyphs]
    # A gap may stand for a cut line, where no whole record is missing.
    count = ntr("{n} record missing", "{n} records missing", row.gap, n=fmt_count(row.gap)) if row.gap else ""
    host, _ = split_source(row.source, look.hosts)
    reason = row.text.rpartition(" missing: ")[2]  # some of them say the count too
    label = row.text if row.type == NOTICE else ": ".join(part for part in (host, count, reason) if part)
    label = f" {label} "
    label = _fit(label, max(1, min(cell_len(label), look.width - 6)), signs)
    left = 3
    right = max(0, look.width - 1 - left - cell_len(label))
    return [Segment(" "), Segment(signs.gap * left + label + signs.gap * right, palette.style("gap", bold=True))]


def _novelty(row: Row, width: int, signs: Signs, palette: Palette) -> list[Segment]:
    """The bar, and a sign for an alert or for the first of its kind."""
    if row.state not in (Scoring.SCORED, Scoring.LEARNING):
        return [Segment(" " * (width + 2))]
    step = round(min(max(row.novelty / FARTHEST, 0.0), 1.0) * width * len(signs.steps))
    full, rest = divmod(step, len(signs.steps))
    bar = signs.steps[-1] * full + (signs.steps[rest - 1] if rest else "")
    band = (
        "low"
        if row.state is Scoring.LEARNING or row.novelty < FARTHEST / 2
        else "mid"
        if row.novelty < FARTHEST
        else "high"
    )
    sign = (
        (signs.alert, "level-error")
        if row.is_alert
        else (signs.novel, "novelty-high")
        if row.is_novel
        else (" ", "dim")
    )
    return [
        Segment(bar.ljust(width), palette.style(f"novelty-{band}")),
        Segment(sign[0] + " ", palette.style(sign[1], bold=True)),
    ]


def _verdict(row: Row, signs: Signs, palette: Palette) -> Segment:
    if row.outcome is Outcome.REJECT:
        return Segment(signs.reject + " ", palette.style("verdict-reject", bold=True))
    if row.outcome is Outcome.FLAG:
        return Segment(signs.flag + " ", palette.style("verdict-flag", bold=True))
    return Segment("  ")


def _fit(text: str, width: int, signs: Signs) -> str:
    return fit(text, width) if cell_len(text) <= width else fit(text, width)[:-1] + signs.cut


def _topic(topic: str, width: int, signs: Signs) -> str:
    """The type cut at its beginning: its end says more."""
    return fit(topic, width) if cell_len(topic) <= width else signs.cut + fit(topic[-(width - 1) :], width - 1)


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
