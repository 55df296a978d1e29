"""Everything about one record: fields, verdict, why it is new, the named features as bars, the nearest neighbours."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ng_tui.client.wire import Outcome, Record, RecordDetail, Scoring, Unit
from ng_tui.i18n import tr
from ng_tui.keymap import bindings
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import wrap
from ng_tui.kit.palette import Palette
from ng_tui.screens.feedback import Said
from ng_tui.text import ABSENT, fit, fmt_number, fmt_time, fmt_value

NEIGHBOURS = 5
"""Nearest neighbours asked for."""
PAUSE = 0.5
"""Seconds at least between two details while the newest event is followed."""


class Neighbours(OptionList):
    """The nearest records; enter shows one in the list of events."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("detail"))

    def on_focus(self) -> None:
        """Enter works at once: the nearest is chosen."""
        if self.highlighted is None and self.option_count:
            self.highlighted = 0


class Detail(VerticalScroll, can_focus=False):
    """Beside the tail on wide terminals, else below it."""

    DEFAULT_CSS = """
    Detail { display: none; background: $surface; padding: 0 1; scrollbar-size-vertical: 1; }
    Detail.-open { display: block; }
    Detail Static { height: auto; }
    Detail Neighbours {
        height: auto; border: none; padding: 0; background: $surface; max-height: 12; color: $foreground;
    }
    Detail Neighbours:focus { border: none; background-tint: transparent; }
    """

    class Wanted(Message):
        """A neighbour was chosen."""

        def __init__(self, seq: int) -> None:
            super().__init__()
            self.seq = seq

    def __init__(
        self,
        detail_of: Callable[[int, int], RecordDetail | None],
        now_ns: Callable[[], int],
        said: Callable[[Record], Said],
    ) -> None:
        """`detail_of` is everything about a record with so many neighbours; `said` what people said of its pattern."""
        super().__init__(id="detail")
        self.seq: int | None = None
        """The record shown; None when there is none, and when it is closed."""
        self._detail_of = detail_of
        self._now_ns = now_ns
        self._said_of = said
        self._seqs: list[int] = []
        self._shown_at = 0.0
        self._lacks_template = False
        self._record: Record | None = None
        self._said = Said()  # of the record
        self._width = 0  # for which it was folded

    @property
    def is_open(self) -> bool:
        """It is seen."""
        return self.has_class("-open")

    def open(self) -> None:
        """Makes room for the next `follow`."""
        self.add_class("-open")

    def close(self) -> None:
        """Is no longer seen."""
        self.remove_class("-open")
        self.seq = None

    def follow(self, seq: int | None, *, settled: bool) -> None:
        """Shows the record under the cursor; while that moves by itself, not `settled`, twice a second at most.

        The text of the pattern of an engine elsewhere may come later; it is shown then.
        """
        paused = time.monotonic() - self._shown_at >= PAUSE
        if not self.is_open or not (settled or paused):
            return
        if seq != self.seq:
            self._show(seq)
        elif paused and self._lacks_template and seq is not None:
            self._shown_at = time.monotonic()
            detail = self._detail_of(seq, 0)
            if detail is not None and detail.template is not None:
                self._show(seq)
        elif self._record is not None and self._said_of(self._record) != self._said:
            self._show(seq)

    def compose(self) -> ComposeResult:
        """The facts as one text, and the neighbours as a list."""
        yield Static("", id="facts", markup=False)
        yield Neighbours(id="neighbours", markup=False, compact=True)

    def on_resize(self) -> None:
        """Another width, such as the first one after it opened, folds the text anew."""
        if self.seq is not None and self._room() != self._width:
            self._show(self.seq)

    def _room(self) -> int:
        return max(24, self.size.width - 3)

    def _show(self, seq: int | None) -> None:
        is_another = seq != self.seq
        self.seq, self._shown_at = seq, time.monotonic()
        detail = self._detail_of(seq, NEIGHBOURS) if seq is not None else None
        known = detail is None or detail.template is not None or detail.record.detection.pattern is None
        self._lacks_template = not known
        self._width = width = self._room()
        palette = Palette(self.app.theme_variables)
        neighbours = self.query_one(Neighbours)
        neighbours.clear_options()
        self._seqs = []
        self._record = detail.record if detail is not None else None
        if detail is None:
            text = Text(tr("This event is no longer here; it cannot be shown."), style=palette.style("dim"))
            self.query_one("#facts", Static).update(text)
            return
        self._said = self._said_of(detail.record)
        self.query_one("#facts", Static).update(facts(detail, width, palette, self._now_ns(), self._said))
        self._seqs = [neighbour.seq for neighbour in detail.neighbours]
        neighbours.add_options(
            Option(Content(fit(f"{one.similarity:.2f} #{one.seq} {one.text}", width))) for one in detail.neighbours
        )
        if neighbours.has_focus and self._seqs:
            neighbours.highlighted = 0
        elif is_another:
            self.scroll_home(animate=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter on a neighbour."""
        event.stop()
        self.post_message(self.Wanted(self._seqs[event.option_index]))


def facts(detail: RecordDetail, width: int, palette: Palette, now_ns: int, said: Said) -> Text:
    """The text above the neighbours. Everything in it passed the engine's sanitiser and is never parsed."""
    text = Text(no_wrap=False, overflow="fold")
    label = 17 if width >= 48 else 12
    record, scores = detail.record, detail.record.detection

    def put(words: str, style: Style) -> None:
        plain = glyphs().plain
        text.append(words.translate(plain) if plain else words, style)

    def title(name: str) -> None:
        line = f"{glyphs().rule} {name} "
        put(line + glyphs().rule * max(0, width - len(line)) + "\n", palette.style("primary"))

    def field(name: str, value: str, style: str = "foreground", *, bold: bool = False) -> None:
        # The path of a nested field may need lines of its own.
        is_long = cell_len(name) >= label
        for line in wrap(name, width, 4) if is_long else ():
            put(line + "\n", palette.style("dim"))
        for place, line in enumerate(wrap(value, width - label, 8)):
            put(" " * label if place or is_long else fit(name, label - 1) + " ", palette.style("dim"))
            put(line + "\n", palette.style(style, bold=bold))

    def bar(name: str, value: float, part: float, style: str) -> None:
        room = max(4, min(24, width - label - 9))
        full = round(min(max(part, 0.0), 1.0) * room)
        put(fit(name, label - 1) + " ", palette.style("dim"))
        put(glyphs().full * full, palette.style(style))
        put(glyphs().empty * (room - full), palette.style("dim"))
        put(f" {round(value, 3) + 0.0:.3f}\n", palette.style("foreground"))

    title(tr("event {seq}", seq=record.seq))
    put(record.text + "\n", palette.style(f"level-{record.level.value}"))
    for line in (record.raw or "").split("\n")[1:]:
        put(line + "\n", palette.style("foreground"))
    field(tr("time"), fmt_time(record.time_ns, "iso", now_ns=now_ns))
    if abs(record.received_ns - record.time_ns) >= 1_000_000_000:
        field(tr("received"), fmt_time(record.received_ns, "iso", now_ns=now_ns))
    field(tr("level"), record.level.value, f"level-{record.level.value}", bold=True)
    field(tr("type"), record.type)
    field(tr("source"), f"{record.source} ({record.format.value})")
    if record.value is not None:
        field(tr("value"), fmt_value(record.value, record.unit or Unit.NONE))
    for name, value in record.attrs.items():
        field(name, value)

    title(tr("verdict"))
    outcome = record.verdict.outcome
    style = {Outcome.ADMIT: "success", Outcome.FLAG: "verdict-flag", Outcome.REJECT: "verdict-reject"}[outcome]
    field(tr("outcome"), outcome.value, style, bold=True)
    if (hit := record.verdict.hit) is not None:
        field(tr("because"), f"{hit.rule}.{hit.clause}: {fmt_number(hit.observed)} > {fmt_number(hit.limit)}", style)
    if detail.rules:
        chain = " ".join(f"{step.rule}{_step(step.objected, step.decided)}" for step in detail.rules)
        field(tr("rules"), chain)

    title(tr("novelty"))
    if scores.state in (Scoring.SCORED, Scoring.LEARNING):
        bar(tr("novelty"), scores.novelty or 0.0, (scores.novelty or 0.0) / 3, "novelty-high")
        anomaly = scores.anomaly_score
        field(
            tr("anomaly"),
            (f"{anomaly:.4f}" if anomaly is not None else ABSENT) + (" " + tr("ANOMALY") if scores.is_alert else ""),
        )
        if said.threshold:
            field(tr("threshold"), said.threshold)
        if said.silenced:
            field(tr("silenced"), said.silenced, "level-warn")
        field(tr("why"), scores.why or ABSENT)
    else:
        field(tr("state"), tr("not scored ({state})", state=scores.state.value), "dim")
    if detail.template is not None:
        field(tr("pattern"), f"{'' if scores.pattern is None else scores.pattern} {detail.template}".strip())
    if scores.channels:
        title(tr("surprise by channel"))
        total = sum(channel.share for channel in scores.channels) or 1.0
        for channel in scores.channels:
            bar(channel.name, channel.share, channel.share / total, "chart-3")
    if scores.features:
        title(tr("features ({encoder})", encoder=scores.encoder or ABSENT))
        largest = max(abs(feature.value) for feature in scores.features) or 1.0
        for feature in scores.features:
            bar(feature.name, feature.value, abs(feature.value) / largest, "chart-1")
    if detail.neighbours:
        title(tr("nearest neighbours, tab goes there"))
    text.rstrip()
    return text


def _step(objected: bool, decided: bool) -> str:
    ascii_only = glyphs().name == "ascii"
    if not objected:
        return "+" if ascii_only else "✓"
    return ("X" if ascii_only else "✗") if decided else "!"
