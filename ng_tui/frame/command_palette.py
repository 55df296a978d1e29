"""The palette: every action of where the focus is, found by its name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.widgets import Input

from ng_tui.i18n import tr
from ng_tui.keymap import Action, in_context


def command_palette(contexts: Sequence[str], run: Callable[[Action], object]) -> CommandPalette:
    """A palette over the actions of the contexts; `run` is called with the chosen one after it has closed."""
    rows = [row for context in contexts for row in in_context(context)]

    class Actions(Provider):
        """The rows of the keymap."""

        async def discover(self) -> Hits:
            """All of them."""
            for row in rows:
                yield DiscoveryHit(_name(row), lambda row=row: run(row), text=_name(row), help=tr(row.help))

        async def search(self, query: str) -> AsyncIterator[Hit]:
            """Those whose name or sentence matches."""
            matcher = self.matcher(query)
            for row in rows:
                score = max(matcher.match(_name(row)), 0.6 * matcher.match(tr(row.help)))
                if score > 0:
                    shown = matcher.highlight(_name(row))
                    yield Hit(score, shown, lambda row=row: run(row), text=_name(row), help=tr(row.help))

    return _Palette(providers=[Actions], placeholder=tr("What to do?"))


class _Palette(CommandPalette):
    """Without a blinking cursor, which would keep a slow line busy."""

    def on_mount(self) -> None:
        """Steadies the cursor."""
        self.query_one(Input).cursor_blink = False


def _name(row: Action) -> str:
    return f"{tr(row.short)} ({row.id})"
