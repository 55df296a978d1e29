"""The patterns: which kinds of events there are since a mark, which of them are new, and what follows what."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from ng_tui.client.interface import Ring
from ng_tui.client.wire import (
    Command,
    FeedbackView,
    IncidentsView,
    Level,
    PatternCount,
    SetLearningCommand,
    TallyView,
)
from ng_tui.connection import refusal
from ng_tui.i18n import ntr, tr
from ng_tui.keymap import bindings
from ng_tui.kit.lines import Heading, Line
from ng_tui.kit.sparkline import sparkline
from ng_tui.kit.table import Cell, Column, Row, Table
from ng_tui.options import Options
from ng_tui.screens.base import Jump, Pane, Send, Tell
from ng_tui.screens.feedback import FeedbackController
from ng_tui.screens.patterns.drawer import PatternDrawer
from ng_tui.state import State
from ng_tui.text import fmt_age, fmt_count, fmt_time, safe

WIDE = 110
"""Cells from which the drawer stands beside the table instead of below it."""
MOST = 400
"""Patterns in the table."""
BUDGET = 100_000
"""Records that are counted at a time, so that keys and drawing come through."""
EVERY = 1.0
"""Seconds between two looks at the counts."""
SPARK_WIDTH = 10
TAGS = {Level.WARN: "warn", Level.ERROR: "bad", Level.FATAL: "bad"}


class PatternsPane(Pane):
    """A heading, the table of patterns, and a drawer for the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("patterns"))
    DEFAULT_CSS = """
    PatternsPane .row { height: 1fr; layout: vertical; }
    PatternsPane.-wide .row { layout: horizontal; }
    PatternsPane Table { width: 1fr; }
    PatternsPane PatternDrawer { height: 1fr; padding-top: 1; }
    PatternsPane.-wide PatternDrawer { width: 50; padding: 0 0 0 2; }
    """

    def __init__(self, ring: Ring, options: Options) -> None:
        super().__init__(id="patterns")
        self.ring = ring
        self.options = options
        self.known = State()
        """What was presented last."""
        self.feedback = FeedbackController(self, ring, options)
        self._marked_ns: int | None = None
        self._tally = ring.tally(0)
        self._counts: TallyView | None = None
        self._rows: dict[str, PatternCount] = {}
        self._looked_at = 0.0
        self._shown: tuple[FeedbackView | None, IncidentsView | None] = (None, None)  # by the drawer
        self._heading = Heading(self._line)
        self._table = Table(_columns, self._nothing)
        self._drawer = PatternDrawer()

    def compose(self) -> ComposeResult:
        """Heading, table and drawer."""
        yield self._heading
        with Vertical(classes="row"):
            yield self._table
            yield self._drawer

    def on_mount(self) -> None:
        """Counts while another screen is shown, too: what leaves the ring uncounted is lost to the counts."""
        self.set_interval(EVERY, lambda: self._tally.advance(BUDGET))

    def on_enter(self) -> None:
        """Gives the keys to the table."""
        self._table.focus()
        self._looked_at = 0.0

    def present(self, state: State) -> None:
        """Counts what has come; once a second, or at once while it catches up."""
        self.known = state
        self.feedback.present(state)
        if self._counts is not None and self.ring.run_began > self._counts.from_seq:
            # Numbers of patterns have begun anew with the engine.
            self._begin(self.ring.run_began)
        caught_up = self._tally.advance(BUDGET)
        if caught_up and monotonic() - self._looked_at < EVERY:
            if (state.feedback, state.incidents) != self._shown:
                self._show_drawer()
            return
        self._looked_at = monotonic()
        self._counts = self._tally.view(MOST, self.options.now_ns())
        self._rows = {f"{row.source}\n{row.pattern}": row for row in self._counts.rows}
        self._table.show([self._row(key, row) for key, row in self._rows.items()])
        self._heading.redraw()
        self._show_drawer()
        self._arrange()

    def on_resize(self) -> None:
        """Chooses the layout for the size."""
        self._arrange()

    @on(Table.Moved)
    def _moved(self) -> None:
        self._show_drawer()

    def action_mark(self) -> None:
        """Counts from now on."""
        self._marked_ns = self.options.now_ns()
        self._begin(self.ring.view("").advance(0).next_seq)

    def action_all(self) -> None:
        """Counts everything that the ring holds."""
        self._marked_ns = None
        self._begin(self.ring.run_began)

    def action_events(self) -> None:
        """Shows the events of the pattern under the cursor."""
        if (row := self._under_cursor()) is not None:
            quoted = row.source.replace("\\", "\\\\").replace('"', '\\"')
            self.post_message(Jump(filter=f'pattern:{row.pattern} source="{quoted}"'))

    def action_jump(self) -> None:
        """Shows its latest event among the others."""
        if (row := self._under_cursor()) is not None:
            self.post_message(Jump(seq=row.last_seq))

    def action_freeze(self) -> None:
        """Keeps what is remembered of the source under the cursor as its baseline, or lets it learn again."""
        row = self._under_cursor()
        if row is None:
            return
        if why := refusal(self.known.link, "steer"):
            self.post_message(Tell(f"{row.source}: {why}", severity="warning"))
        elif len(self.options.remote_engines) > 1:
            what = tr("Of several engines only one is meant; neurograph-tui freeze and learn name it with --url.")
            self.post_message(Tell(what, severity="warning"))
        else:
            command = SetLearningCommand(row.source, learning=self._is_frozen(row.source))
            self.post_message(Send(Command(set_learning=command)))

    def action_undo_feedback(self) -> None:
        """Takes back the latest feedback on the pattern under the cursor."""
        row = self._rows.get(self._table.cursor_key or "")
        said = self.feedback.feedback_for(row.source, row.pattern, row.last_seq) if row is not None else None
        self.feedback.undo(said)

    def _is_frozen(self, source: str) -> bool:
        """As the module that scores tells it."""
        module = self.known.modules.get("intuition_engine")
        return module is not None and any(gauge.name == f"frozen: {source}" for gauge in module.gauges)

    def _begin(self, seq: int) -> None:
        self._tally = self.ring.tally(seq)
        self._counts, self._looked_at = None, 0.0
        self.present(self.known)

    def _under_cursor(self) -> PatternCount | None:
        row = self._rows.get(self._table.cursor_key or "")
        if row is None:
            self.post_message(Tell(tr("There is no pattern under the cursor."), severity="warning"))
        return row

    def _show_drawer(self) -> None:
        row = self._rows.get(self._table.cursor_key or "")
        view = self.ring.pattern(row.source, row.pattern, row.last_seq) if row is not None else None
        is_frozen = row is not None and self._is_frozen(row.source)
        self._shown = (self.known.feedback, self.known.incidents)
        said = self.feedback.said_for(row.source, row.pattern, row.last_seq) if row is not None else None
        self._drawer.show(row, view, self.options.now_ns(), is_frozen=is_frozen, said=said)

    def _arrange(self) -> None:
        wide = self.size.width >= WIDE
        self.set_class(wide, "-wide")
        # Below each other both get their half, the drawer no more than it has use for.
        self._table.styles.height = "1fr" if wide else max(4, self.size.height - 1 - min(13, self.size.height // 2))

    def _line(self, width: int) -> Line:
        counts = self._counts
        if counts is None:
            return [(tr("counting"), "dim")]
        mark = self._marked_ns
        since = fmt_time(mark, "clock", now_ns=mark)[:8] if mark is not None else ""
        parts = [
            tr("since {time}", time=since) if since else tr("everything in memory"),
            ntr("{count} pattern", "{count} patterns", counts.patterns),
            tr("{n} new", n=fmt_count(counts.new_patterns)),
            tr("{n} events", n=fmt_count(counts.events)),
            tr("{n} anom. per 1 000", n=f"{1000 * counts.alerts / max(1, counts.events):.2f}"),
        ]
        line: Line = [("  ".join(parts), "")]
        if counts.missed:
            line.append((tr("  {n} were forgotten uncounted", n=fmt_count(counts.missed)), "warn"))
        if counts.left_out:
            line.append((tr("  {n} events of further patterns", n=fmt_count(counts.left_out)), "warn"))
        if counts.patterns > len(counts.rows):
            line.append((tr("  the newest and the most frequent {n} are shown", n=len(counts.rows)), "dim"))
        return line

    def _nothing(self) -> str:
        if self._marked_ns is not None:
            return tr("No event of text or JSON since the mark; u counts everything in memory.")
        return tr("No event of text or JSON has come yet; metrics have no patterns.")

    def _row(self, key: str, row: PatternCount) -> Row:
        template = self.ring.template(row.source, row.pattern, row.last_seq)
        recent = [float(count) for count in row.recent]
        span = len(recent)
        return Row(
            key,
            {
                "new": Cell("+" if row.is_new else " ", "novel", float(row.is_new)),
                "count": Cell(fmt_count(row.count), "", float(row.count)),
                "spark": Cell(sparkline(recent, SPARK_WIDTH, seconds=span, end=span - 1)[0], "chart-1"),
                "level": Cell(row.worst.value, TAGS.get(row.worst, "dim"), float(list(Level).index(row.worst))),
                "age": Cell(fmt_age(row.last_ns, self.options.now_ns()), "dim", -float(row.last_ns)),
                "alerts": Cell(fmt_count(row.alerts) if row.alerts else "", "bad", float(row.alerts)),
                "source": Cell(row.source.rpartition("/")[2] or row.source, "dim"),
                "text": Cell(safe(template) if template is not None else row.text),
            },
        )


def _columns() -> list[Column]:
    return [
        Column("new", "", 1),
        Column("count", tr("count"), 7, "right"),
        Column("spark", tr("5 min"), SPARK_WIDTH, drop=3, sortable=False),
        Column("level", tr("worst"), 6, drop=2),
        Column("age", tr("latest"), 6, "right", drop=4),
        Column("alerts", tr("anom."), 6, "right", drop=1),
        Column("source", tr("source"), 12, drop=5),
        Column("text", tr("pattern"), 32, grow=True),
    ]
