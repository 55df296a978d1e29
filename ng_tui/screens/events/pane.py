"""The stream of events: follow, pause, filter, search, jump, mark, look at one, copy, export."""

from __future__ import annotations

from typing import ClassVar, cast

from textual import events as textual_events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from ng_tui.client.interface import LinkState, Ring
from ng_tui.client.wire import Feedback
from ng_tui.connection import why_no_events
from ng_tui.i18n import tr
from ng_tui.keymap import bindings
from ng_tui.kit.bare import Bare
from ng_tui.kit.glyphs import glyphs
from ng_tui.options import Options
from ng_tui.screens.base import Copy, Jump, Pane, Tell
from ng_tui.screens.events.background_tasks import BackgroundTasks
from ng_tui.screens.events.detail import Detail
from ng_tui.screens.events.filter_bar import FilterBar
from ng_tui.screens.events.filter_prompt import FilterPrompt
from ng_tui.screens.events.rate_strip import RateStrip
from ng_tui.screens.events.search import JUMPS
from ng_tui.screens.events.shell_command import print_command
from ng_tui.screens.events.status_line import StatusLine, TailStatus, moment
from ng_tui.screens.events.tail import Tail
from ng_tui.screens.events.view_controller import ViewController
from ng_tui.screens.feedback import FeedbackController
from ng_tui.state import State
from ng_tui.text import TimeStyle

WIDE = 110
"""Columns from which the detail stands beside the tail."""


class EventsPane(Pane):
    """A list of the events with what is said of it above and below, and a detail of the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("events"))
    DEFAULT_CSS = """
    EventsPane #body { layout: vertical; height: 1fr; }
    EventsPane.-wide #body { layout: horizontal; }
    EventsPane Detail { height: 1fr; width: 1fr; border-top: solid $dim; }
    EventsPane.-wide Detail { width: 46%; height: 1fr; border-top: none; border-left: solid $dim; }
    EventsPane.-ascii Detail { border-top: ascii $dim; }
    EventsPane.-ascii.-wide Detail { border-top: none; border-left: ascii $dim; }
    EventsPane.-short RateStrip { display: none; }
    EventsPane #empty { display: none; height: 1fr; width: 1fr; content-align: center middle; color: $dim; }
    EventsPane.-empty #empty { display: block; }
    EventsPane.-empty Tail { height: 0; }
    EventsPane.-typing StatusLine { display: none; }
    """

    def __init__(self, ring: Ring, options: Options) -> None:
        super().__init__(id="events")
        self.ring = ring
        self.options = options
        self.known = State()
        """What was presented last."""
        engines = options.remote_engines
        hosts = {name: engine.colour for name, engine in engines.items()} if len(engines) > 1 else {}
        style = cast(TimeStyle, options.time_style)
        self.viewing = ViewController(ring)
        self.tail = Tail(ring, self.viewing.accepted, options.now_ns, time_style=style, hosts=hosts)
        # The app says later who is told.
        self.tail.rows_moved = lambda region, lines: self.rows_moved(region, lines)
        self.tail.windows.tell = lambda text, severity: self.post_message(Tell(text, severity=severity))
        self.feedback = FeedbackController(self, ring, options)
        self.tasks = BackgroundTasks(self, self.tail, options, self.update_status)
        self.prompt = FilterPrompt(self, self.tail, self.viewing, self.tasks, self.update_status)
        self._rate = RateStrip(options.ignored_lints)
        self._empty = Static("", id="empty", markup=False)
        self._detail = Detail(self.tail.windows.detail, options.now_ns, self.feedback.said_of)
        self._status_line = StatusLine()

    def compose(self) -> ComposeResult:
        """Rate, tail with detail, status, and the hidden input."""
        yield self._rate
        with Bare(id="body"):
            yield self.tail
            yield self._empty
            yield self._detail
        yield self._status_line
        yield self.prompt.bar

    def on_mount(self) -> None:
        """Starts with the filter of the options; a wrong one is told and left out."""
        self.set_class(glyphs().name == "ascii", "-ascii")
        if self.options.filter:
            self.prompt.set_filter(self.options.filter)
        self.tail.update(self.viewing.last)
        self.tick()

    def present(self, state: State) -> None:
        """Shows the rate, and in an empty list why it is empty."""
        self.known = state
        self.feedback.present(state)
        self._rate.present(state)
        self.update_status()

    def on_enter(self) -> None:
        """Keys go to the list."""
        self.tail.focus()

    def on_resize(self, event: textual_events.Resize) -> None:
        """Chooses the layout."""
        self.set_class(event.size.width >= WIDE, "-wide")
        self.set_class(event.size.height < 16, "-short")

    def tick(self) -> bool:
        """Takes in what the ring has, and draws what changed; a tail that runs, now and then.

        Also while another screen is shown, so that nothing is missed. True when something came in, or not all of the
        ring was looked at yet.
        """
        if not self.tail.is_attached:  # the app is on its way out, or not yet in
            return False
        tail = self.tail
        is_busy = self.viewing.advance()
        if self.viewing.is_due(runs=tail.following):
            tail.update(self.viewing.last)
            self.prompt.update_preview()
        tail.tick()
        self.tasks.look_on()
        self.update_status()
        self._detail.follow(tail.cursor, settled=not tail.following)
        return is_busy or self.has_more

    @property
    def has_more(self) -> bool:
        """Not all of the ring was looked at yet."""
        return self.viewing.scanned < 1.0

    def jump(self, *, seq: int | None = None, filter: str | None = None) -> None:
        """Shows a record, or the events of a filter; a record that the filter hides switches the filter off."""
        if filter is not None:
            self.prompt.set_filter(filter)
        if seq is not None:
            if not self.tail.windows.has(seq) and self.viewing.filter:
                self.prompt.toggle_filter()
            if not self.tail.windows.has(seq) and not self.tail.windows.may_find(seq):
                self.post_message(Tell(tr("Event {seq} is no longer in memory.", seq=seq), severity="warning"))
                return
            self.tail.go_to(seq)
        self.tick()

    def action_pause(self) -> None:
        """Freezes the view, or goes live again."""
        if self.tail.windows.frozen_at is not None:
            self.tail.live()
        else:
            self.tail.freeze()
        self.tick()

    def action_live(self) -> None:
        """Goes to the newest record and follows."""
        self.tail.live()
        self.tick()

    def action_move(self, rows: int) -> None:
        """Moves the cursor."""
        self.tail.move(rows)

    def action_page(self, part: float) -> None:
        """Moves by a part of the screen."""
        self.tail.page(part)

    def action_top(self) -> None:
        """Goes to the oldest record."""
        self.tail.top()

    def action_sideways(self, cells: int) -> None:
        """Scrolls the texts."""
        self.tail.sideways(cells)

    def action_columns(self) -> None:
        """Shows other columns."""
        self.tail.change(columns=self.tail.look.next_columns)

    def action_time_style(self) -> None:
        """Shows times in another form."""
        self.tail.change(time_style=self.tail.look.next_time_style)

    def action_filter(self) -> None:
        """Asks for a filter."""
        self.prompt.ask_filter()

    def action_search(self) -> None:
        """Asks what to search for."""
        self.prompt.ask_search()

    def action_toggle_filter(self) -> None:
        """Switches the filter off, or on again."""
        self.prompt.toggle_filter()

    def action_find(self, what: str, by: int) -> None:
        """Goes to the next record of a kind, or for `by` below zero, and from a tail that runs, to the one before."""
        self.tasks.search(JUMPS[what], tr(what), forward=by > 0 and not self.tail.following)

    def action_hit(self, by: int) -> None:
        """Goes to the next hit of the search, or to the one before."""
        self.prompt.find(forward=by > 0)

    def action_mark(self) -> None:
        """Sets or clears a mark at the cursor."""
        if (seq := self.tail.cursor) is not None:
            self.tail.hold()
            self.tail.marks.toggle(seq)
            self.tail.refresh()
            self.tick()

    def action_give_feedback(self, verdict: str) -> None:
        """Says what the record under the cursor was worth."""
        if (row := self.tail.row()) is not None:
            self.tail.hold()
            self.feedback.give(row.seq, Feedback(verdict))

    def action_undo_feedback(self) -> None:
        """Takes back the latest feedback on the pattern of the record under the cursor."""
        row = self.tail.row()
        said = self.feedback.feedback_for(row.source, row.pattern, row.seq) if row is not None else None
        self.feedback.undo(said)

    def action_next_mark(self) -> None:
        """Goes to the next mark."""
        mark = self.tail.marks.after(self.tail.cursor)
        if mark is None:
            self.post_message(Tell(tr("There are no marks; m sets one.")))
        else:
            self.jump(seq=mark)

    def action_clear_marks(self) -> None:
        """Clears all marks."""
        self.tail.marks.clear()
        self.tail.refresh()
        self.tick()

    def action_detail(self) -> None:
        """Opens or closes the detail of the record under the cursor."""
        if self._detail.is_open:
            self._close_detail()
            return
        self.tail.hold()
        self._detail.open()
        self.call_after_refresh(self.tick)

    def action_close(self) -> None:
        """Closes the detail, ends the search under way, clears the search, or goes back to where a jump came from."""
        if self._detail.is_open:
            self._close_detail()
        elif not (self.tail.windows.past.give_up() or self.tasks.end() or self.prompt.end_search()):
            self.post_message(Jump())
        self.update_status()

    def action_copy(self) -> None:
        """Copies the record with its controls made visible, so that a shell it is pasted into does not obey it."""
        detail = self.tail.windows.detail(self.tail.cursor, 0) if self.tail.cursor is not None else None
        if detail is None:
            self.post_message(Tell(tr("There is no event under the cursor."), severity="warning"))
            return
        record = detail.record
        self.post_message(Copy(record.raw if record.raw is not None else record.raw_base64 or record.text))

    def action_copy_command(self) -> None:
        """Copies a command that prints the record."""
        if (row := self.tail.row()) is not None:
            self.post_message(Copy(print_command(row, self.options.remote_engines)))

    def action_export(self) -> None:
        """Writes the records of the view to a file."""
        self.tasks.export()

    def on_tail_moved(self, event: Tail.Moved) -> None:
        """Brings status and detail up to date."""
        event.stop()
        self.tick()

    def on_tail_chosen(self, event: Tail.Chosen) -> None:
        """A click gives the keys to the list."""
        event.stop()
        self.tail.focus()

    def on_detail_wanted(self, event: Detail.Wanted) -> None:
        """Shows a neighbour in the list."""
        event.stop()
        self.jump(seq=event.seq)

    def on_filter_bar_typed(self, event: FilterBar.Typed) -> None:
        """What stands in the filter bar has rested."""
        event.stop()
        self.prompt.typed(event)

    def on_filter_bar_accepted(self, event: FilterBar.Accepted) -> None:
        """The filter bar was left with what was typed."""
        event.stop()
        self.prompt.accepted(event)

    def on_filter_bar_cancelled(self, event: FilterBar.Cancelled) -> None:
        """The filter bar was left without it."""
        event.stop()
        self.prompt.cancelled()

    def _close_detail(self) -> None:
        self._detail.close()
        self.tail.focus()

    def update_status(self) -> None:
        """Brings the status line and the empty state up to date."""
        tail, viewing = self.tail, self.viewing
        status = TailStatus(
            following=tail.following,
            paused=tail.windows.frozen_at is not None,
            cut_off=self.known.link.role is not None and self.known.link.state is not LinkState.LIVE,
            since=viewing.news(tail.following),
            filter=viewing.filter,
            filter_off=viewing.filter_off,
            search=self.prompt.search,
            busy=tail.windows.past.status or self.tasks.status,
            history=moment(tail.row()) if tail.windows.past.window is not None else "",
            place=tail.place,
            count=tail.count,
            marks=len(tail.marks),
            scanned=viewing.scanned,
        )
        self._status_line.update(status)
        empty = tail.count == 0
        if empty:
            text = tr("No events yet. Sources are listed on screen 3, modules on screen 2.")
            if viewing.filter or viewing.preview is not None:
                goes_on = tail.windows.past.is_before(viewing.last.first_seq)
                none = tr("No events in memory match; up looks in history.") if goes_on else tr("No events match.")
                text = none + "\n" + tr("F shows all events; f changes the filter.")
            if tail.windows.past.window is not None:
                text = tr("Looking in history.")
            self._empty.update(why_no_events(self.known.link) or text)
        self.set_class(empty, "-empty")
