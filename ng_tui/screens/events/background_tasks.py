"""What the Events screen does in slices of time: searching and exporting, so that keys and drawing come through."""

from __future__ import annotations

from collections.abc import Callable

from ng_tui.errors import ConsoleError
from ng_tui.i18n import ntr, tr
from ng_tui.options import Options
from ng_tui.screens.base import Pane, Tell
from ng_tui.screens.events.export import Export, export_path
from ng_tui.screens.events.search import Search
from ng_tui.screens.events.tail import Tail
from ng_tui.text import fmt_count

_PAUSE = 0.005
"""Seconds between two slices."""


class BackgroundTasks:
    """Searches and exports what a tail shows; one search and one export at a time."""

    def __init__(self, pane: Pane, tail: Tail, options: Options, update_status: Callable[[], object]) -> None:
        """`update_status` is called when it is to be said anew how the tasks stand."""
        self._pane = pane
        self._tail = tail
        self._options = options
        self._update_status = update_status
        self._search: Search | None = None
        self._looks = False
        self._export: Export | None = None

    @property
    def are_running(self) -> bool:
        """Something is under way."""
        return self._search is not None or self._export is not None

    @property
    def status(self) -> str:
        """What is under way, for the status line; empty when nothing is."""
        if self._search is not None:
            count = fmt_count(self._search.examined)
            return tr("searching {what}: {n} examined, esc ends", what=self._search.what, n=count)
        return tr("exporting: {n}", n=fmt_count(self._export.written)) if self._export is not None else ""

    def end(self) -> bool:
        """Ends what is under way; True when something was."""
        were_running = self.are_running
        self.end_search()
        if self._export is not None:
            self._export.close()
            self._export = None
        return were_running

    def export(self) -> None:
        """Writes the records of the view to a file."""
        if self._export is not None:
            self._pane.post_message(Tell(tr("An export is under way; escape ends it."), severity="warning"))
            return
        path = export_path(self._options.export_dir, self._options.now_ns())
        try:
            self._export = Export(self._tail.ring, self._tail.windows.memory, self._tail.windows.filter, path)
        except OSError as error:
            self._pane.post_message(Tell(tr("{path}: {why}", path=path, why=error.strerror), severity="error"))
            return
        self._export_step()

    def search(self, filter: str, what: str, *, forward: bool) -> None:
        """Begins a search from the cursor; it goes on in slices while keys and drawing come through."""
        windows, at = self._tail.windows, self._tail.cursor
        first, end = windows.memory.state.first_seq, windows.memory.state.next_seq
        start = at if at is not None else end
        past = self._tail.ring.past if windows.past.is_before(first) else None
        self.end_search()
        self._search = Search(
            windows.memory.view, filter, what, forward, start, first, end, past=past, shown=windows.filter
        )
        self._search_step(self._search)

    def look_on(self) -> None:
        """Has what is looked for in history taken in as soon as it comes."""
        if self._tail.windows.past.is_looking and not self._looks:
            self._looks = True
            self._pane.set_timer(_PAUSE, self._look_step)

    def _look_step(self) -> None:
        self._looks = False
        self._tail.tick()
        self._update_status()
        self.look_on()

    def end_search(self) -> None:
        """Ends the search under way, if any."""
        if self._search is not None:
            self._search.give_up()
            self._search = None

    def _search_step(self, search: Search) -> None:
        if search is not self._search:
            return
        try:
            answer = search.step()
        except ConsoleError as error:
            self._search = None
            self._pane.post_message(Tell(str(error), severity="error"))
            return
        if answer == "more":
            self._pane.set_timer(_PAUSE, lambda: self._search_step(search))
        elif answer == "nothing":
            self._search = None
            self._pane.post_message(Tell(tr("Nothing found: {what}", what=search.what), severity="warning"))
        else:
            self._search = None
            self._tail.go_to(search.seq)
            if search.wrapped:
                place = tr("the oldest") if search.forward else tr("the newest")
                self._pane.post_message(Tell(tr("{what}: went on from {place} event.", what=search.what, place=place)))
        self._update_status()

    def _export_step(self) -> None:
        export = self._export
        if export is None:
            return
        try:
            done = export.step()
        except (OSError, ConsoleError) as error:
            self._export = None
            export.close()
            why = error.strerror if isinstance(error, OSError) else error
            self._pane.post_message(Tell(tr("{path}: {why}", path=export.path, why=why), severity="error"))
            return
        if not done:
            self._pane.set_timer(_PAUSE, self._export_step)
        else:
            self._export = None
            written = ntr("{n} event", "{n} events", export.written, n=fmt_count(export.written))
            left = tr(" ({n} were no longer in memory)", n=fmt_count(export.missing)) if export.missing else ""
            self._pane.post_message(Tell(tr("{written} written to {path}", written=written + left, path=export.path)))
        self._update_status()
