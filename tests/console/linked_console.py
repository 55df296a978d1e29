"""The console as a process whose screen can be compared with what it drew: `python -m … FILE ARGUMENTS`.

On SIGUSR1 it writes the rows that it drew into FILE, as soon as nothing is left to be sent, and a mark behind what it
has sent. On SIGUSR2 it writes over its own screen, as another program would, and lets every row heal.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from rich.color import Color, ColorType
from rich.style import Style

from ng_tui.cli import main
from ng_tui.terminal.linked_app import LinkedApp

MARK = "\x1b]7777;drawn\x1b\\"
"""Tells who reads the output that all that was drawn so far lies before it; terminals ignore it."""

BUSY_S = 0.02
"""Seconds after which it is looked again whether all was sent."""

ANSI = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")
"""Colours as the terminal emulator names them."""


def colour_of(color: Color | None) -> str:
    """A colour as the emulator names it; those of the palette with 256 colours have no name."""
    if color is None or color.is_default:
        return "default"
    if color.type is ColorType.TRUECOLOR and color.triplet is not None:
        return color.triplet.hex[1:]
    if color.type is ColorType.STANDARD and color.number is not None:
        return ANSI[color.number] if color.number < 8 else f"bright{ANSI[color.number - 8]}"
    return ""


def look_of(style: Style | None) -> list[object]:
    """Colours of text and ground, and whether bold, italic, underlined and reversed."""
    style = style or Style()
    flags = [bool(one) for one in (style.bold, style.italic, style.underline, style.reverse)]
    return [colour_of(style.color), colour_of(style.bgcolor), *flags]


def is_busy(app: LinkedApp) -> bool:
    """Something is left to be drawn or to be sent, or is on its way to the screen."""
    screen = app.screen
    waits = app.thin_link is not None and app.thin_link._has_news
    drawn = screen._dirty_widgets or screen._layout_required or screen._compositor._dirty_regions
    widgets = (widget._repaint_required or widget._layout_required for widget in screen._compositor.visible_widgets)
    return bool(waits or drawn or screen.message_queue_size or any(widgets))


def watched(file: Path) -> None:
    """Has the app listen to both signals."""
    begin = LinkedApp.on_mount

    def on_mount(self: LinkedApp) -> None:
        begin(self)
        loop = asyncio.get_running_loop()

        def tell() -> None:
            if is_busy(self):
                loop.call_later(BUSY_S, tell)
                return
            rows = [
                [(segment.text, look_of(segment.style)) for segment in line]
                for line in self.screen._compositor.render_strips()
            ]
            draft = file.with_suffix(".draft")
            draft.write_text(json.dumps(rows))
            os.replace(draft, file)
            assert self._driver is not None
            self._driver.write(MARK)

        def spoil() -> None:
            assert self._driver is not None and self.thin_link is not None
            self._driver.write("\x1b[3;3H\x1b[31mwall: a message for everybody\x1b[K\x1b[m")
            for _ in range(self.size.height):
                self.thin_link._screen.heal()
                self.thin_link._send()

        loop.add_signal_handler(signal.SIGUSR1, tell)
        loop.add_signal_handler(signal.SIGUSR2, spoil)

    LinkedApp.on_mount = on_mount  # type: ignore[method-assign]


if __name__ == "__main__":
    watched(Path(sys.argv.pop(1)))
    main()
