"""What of Textual's inside the console leans on: the only file that names its private names.

Textual has no public way to what it is about to write. `problem` looks whether everything that the output needs is
where it was, so that a Textual that moved something is left to write in its own way. `moved` looks for all the rest.
"""

from __future__ import annotations

import importlib
import inspect
import re
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import Any, Protocol

from textual import _compositor
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter
from textual.geometry import Region
from textual.message import Message
from textual.screen import Screen
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
"""Functions that the output needs, with their parameters."""

_STATE = ("_batch_count", "_running", "_closed", "_driver", "_sync_available")
"""What every app has of its own, and the output needs."""

_MORE: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
    (App, "_print_error_renderables", ("self",)),
    (LinuxDriver, "_query_in_band_window_resize", ("self",)),
    (LinuxDriver, "_patch_iflag", ("attrs",)),
    (LinuxDriver, "_patch_lflag", ("attrs",)),
    (StylesCache, "get_inner_outer", ("base_background", "background")),
)
"""Functions that are needed elsewhere."""

_MORE_STATE: tuple[tuple[type, tuple[str, ...]], ...] = (
    (App, ("_filters", "_exception")),
    (DOMNode, ("_bindings",)),
    (LinuxDriver, ("_auto_restart", "_must_signal_resume", "_key_thread", "_writer_thread")),
    (WriterThread, ("_queue",)),
)
"""What is made at the beginning of each of these, and needed elsewhere."""


class ForgivingParser(XTermParser):
    """Drops what a terminal has no business to say, or says broken, where Textual's own ends the app."""

    def feed(self, data: str) -> Iterable[Message]:
        """What the data means; of a sequence that cannot be read, nothing."""
        if not data:
            yield from super().feed(data)
        for piece in _SEQUENCE.split(data):
            try:
                if piece:
                    yield from super().feed(piece)
            except (ValueError, ArithmeticError, LookupError, TypeError):
                self.__init__()  # type: ignore[misc]


def read_forgivingly() -> None:
    """Has the thread that reads keys go on after bytes that are no UTF-8, and sequences that cannot be read."""
    linux_driver.getincrementaldecoder = lambda name: partial(getincrementaldecoder(name), "replace")  # type: ignore[attr-defined]
    linux_driver.XTermParser = ForgivingParser  # type: ignore[attr-defined]


def let_widgets_go() -> None:
    """Has Textual remember two colours by themselves: by the widget it keeps a thousand that are gone, as drawn."""
    if (found := getattr(StylesCache, "get_inner_outer", None)) is not None:
        StylesCache.get_inner_outer = classmethod(lru_cache(1024)(inspect.unwrap(found)))  # type: ignore


_SEQUENCE = re.compile(r"(\x1b\[[0-?]*[ -/]*[@-~])")

_CONTROL_TABLES = (("rich.control", "strip_control_codes"), ("textual.content", "_strip_control_codes"))
"""Modules that keep control characters from the terminal, with the function that does it by a table."""

_MADE: tuple[tuple[type, tuple[str, ...]], ...] = ((Screen, ("_compositor",)),)
"""What is made at the beginning of each of these, and the output needs."""
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
    found = [*_changed(_WANTED), *(f"App.{name}" for name in _STATE if not hasattr(app, name))]
    found += _unmade(_MADE)
    compositor = _compositor.Compositor()
    found += [f"Compositor.{name}" for name in _COMPOSITOR if not hasattr(compositor, name)]
    return found[0] if found else None


def moved(app: App[Any]) -> list[str]:
    """Everything that is not where it was, also what the output does not need."""
    found = (problem(app), *_changed(_MORE), *_unmade(_MORE_STATE))
    return [one for one in found if one is not None]


def _changed(functions: Iterable[tuple[Any, str, tuple[str, ...]]]) -> Iterator[str]:
    for owner, name, parameters in functions:
        found = getattr(owner, name, None)
        if found is None or tuple(inspect.signature(found).parameters) != parameters:
            yield f"{owner.__module__}.{owner.__qualname__}.{name}"


def _unmade(state: Iterable[tuple[type, tuple[str, ...]]]) -> Iterator[str]:
    for owner, names in state:
        begins = [cls.__dict__["__init__"] for cls in owner.__mro__ if inspect.isfunction(cls.__dict__.get("__init__"))]
        made = {name for begin in begins for name in begin.__code__.co_names}
        yield from (f"{owner.__module__}.{owner.__qualname__}.{name}" for name in names if name not in made)


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


def driver_of(app: App[Any]) -> Driver | None:
    """What writes to the terminal and reads from it; None before the app runs."""
    return app._driver


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
    writer = app._driver._writer_thread if isinstance(app._driver, LinuxDriver) else None
    return writer._queue.qsize() if writer is not None else 0


def add_filter(app: App[Any], line_filter: LineFilter) -> None:
    """Has everything that is drawn pass one more filter."""
    app._filters.append(line_filter)


def report_failure(app: App[Any], report: Callable[[Exception], object]) -> None:
    """Lets `report` say why the app failed, when the terminal was given back, in place of a trace."""
    stock = app._print_error_renderables

    def say() -> None:
        if app._exception is None:
            stock()
        else:
            report(app._exception)

    app._print_error_renderables = say  # type: ignore[method-assign]


def control_tables() -> Iterator[tuple[str, Any, Any]]:
    """What strips control characters from texts: module, table and function; None where there is none."""
    for name, function in _CONTROL_TABLES:
        module = importlib.import_module(name)
        yield name, getattr(module, "_CONTROL_STRIP_TRANSLATE", None), getattr(module, function, None)


def bindings_at(node: DOMNode) -> list[Binding]:
    """The keys that work while the node has the focus, its own alone."""
    return [binding for _, binding in node._bindings]


def calm_mouse(app: App[Any]) -> None:
    """Has the mouse reported while a button is held only: over a slow line every other motion is a key too many."""
    driver = app._driver
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


def enable_mouse(driver: LinuxDriver) -> None:
    """Asks the terminal to report the mouse, as at the start."""
    driver._enable_mouse_support()


def ask_for_resizes(driver: LinuxDriver) -> None:
    """Asks the terminal whether it reports its size by itself, as at the start."""
    driver._query_in_band_window_resize()


def takes_back(driver: LinuxDriver) -> bool:
    """The driver takes the terminal again after a stop; not while another program was given it."""
    return driver._auto_restart


def tell_resumed(driver: LinuxDriver) -> None:
    """Has the app told that it goes on, once the driver has the terminal."""
    driver._must_signal_resume = True


def reads_keys(driver: LinuxDriver) -> bool:
    """The driver has the terminal, and reads from it."""
    return driver._key_thread is not None and driver._key_thread.is_alive()


def raw_flags(driver: LinuxDriver, input_flags: int, local_flags: int) -> tuple[int, int]:
    """The flags of a line mode, for input and local, in which every key comes at once."""
    return driver._patch_iflag(input_flags), driver._patch_lflag(local_flags)


def is_writer(thread: threading.Thread | None) -> bool:
    """The thread writes to the terminal."""
    return isinstance(thread, WriterThread)


def throw_writes_away(thread: threading.Thread | None) -> None:
    """Takes what is to be written until the writer is told to stop, so that nobody waits for room in its queue."""
    while isinstance(thread, WriterThread) and thread._queue.get() is not None:
        pass
