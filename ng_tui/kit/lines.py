"""The base of widgets that draw lines themselves: spans with a tag in, strips out, and only changed rows repainted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip

from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.kept import Kept
from ng_tui.kit.palette import Palette
from ng_tui.terminal.backstop import clean
from ng_tui.text import fit

Span = tuple[str, str]
"""A text that is safe to show, and a tag of TAGS; the empty tag is the plain foreground."""

Line = list[Span]

LABEL = 12
"""Cells of a label before facts."""

TAGS: dict[str, tuple[str, bool]] = {
    "strong": ("", True),
    "title": ("primary", True),
    "accent": ("accent", True),
    "dim": ("dim", False),
    "good": ("success", False),
    "warn": ("level-warn", False),
    "bad": ("level-error", True),
    "flag": ("verdict-flag", False),
    "reject": ("verdict-reject", False),
    "novel": ("novelty-high", False),
    "gap": ("gap", False),
    **{f"chart-{number}": (f"chart-{number}", False) for number in range(1, 7)},
}
"""What a span may be tagged with: the theme's variable for its colour, and whether it is bold.

These are no component classes: Textual works those out for every widget at the start and at every change of a class.
"""

GROUNDS: dict[str, tuple[str, bool]] = {"cursor": ("panel", True), "idle": ("surface", False)}
"""The same for the first span of a row, whose colour is the background of all of the row."""


class Lines(Kept):
    """Shows what `lines` returns. `redraw` compares with what is on the screen and repaints only rows that differ."""

    DEFAULT_CSS = "Lines { height: 1fr; }"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._strips: list[Strip] = []
        self._drawn: tuple[int, int] | None = None
        self._styles: dict[str, Style] = {}

    def lines(self, width: int, height: int) -> list[Line]:
        """The lines of the widget, at most `height`, each cut or padded to `width` by the caller of this method."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draws anew. Call it when the data changed; cheap when nothing did."""
        width, height = self.size
        if not width or not height:
            return
        strips = self._draw(width, height)
        if self._drawn != (width, height):
            self.refresh()
        else:
            changed = [y for y in range(height) if strips[y] != self._strips[y]]
            if changed:
                self.refresh(*(Region(0, y, width, 1) for y in changed))
        self._strips, self._drawn = strips, (width, height)

    def render_line(self, y: int) -> Strip:
        """One row for the compositor."""
        if self._drawn != tuple(self.size):
            width, height = self.size
            self._strips, self._drawn = self._draw(width, height), (width, height)
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def notify_style_update(self) -> None:
        """Forgets drawn rows when the theme or the focus changed the styles."""
        super().notify_style_update()
        self._drawn = None
        self._styles.clear()

    def refresh_styles(self) -> None:
        """Forgets the styles of the tags, when one of them changed that is not of the theme."""
        self._styles.clear()

    def on_focus(self) -> None:
        """Shows that keys go here."""
        self.redraw()

    def on_blur(self) -> None:
        """Shows that keys go elsewhere."""
        self.redraw()

    def on_resize(self, event: events.Resize) -> None:
        """Draws for the new size."""
        del event
        self.redraw()

    def style_of(self, tag: str) -> Style:
        """The style of a tag on this widget's background."""
        palette = Palette(self.app.theme_variables)
        if tag in GROUNDS:
            name, bold = GROUNDS[tag]
            ground = palette.on(name)
            if self.opacity < 1 and ground.bgcolor is not None:  # What lies behind shines through.
                over = Color.from_rich_color(ground.bgcolor).multiply_alpha(self.opacity)
                ground = Style(bgcolor=(self.background_colors[1] + over).rich_color)
            return self.rich_style + ground + Style(bold=bold or None)
        name, bold = TAGS[tag] if tag else ("", False)
        return self.rich_style + palette.style(name, bold=bold)

    def _style(self, tag: str) -> Style:
        """The style of a tag, which takes long to find out."""
        if tag not in self._styles:
            self._styles[tag] = self.style_of(tag)
        return self._styles[tag]

    def _draw(self, width: int, height: int) -> list[Strip]:
        lines = self.lines(width, height)[:height]
        plain = self._style("")
        strips = [_strip(line, width, plain, self._style) for line in lines]
        blank = Strip.blank(width, plain)
        return strips + [blank] * (height - len(strips))


def _strip(line: Line, width: int, base: Style, style_of: Callable[[str], Style]) -> Strip:
    overlay = None
    if line and line[0][0] == "" and line[0][1] in ("cursor", "idle"):
        row = style_of(line[0][1])
        overlay = Style(bgcolor=row.bgcolor, bold=row.bold or None, reverse=row.reverse or None)
    plain = glyphs().plain
    segments = []
    for text, tag in line:
        style = style_of(tag if tag not in ("cursor", "idle") else "")
        if overlay is not None:
            style += overlay
        if text:
            # Segments do not pass the tables that textual strips its own texts with.
            text = clean(text)
            segments.append(Segment(text.translate(plain) if plain else text, style))
    tail = base if overlay is None else base + overlay
    return Strip(segments).adjust_cell_length(width, tail).simplify()


class Heading(Lines):
    """One row that a function writes for the width at hand."""

    DEFAULT_CSS = "Heading { height: 1; }"

    def __init__(self, write: Callable[[int], Line], **options: Any) -> None:
        super().__init__(**options)
        self._write = write

    def lines(self, width: int, height: int) -> list[Line]:
        """The row."""
        del height
        return [self._write(width)]


def line_width(line: Line) -> int:
    """Cells that a line takes."""
    return sum(cell_len(text) for text, _ in line)


def spread(left: Line, right: Line, width: int) -> Line:
    """Two lines on one row, the second at the right edge; the first gives way when there is no room for both."""
    room = width - line_width(right)
    if room <= 0:
        return cut(left, width)
    left = cut(left, room - 1)
    return [*left, (" " * (room - line_width(left)), ""), *right]


def cut(line: Line, width: int) -> Line:
    """The line in at most `width` cells."""
    result: Line = []
    for text, tag in line:
        size = line_width([(text, tag)])
        if size > width:
            if width > 0:
                result.append((fit(text, width), tag))
            break
        result.append((text, tag))
        width -= size
    return result


def wrap(text: str, width: int, limit: int) -> list[str]:
    """The text broken at spaces into at most `limit` rows; what does not fit is cut with `…`."""
    rows: list[str] = []
    words = text.split(" ")
    while words and len(rows) < limit:
        row = words.pop(0)
        while words and line_width([(f"{row} {words[0]}", "")]) <= width:
            row = f"{row} {words.pop(0)}"
        rows.append(row)
    if words:
        rows[-1] = fit(f"{rows[-1]} {' '.join(words)}", width)
    return [fit(row, width).rstrip() if line_width([(row, "")]) > width else row for row in rows]


def rule(title: str, note: str, width: int, *, focused: bool = False, tag: str = "title") -> Line:
    """A title row: the name, a thin rule, and a note at the right."""
    mark = glyphs()
    head: Line = [(f"{mark.cursor} " if focused else f"{mark.rule} ", "accent" if focused else "dim")]
    head += [(f"{title} ", "accent" if focused else tag)]
    tail: Line = [(f" {note} ", "dim")] if note else []
    tail += [(mark.rule, "dim")]
    head = cut(head, width)
    room = width - line_width(head) - line_width(tail)
    if room < 0:
        return [*head, (mark.rule * max(0, width - line_width(head)), "dim")]
    return [*head, (mark.rule * room, "dim"), *tail]


def labelled(label: str, rows: list[str], tag: str) -> list[Line]:
    """Rows with a label of LABEL cells before the first of them."""
    return [[(fit(label if index == 0 else "", LABEL) + " ", "dim"), (row, tag)] for index, row in enumerate(rows)]
