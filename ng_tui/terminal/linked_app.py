"""An app that writes to its terminal over the thin link."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS
from textual import events
from textual.constants import MAX_FPS
from textual.geometry import Region

from ng_tui.terminal import textual_internals
from ng_tui.terminal.patient_input import driver_for
from ng_tui.terminal.thin_link import ThinLink, erases_colour
from ng_tui.terminal.type_ahead import TypeAhead


class LinkedApp(TypeAhead):
    """Sends only what changed, as `link` says: `thin`, `stock` for Textual's own way, or `auto`."""

    def __init__(self, *, link: str = "stock", calm_mouse: bool = False, **options: Any) -> None:
        """`calm_mouse`: the mouse is reported while a button is held only."""
        super().__init__(**options)
        self.driver_class = driver_for(self.driver_class)
        textual_internals.let_widgets_go()
        self.thin_link: ThinLink | None = None
        """The line to the terminal; None while Textual writes by itself."""
        self.link_problem: str | None = None
        """Why the thin link cannot be had; None when it can, or when nobody asked for it."""
        self._calm_mouse = calm_mouse
        if link == "stock":
            return
        self.link_problem = textual_internals.problem(self)
        if self.link_problem is None:
            self.thin_link = self._new_link(os.environ)
            textual_internals.take_over(self, self.thin_link)

    def _new_link(self, environment: Mapping[str, str]) -> ThinLink:
        return ThinLink(
            textual_internals.writer_of(self),
            most_hz=MAX_FPS,
            erases_colour=erases_colour(environment),
            colours=COLOR_SYSTEMS.get(self.console.color_system or "", ColorSystem.TRUECOLOR),
            is_synchronised=partial(textual_internals.is_synchronised, self),
            backlog=partial(textual_internals.backlog, self),
        )

    def rows_moved(self, region: Region, lines: int) -> None:
        """Notes that rows of the screen stand so many lines further up with the next frame, below zero further down."""
        if self.thin_link is not None and region.height > 1:
            self.thin_link.scrolled(region.y, region.bottom - 1, lines)

    def quietly(self, then: Callable[[], object]) -> None:
        """Does what gives the terminal away as soon as it owes no answer, which would be typed into the shell."""
        link = self.thin_link
        if link is not None:
            link.asks = False
            if wait := link.owed():
                self.set_timer(min(wait, 0.03), partial(self.quietly, then))
                return
        then()
        if link is not None:
            link.asks = True

    def repaint(self) -> None:
        """Draws everything anew, as when the terminal is ours again after another program had it."""
        if self.thin_link is not None:
            self.thin_link.forget()
        self.refresh(layout=True)

    def typed(self) -> None:
        """Called when something was typed or the mouse was used."""

    async def on_event(self, event: events.Event) -> None:
        """Notes that something was typed or clicked: what comes of it is not held back."""
        is_input = isinstance(event, (events.Key, events.Paste, events.MouseEvent))
        if is_input:
            self.typed()
        if self.thin_link is not None:
            if is_input and not isinstance(event, events.MouseMove):
                self.thin_link.key()
            elif isinstance(event, events.Resize):
                # Of several in quick succession the last may be the size from before: the terminal has cut what stood.
                self.thin_link.forget()
                if event.size == self.size:
                    self.thin_link.repaint()
        await super().on_event(event)

    def on_cursor_position(self) -> None:
        """The terminal has read as far as the question behind a frame."""
        if self.thin_link is not None:
            self.thin_link.answered()

    def on_mount(self) -> None:
        """Begins to watch what happens to the terminal."""
        if self._calm_mouse:
            textual_internals.calm_mouse(self)
        self.app_resume_signal.subscribe(self, lambda _: self.repaint())

    def on_unmount(self) -> None:
        """Sends nothing any more."""
        if self.thin_link is not None:
            self.thin_link.close()
