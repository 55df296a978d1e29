"""The panes of all screens, each made when it is shown for the first time, or soon after the start.

What is not seen yet has no part in the first frame: neither its code, nor its widgets, nor their styles.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

from textual.widget import MountError, Widget

from ng_tui.kit.bare import BareSwitcher

Pane = TypeVar("Pane", bound=Widget)

LATER_S = 0.1
"""Seconds after the first frame, and between two panes that are made in advance."""


class Panes(BareSwitcher, Generic[Pane]):
    """Shows one pane at a time."""

    def __init__(self, build: Mapping[str, Callable[[], Pane]], first: str, always: str) -> None:
        """`build` makes each of the panes, by its id; `first` is shown first, and `always` is there from the start."""
        self._build = build
        self._made: dict[str, Pane] = {}
        super().__init__(*[self.pane(name) for name in build if name in (first, always)], id="panes", initial=first)

    @property
    def made(self) -> Collection[Pane]:
        """Those that were made so far."""
        return self._made.values()

    def pane(self, name: str) -> Pane:
        """One of the panes, made if it was not before."""
        if name not in self._made:
            self._made[name] = self._build[name]()
        return self._made[name]

    async def show(self, name: str) -> bool:
        """Has a pane shown; True when it can take keys, False when the app is on its way out."""
        pane = self.pane(name)
        await self._put(pane)
        if not pane.is_attached:
            return False
        self.current = name
        return True

    def give_keys(self) -> None:
        """Gives the keys to the pane that is shown, unless it or a part of it has them."""
        pane, focused = self.pane(str(self.current)), self.screen.focused
        if focused is None or pane not in focused.ancestors_with_self:
            inner = next((node for node in pane.query("*") if node.focusable), None)
            if inner is None:
                pane.can_focus = True
            (inner or pane).focus()

    def prepare(self) -> None:
        """Makes the others one after the other, so that the keys that show them are answered as fast as any."""
        self.set_timer(LATER_S, self._prepare_next)

    async def _prepare_next(self) -> None:
        pane = next((pane for name in self._build if not (pane := self.pane(name)).is_attached), None)
        if pane is not None:
            await self._put(pane)
            self.prepare()

    async def _put(self, pane: Pane) -> None:
        if pane.parent is not None:
            return
        try:
            await self.add_content(pane)
        except MountError:
            # On the way out of the app nothing is attached any more, and what is put then is seen by nobody.
            if self.is_attached:
                raise
