"""What of Textual's inside the output leans on: the only file that names its private names.

Textual has no public way to what it is about to write. `problem` looks whether everything is where it was, so that a
Textual that moved something is left to write in its own way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from textual import _compositor
from textual.app import App
from textual.driver import Driver
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region
from textual.strip import Strip

Piece = tuple[int, int, Strip]
"""A row, a column, and what is to stand there."""

SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"

_WANTED: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
    (App, "_display", ("self", "screen", "renderable")),
    (App, "_handle_exception", ("self", "error")),
    (_compositor.LayoutUpdate, "__init__", ("self", "strips", "region")),
    (_compositor.ChopsUpdate, "__init__", ("self", "chops", "spans", "chop_ends")),
    (_compositor.Compositor, "render_full_update", ("self", "simplify")),
    (_compositor.Compositor, "render_partial_update", ("self",)),
    (_compositor.Compositor, "_regions_to_spans", ("regions",)),
    (LinuxDriver, "write", ("self", "data")),
    (LinuxDriver, "_enable_mouse_support", ("self",)),
    (LinuxDriver, "_disable_mouse_support", ("self",)),
)
"""Functions with their parameters."""

_STATE = ("_batch_count", "_running", "_closed", "_driver", "_sync_available")
"""What every app has of its own."""

_COMPOSITOR = ("size", "visible_widgets", "_dirty_regions")
"""What every compositor has of its own."""


class Painter(Protocol):
    """Who writes in Textual's place."""

    def paint(self, size: tuple[int, int], pieces: Iterator[Piece], cursor: tuple[int, int] | None) -> None:
        """Shows the pieces; the rest of the screen stays. `size` is columns and rows, `cursor` column and row."""

    def fits(self, size: tuple[int, int]) -> bool:
        """Whether a screen of so many columns and rows can be painted."""

    def forget(self) -> None:
        """Something else was written."""


def problem(app: App[Any]) -> str | None:
    """What is not where it was; None when output can be taken over."""
    for owner, name, parameters in _WANTED:
        found = getattr(owner, name, None)
        if found is None or tuple(inspect.signature(found).parameters) != parameters:
            return f"{owner.__module__}.{owner.__qualname__}.{name}"
    for name in _STATE:
        if not hasattr(app, name):
            return f"App.{name}"
    compositor = _compositor.Compositor()
    for name in _COMPOSITOR:
        if not hasattr(compositor, name):
            return f"Compositor.{name}"
    return None


def take_over(app: App[Any], painter: Painter) -> None:
    """Lets the painter write what the compositor has to show. What is no update of it is written as ever."""
    stock = app._display

    def is_ours() -> bool:
        return is_terminal(app) and painter.fits(app.screen.outer_size)

    def display(screen: Any, renderable: Any) -> None:
        if renderable is None or app._batch_count or not app._running or app._closed:
            stock(screen, renderable)
        elif not is_ours():
            painter.forget()
            stock(screen, renderable)
        elif isinstance(renderable, Damage):
            paint(iter(renderable))
        elif isinstance(renderable, _compositor.LayoutUpdate):
            compose_by_rows(screen._compositor, is_ours)
            paint(_of_layout(renderable))
        elif isinstance(renderable, _compositor.ChopsUpdate):
            paint(_of_chops(renderable))
        else:
            painter.forget()
            stock(screen, renderable)

    def paint(pieces: Iterator[Piece]) -> None:
        try:
            size = app.screen.outer_size
            # Input methods open where the cursor is; nobody sees it where nothing can be typed.
            types = hasattr(app.focused, "cursor_screen_offset")
            cursor = size.clamp_offset(app.cursor_position) if types else None
            painter.paint((size.width, size.height), pieces, cursor)
        except Exception as error:
            app._handle_exception(error)
        finally:
            app.post_display_hook()

    app._display = display  # type: ignore[method-assign]


class Damage(list[Piece]):
    """The pieces of what is to be drawn anew, each as its widget drew it."""


def compose_by_rows(compositor: _compositor.Compositor, is_ours: Callable[[], bool]) -> None:
    """Has the compositor of a screen give `Damage` from now on, as long as it `is_ours`.

    Textual cuts every row at the edges of all widgets in it, and draws also those that others cover. Nobody here needs
    the cuts: a row of a widget stays the object that it was, whose cells are known.
    """
    if "render_partial_update" in vars(compositor):
        return
    stock_full, stock_partial = compositor.render_full_update, compositor.render_partial_update

    def full(simplify: bool = False) -> Any:
        if simplify or not is_ours():
            return stock_full(simplify)
        compositor._dirty_regions.clear()
        return damage(compositor, [compositor.size.region])

    def partial() -> Any:
        if not compositor._dirty_regions or not is_ours():
            return stock_partial()
        regions = list(compositor._dirty_regions)
        compositor._dirty_regions.clear()
        return damage(compositor, regions)

    compositor.render_full_update = full  # type: ignore[method-assign]
    compositor.render_partial_update = partial  # type: ignore[method-assign]


def damage(compositor: _compositor.Compositor, regions: Iterable[Region]) -> Damage:
    """What stands in some regions of the screen. A widget that others cover there is not asked."""
    bare: dict[int, list[tuple[int, int]]] = {}  # by row, the columns that nothing was found for yet
    screen = compositor.size.region
    regions = [region.intersection(screen) for region in regions]
    for row, left, right in compositor._regions_to_spans(region for region in regions if region):
        bare.setdefault(row, []).append((left, right))
    found = Damage()
    for widget, (whole, clip) in compositor.visible_widgets.items():  # those in front come first
        if not bare:
            break
        region = whole.intersection(clip)
        rows = [row for row in bare if region.y <= row < region.bottom]
        strips: list[Strip] | None = None
        for row in rows:
            rest: list[tuple[int, int]] = []
            for left, right in bare[row]:
                start, end = max(left, region.x), min(right, region.right)
                if start >= end:
                    rest.append((left, right))
                    continue
                if strips is None:
                    strips = widget.render_lines(region.translate((-whole.x, -whole.y)))
                if row - region.y < len(strips):
                    strip = strips[row - region.y]
                    if start > region.x or strip.cell_length > end - start:
                        strip = strip.crop(start - region.x, end - region.x)
                    found.append((row, start, strip))
                rest += [(a, b) for a, b in ((left, start), (end, right)) if a < b]
            if rest:
                bare[row] = rest
            else:
                del bare[row]
    return found


def _of_layout(update: _compositor.LayoutUpdate) -> Iterator[Piece]:
    for row, strips in enumerate(update.strips, update.region.y):
        column = update.region.x
        for strip in strips:
            yield row, column, strip
            column += strip.cell_length


def _of_chops(update: _compositor.ChopsUpdate) -> Iterator[Piece]:
    for row, left, right in update.spans:
        for end, (column, strip) in zip(update.chop_ends[row], update.chops[row].items(), strict=False):
            if strip is not None and column <= right and end > left:
                inside = left <= column < right and end <= right
                yield row, column, strip if inside else strip.crop(0, min(end, right) - column)


def fail(app: App[Any], error: Exception) -> None:
    """Ends the app as when one of its own handlers raised the error."""
    app._handle_exception(error)


def is_terminal(app: App[Any]) -> bool:
    """The app has a terminal to itself: other drivers write into a browser, below a prompt, or nowhere."""
    return isinstance(app._driver, LinuxDriver) and not app.is_headless and not app.is_inline


def writer_of(app: App[Any]) -> Callable[[str], object]:
    """Writes to the terminal of the app; without one, nowhere."""

    def write(text: str) -> None:
        if app._driver is not None and app._running:
            app._driver.write(text)

    return write


def is_synchronised(app: App[Any]) -> bool:
    """The terminal, or what stands before it, shows an update at once (mode 2026)."""
    return app._sync_available


def backlog(app: App[Any]) -> int:
    """Writes that wait for the terminal to take those before them."""
    writer: WriterThread | None = getattr(app._driver, "_writer_thread", None)
    return writer._queue.qsize() if writer is not None else 0


def calm_mouse(driver: Driver | None) -> None:
    """Has the mouse reported while a button is held only: over a slow line every other motion is a key too many."""
    if not isinstance(driver, LinuxDriver):
        return
    enable, disable = driver._enable_mouse_support, driver._disable_mouse_support

    def calm() -> None:
        enable()
        driver.write("\x1b[?1003l\x1b[?1000h\x1b[?1002h")

    def off() -> None:
        driver.write("\x1b[?1002l")
        disable()

    driver._enable_mouse_support = calm  # type: ignore[method-assign]
    driver._disable_mouse_support = off  # type: ignore[method-assign]
    calm()
