"""What is typed into the filter bar, and what comes of it: the filter in use, and the words that are searched for."""

from __future__ import annotations

from collections.abc import Callable

from ng_tui.errors import FilterError
from ng_tui.i18n import ntr, tr
from ng_tui.screens.base import Pane, Tell
from ng_tui.screens.events.background_tasks import BackgroundTasks
from ng_tui.screens.events.filter_bar import FilterBar, Purpose
from ng_tui.screens.events.tail import Tail
from ng_tui.screens.events.view_controller import ViewController
from ng_tui.text import fmt_count


class FilterPrompt:
    """Asks for a filter or a search. The view follows while it is typed; whatever is wrong leaves it as it was."""

    def __init__(
        self,
        pane: Pane,
        tail: Tail,
        views: ViewController,
        tasks: BackgroundTasks,
        update_status: Callable[[], object],
    ) -> None:
        """`pane` has the class `-typing` meanwhile; `update_status` is called when another view is shown."""
        self.bar = FilterBar()
        self.search = ""
        """What is searched for, as typed and accepted; empty for nothing."""
        self._pane = pane
        self._tail = tail
        self._views = views
        self._tasks = tasks
        self._update_status = update_status

    def ask_filter(self) -> None:
        """Asks for a filter, beginning with the one in use."""
        known = self._views.filter or self._views.filter_off
        self._ask("filter", f"{known} " if known else "")

    def ask_search(self) -> None:
        """Asks what to search for."""
        self._ask("search", "")

    def set_filter(self, typed: str) -> None:
        """Filters the view; on an error the view stays as it is and the error is told."""
        try:
            self._views.use(typed)
        except FilterError as error:
            self._pane.post_message(Tell(str(error), severity="error"))
            return
        self._show_view()

    def toggle_filter(self) -> None:
        """Switches the filter off, or on again; the record under the cursor stays."""
        if not self._views.filter and not self._views.filter_off:
            self._pane.post_message(Tell(tr("There is no filter; f sets one.")))
            return
        try:
            self._views.toggle()
        except FilterError as error:
            self._pane.post_message(Tell(str(error), severity="error"))
        self._show_view()

    def find(self, *, forward: bool) -> None:
        """Goes to a hit of the search; from a tail that runs, below which there is nothing, to the one above."""
        if not self.search:
            self._pane.post_message(Tell(tr("Nothing is searched for; / begins a search.")))
            return
        self._tasks.search(self.search, self.search, forward=forward and not self._tail.following)

    def end_search(self) -> bool:
        """Searches for nothing any more; True when something was searched for."""
        was_searching = bool(self.search)
        if was_searching:
            self.search = ""
            self._tail.search("")
        return was_searching

    def typed(self, event: FilterBar.Typed) -> None:
        """Shows live what the filter lets through; on an error the earlier filter stays."""
        if not self.bar.has_class("-open"):
            return
        try:
            if event.purpose == "search":
                self._views.ring.view(event.text)
                self._tail.search(event.text)
                self.bar.hint("")
                return
            self._views.try_out(event.text)
        except FilterError as error:
            if event.purpose == "filter" and self._views.give_up():
                self._show_view()
            self.bar.refuse(error)
            return
        self._show_view()
        self.update_preview()

    def accepted(self, event: FilterBar.Accepted) -> None:
        """Uses what was typed; a wrong expression keeps the input open."""
        try:
            if event.purpose == "search":
                self._views.ring.view(event.text)
            else:
                self._views.use(event.text)
        except FilterError as error:
            self.bar.refuse(error)
            return
        self.bar.remember(event.purpose, event.text)
        self._close()
        if event.purpose == "search":
            self.search = event.text
            self._tail.search(event.text)
            if event.text:  # from the newest event the nearest hit is above
                self.find(forward=not self._tail.following)
        else:
            self._show_view()

    def cancelled(self) -> None:
        """Everything is as before typing."""
        self._close()
        self._tail.search(self.search)
        if self._views.give_up():
            self._show_view()

    def update_preview(self) -> None:
        """Says how many events the filter that is being typed lets through."""
        if self._views.preview is None:
            return
        state, part = self._views.last, int(self._views.scanned * 100)
        found = ntr("{n} event", "{n} events", state.matched, n=fmt_count(state.matched))
        note = "" if part >= 100 else "  " + tr("{part}% examined", part=part)
        self.bar.hint(found + note)

    def _ask(self, purpose: Purpose, text: str) -> None:
        self._pane.add_class("-typing")
        self.bar.open(purpose, text)

    def _close(self) -> None:
        self.bar.close()
        self._pane.remove_class("-typing")
        self._tail.focus()

    def _show_view(self) -> None:
        """Shows the view in use; the record under the cursor stays where it is."""
        self._tail.show(self._views.shown, self._views.last, self._views.typed)
        self._update_status()
