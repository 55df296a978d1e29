"""One key at a time: what is typed ahead goes where the keys before it lead.

Textual hands a key to the widget that has the focus when the key arrives. Over a slow link keys arrive in bursts:
`f` and the first letters of a filter come in one packet, before the `f` has opened the filter. Here a key is handed on
only when the one before it has taken its whole way up to the app, and the focus has moved if it had to.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode

ROUNDS = 4
"""Ways up that are waited for: the key, a message that it makes a widget send, the answer to it, a change of focus."""

LEAVE = "ctrl+q"
"""The key that waits for nothing: who leaves does not want what was typed before."""

PATIENCE = 0.3
"""Seconds after which a key that did not come back is given up, for its widget may have gone."""


class TypeAhead(App[int]):
    """An app that takes keys and pastes in turn."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._typed: deque[events.Event] = deque()
        self._turn = 0

    async def on_event(self, event: events.Event) -> None:
        """Puts what was typed in line; everything else goes on at once."""
        leaves = isinstance(event, events.Key) and event.key == LEAVE
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded and not leaves:
            self._typed.append(event)
            if len(self._typed) == 1:
                await self._hand_on()
            return
        await super().on_event(event)

    async def _hand_on(self) -> None:
        """Hands on the first in line, and follows it on its way up."""
        self._turn += 1
        target: DOMNode = self.focused or self.screen
        self.set_timer(PATIENCE, partial(self._back, self._turn))
        await super().on_event(self._typed[0])
        self._climb(self._turn, target, target, ROUNDS)

    def _climb(self, turn: int, node: DOMNode, start: DOMNode, rounds: int) -> None:
        """Goes the way of a key through the queues of its ancestors, and again for what the key sets off."""
        above = node.parent
        if node is not self and above is not None:
            node.call_later(self._climb, turn, above, start, rounds)
        elif rounds > 1:
            self.call_later(self._climb, turn, start, start, rounds - 1)
        else:
            self.call_later(self._back, turn)

    async def _back(self, turn: int) -> None:
        """The key is back, or was given up: the next one."""
        if turn != self._turn or not self._typed:
            return
        self._turn += 1
        self._typed.popleft()
        if self._typed:
            await self._hand_on()
