"""The theme's colours as styles of text, for widgets that draw lines themselves."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from textual.color import Color, ColorParseError

SOURCES = 6
"""Colours for sources."""


class Palette:
    """Styles by the name of a theme variable. Made anew when the theme changes."""

    def __init__(self, variables: Mapping[str, str], hosts: Mapping[str, str] | None = None) -> None:
        """`hosts`: colours of engines by name, each a colour or the name of a variable."""
        self._variables = variables
        self._hosts = {name: variables.get(colour, colour) for name, colour in (hosts or {}).items() if colour}
        self._styles: dict[tuple[str, bool], Style] = {}

    def style(self, name: str, *, bold: bool = False) -> Style:
        """Text in the colour of a variable such as `level-error`; the plain foreground where there is none."""
        found = self._styles.get((name, bold))
        if found is None:
            found = Style(color=self._rich(name), bold=bold or None)
            self._styles[name, bold] = found
        return found

    def on(self, name: str) -> Style:
        """A background in the colour of a variable such as `panel`."""
        return Style(bgcolor=self._rich(name))

    def inverse(self, name: str) -> Style:
        """Text that stands out: the colour as background, the theme's background as text."""
        return Style(color=self._rich(name), reverse=True, bold=True)

    def source(self, name: str) -> Style:
        """The colour of a source, the same in every run."""
        number = sum(byte * (place + 1) for place, byte in enumerate(name.encode("utf-8", "replace"))) % SOURCES
        return self.style(f"src-{number + 1}")

    def host(self, name: str) -> Style:
        """The colour of an engine: that of its profile, else one that is the same in every run."""
        if name in self._hosts and (colour := _rich(self._hosts[name])) is not None:
            return Style(color=colour, bold=True)
        return self.source(name)

    def _rich(self, name: str) -> str | None:
        return _rich(self._variables.get(name, ""))


def _rich(value: str) -> str | None:
    """A colour as rich names it; None for what is none."""
    try:
        return Color.parse(value).rich_color.name
    except ColorParseError:
        return None
