"""The console: overview, tabs, the visible pane and its keys; the only file that calls the client."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.filter import NoColor
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widgets import Static

from ng_tui import keymap
from ng_tui.client.interface import EngineClient, Link
from ng_tui.client.wire import Command, Level
from ng_tui.connection import Reconnecting, Several, refusal
from ng_tui.errors import EXIT_OK, ConsoleError
from ng_tui.frame.banner import Banner, connection_change
from ng_tui.frame.command_palette import command_palette
from ng_tui.frame.help import help_window, notices_window
from ng_tui.frame.key_bar import KeyBar
from ng_tui.frame.key_contexts import contexts_of, owner_of
from ng_tui.frame.line_watch import LineWatch
from ng_tui.frame.notices import Notices, copied
from ng_tui.frame.overview import Overview
from ng_tui.frame.panes import Panes
from ng_tui.frame.pulse import Pulse
from ng_tui.frame.tabs import TabBar
from ng_tui.i18n import tr
from ng_tui.keymap import Action
from ng_tui.kit.ascii_scroll_bar import AsciiScrollBar
from ng_tui.kit.bare import Bare, BareScreen
from ng_tui.kit.glyphs import use_glyphs
from ng_tui.kit.palette import Palette
from ng_tui.lints import lints
from ng_tui.options import Options
from ng_tui.screens import SCREENS, Entry
from ng_tui.screens.base import Copy, Jump, Pane, Send, Tell
from ng_tui.state import State
from ng_tui.terminal import backstop, carry_on, clipboard, collector, gone, restore, textual_internals
from ng_tui.terminal.linked_app import LinkedApp
from ng_tui.theme import choose, default_variables, load_themes, unknown

PRESENT = 0.25
"""Seconds at least between two drawings of a pane."""

SMALLEST = (60, 15)
"""Columns and rows that the console needs."""


class ConsoleApp(LinkedApp):
    """Runs until `ctrl+q`. The client is started when the app is on the screen and closed by whoever made it."""

    BINDINGS: ClassVar[list[BindingType]] = list(keymap.bindings("app"))
    TITLE = "neurograph"
    ENABLE_COMMAND_PALETTE = False
    INHERIT_BINDINGS = False
    CSS = """
    Screen { background: $background; color: $foreground; }
    #panes { height: 1fr; }
    App.-stale #panes { opacity: 60%; }
    App.-stale:ansi #panes { opacity: 100%; text-style: dim; }
    #too-small { display: none; height: 1fr; content-align: center middle; }
    .-too-small #too-small { display: block; }
    .-too-small #main { display: none; }
    Toast { max-width: 70; background: $panel; padding: 0 1; margin-top: 0; }
    ToastRack { dock: top; align: right top; margin: 5 0 0 0; }
    ModalScreen Toast { display: none; }
    App.-ascii Toast { border-left: ascii $primary; }
    App.-ascii Window VerticalScroll { border: ascii $primary; }
    """

    def __init__(self, client: EngineClient, options: Options) -> None:
        """Raises ConsoleError when the remapped keys cannot be used."""
        keymap.check(options.keys)
        self._loaded = load_themes(options.theme_dir)
        super().__init__(link=options.link, calm_mouse=options.capabilities.remote)
        self.client = client
        self.options = options
        self._several = client if isinstance(client, Several) else None
        self._states: dict[str, State] = {}  # by the label of the engine
        self._pending: dict[int, Command] = {}
        self.notices = Notices(self, options.now_ns)
        self._overview = Overview()
        self._banner = Banner()
        self._tabs = TabBar([entry.title for entry in SCREENS])
        self._key_bar = KeyBar(options.keys)
        self._place = next((place for place, entry in enumerate(SCREENS) if entry.id == options.screen), 0)
        self._came_from: int | None = None  # the place of the screen that the latest jump was made from
        self._presented = (-1, -1)  # revision and place of the last drawing
        self._presented_at = 0.0
        self._carry_on: carry_on.CarryOn | None = None
        self._pulse: Pulse | None = None
        self._line_watch = LineWatch(partial(self.notices.tell, severity="information"), os.environ)
        self._signals = ExitStack()  # gives the handlers of signals and of ended threads back
        wanted = unknown(options.theme, self._loaded)
        wrong = [*self._loaded.problems, *([wanted] if wanted else [])]
        self._problems = [f"{tr('themes')}: {problem}" for problem in wrong]
        self._problems += [f"{tr('terminal')}: {problem}" for problem in backstop.install()]
        if options.link == "thin" and self.link_problem is not None:
            self._problems.append(tr("link: stock, for this Textual has no {name}", name=self.link_problem))
        use_glyphs(options.capabilities.glyphs)
        ascii_only = options.capabilities.glyphs == "ascii"
        self.set_class(ascii_only, "-ascii")
        ScrollBar.renderer = AsciiScrollBar if ascii_only else ScrollBarRender
        for theme in self._loaded.themes.values():
            self.register_theme(theme)
        self.theme = choose(options.theme, options.capabilities.colour, self._loaded)
        if options.capabilities.monochrome:
            textual_internals.add_filter(self, NoColor())
        if not options.debug:
            textual_internals.report_failure(self, self._report_failure)
        build = {entry.id: partial(self._make, entry) for entry in SCREENS}
        always = next(entry.id for entry in SCREENS if entry.shows_events)
        self._panes = Panes[Pane](build, SCREENS[self._place].id, always)
        self.set_keymap(dict(options.keys))
        if more := options.keys.get("app.quit"):
            self.bind(more, "quit")

    def _make(self, entry: Entry) -> Pane:
        pane = entry.build(self.client.ring, self.options)
        pane.rows_moved = self.rows_moved
        return pane

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our variables, so that styles parse with textual's own themes too."""
        return default_variables(self._loaded)

    def get_default_screen(self) -> BareScreen:
        """The main screen."""
        return BareScreen(id="_default")

    def compose(self) -> ComposeResult:
        """The parts of the main screen from top to bottom."""
        with Bare(id="main"):
            yield self._overview
            yield self._banner
            yield self._tabs
            yield self._panes
            yield self._key_bar
        yield Static("", id="too-small", markup=False)

    def on_mount(self) -> None:
        """Begins to look at the engine."""
        for problem in self._problems:
            self.notices.note(problem, Level.WARN, "console")
        if not self.is_headless:
            self._signals.callback(restore.install(self._leave))
            self._signals.callback(gone.install())
            self._carry_on = carry_on.install(textual_internals.driver_of(self), self.repaint)
            if self._carry_on is not None:
                self._signals.callback(self._carry_on.uninstall)
        self._enter(self._place)
        if not (self.is_headless or self.options.remote_engines):
            self._show_connection(self.state, self.options.monotonic())
        self._pulse = Pulse(self, self._tick, self._tick_panes)
        self._signals.callback(self._pulse.stop)

    def on_ready(self) -> None:
        """The first frame is there."""
        if not self.is_headless:
            collector.let_go()
        self._panes.prepare()

    def on_unmount(self) -> None:
        """Gives the signals back."""
        self._signals.close()

    @property
    def state(self) -> State:
        """What is known of the engine, of several the one that has the focus."""
        # An answer may come when another engine has the focus already, so what is under way is known to all.
        return self._states.setdefault(self.client.label, State(pending=self._pending))

    @property
    def pane(self) -> Pane:
        """The pane that is shown."""
        return self._panes.pane(SCREENS[self._place].id)

    def typed(self) -> None:
        """Looks at the engine as often as while something happens."""
        if self._pulse is not None:
            self._pulse.wake()

    def _tick(self) -> bool:
        """Takes in what the engine said and draws what changed; without a change nothing is written.

        True when there are other events than before.
        """
        if not self.pane.is_attached:  # the app is on its way out
            return False
        self._fit()
        if not self.is_headless:
            restore.catch_up_with_size((self.size.width, self.size.height))
        state, now = self.state, self.options.monotonic()
        self.notices.show_held()
        notices, refused = state.absorb(self.client.frames())
        was_lost = state.lost_at is not None
        state.connect(self.client.link, now)
        if was_lost != (state.lost_at is not None):
            self.notices.log(*connection_change(state.link, lost=not was_lost))
        for notice in notices:
            self.notices.note(notice.text, notice.level, notice.origin, notice.time_ns)
        for _, error in refused:
            self.notices.note(f"{error.code.value}: {error.message}", Level.ERROR, tr("engine"))
        state.slow_line = self._line_watch.look(self.thin_link.meter if self.thin_link else None, time.monotonic())
        is_busy = self._tick_panes()
        self._show_connection(state, now)
        if any(pane.has_more for pane in self._panes.made):
            self.typed()
        now, stand = time.monotonic(), (state.revision, self._place)
        if stand != self._presented and (stand[1] != self._presented[1] or now - self._presented_at >= PRESENT):
            self._presented, self._presented_at = stand, now
            self.pane.present(state)
        return is_busy

    def _tick_panes(self) -> bool:
        """Has every pane take in what cannot wait; True when something came in."""
        return True in [pane.tick() for pane in self._panes.made]

    def _show_connection(self, state: State, now: float) -> None:
        """Says where the console is connected to; what was lost sight of is dimmed."""
        label = self.client.label
        engine = self.options.remote_engines.get(label)
        links: dict[str, Link] = self._several.links() if self._several else {}
        self._overview.present(state, self.options.now_ns(), now, label=label, engine=engine, links=links)
        if engine is not None:
            self._banner.present(state.link, state.lost_at, now)
        self.set_class(state.lost_at is not None, "-stale")

    def on_resize(self) -> None:
        """The terminal has another size."""
        self._fit()

    def _fit(self) -> None:
        """Says so when the terminal is too small."""
        width, height = SMALLEST
        small = self.size.width < width or self.size.height < height
        if small != self.screen_stack[0].has_class("-too-small"):
            text = tr("too small, need {size}", size=f"{width}x{height}")
            self.screen_stack[0].query_one("#too-small", Static).update(text)
            self.screen_stack[0].set_class(small, "-too-small")

    def on_descendant_focus(self) -> None:
        """The keys shown are those of where the focus is."""
        self._show_keys()

    def on_send(self, message: Send) -> None:
        """Sends a command; its answer comes with later frames. What cannot be done now is refused at once."""
        if why := refusal(self.client.link, "steer"):
            self.notices.note(why, Level.WARN, tr("not sent"))
            return
        try:
            self.state.pending[self.client.send(message.command)] = message.command
        except ConsoleError as error:
            self.notices.note(str(error), Level.ERROR, "console")

    def on_tell(self, message: Tell) -> None:
        """Shows a notice of a screen."""
        self.notices.tell(message.text, message.severity)

    async def on_jump(self, message: Jump) -> None:
        """Shows a record or a filter on the screen that shows events, or the screen again that a jump came from."""
        if message.is_back:
            if self._came_from is not None:
                await self._show(self._came_from)
            return
        if message.seq is not None and isinstance(self.client, Several) and len(self.client.names) > 1:
            self.notices.toast(
                tr("Events of several engines are numbered anew here; filter for it instead."), "warning"
            )
            return
        came_from = self._place
        if await self._show(next(place for place, entry in enumerate(SCREENS) if entry.shows_events)):
            self._came_from = came_from
            self.pane.jump(seq=message.seq, filter=message.filter)

    def on_copy(self, message: Copy) -> None:
        """Copies a text through every channel there is."""
        write = textual_internals.writer_of(self)
        done = clipboard.copy(message.text, self.options.capabilities, self.options.state_dir, write)
        self.notices.tell(*copied(done))

    async def on_tab_bar_chosen(self, message: TabBar.Chosen) -> None:
        """A tab was clicked."""
        await self._show(message.place)

    async def action_screen(self, place: int) -> None:
        """Shows a screen."""
        if 0 <= place < len(SCREENS):
            await self._show(place)

    async def action_cycle(self, step: int) -> None:
        """Shows the screen beside this one."""
        await self._show((self._place + step) % len(SCREENS))

    def action_help(self) -> None:
        """Shows the keys of where the focus is."""
        self.push_screen(help_window(contexts_of(self._chain()), self.options.keys, Palette(self.theme_variables)))

    def action_notices(self) -> None:
        """Shows the latest notices."""
        window = notices_window(
            list(self.notices),
            lints(self.state, self.options.ignored_lints),
            Palette(self.theme_variables),
            self.options.now_ns(),
        )
        self.push_screen(window)

    def action_command_palette(self) -> None:
        """Finds an action by its name."""
        self.push_screen(command_palette(contexts_of(self._chain()), self._run))

    def action_next_theme(self) -> None:
        """Shows the next theme."""
        names = list(self._loaded.themes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        self.notices.toast(tr("theme: {name}", name=self._loaded.labels[self.theme]), "information")

    def action_next_engine(self) -> None:
        """Gives the focus to the next of several engines."""
        if not isinstance(self.client, Several) or len(self.client.names) < 2:
            self.notices.toast(tr("There is one engine; connect takes several."), "information")
            return
        names = self.client.names
        self.client.focus(names[(names.index(self.client.focused) + 1) % len(names)])
        self._presented = (-1, -1)
        self._tick()

    def action_reconnect(self) -> None:
        """Tries a lost connection again now."""
        if isinstance(self.client, Reconnecting):
            self.client.reconnect()
        else:
            self.notices.toast(tr("The engine runs in this process; there is no connection to lose."), "information")

    def action_suspend(self) -> None:
        """Gives the terminal back to the shell until `fg`."""
        self.quietly(self._suspend)

    def _suspend(self) -> None:
        if self._carry_on is not None and not self._carry_on.suspend():
            self.notices.toast(tr("No shell waits behind the console that could let it go on."), "information")

    async def action_quit(self) -> None:
        """Ends the console."""
        self.quietly(partial(self.exit, EXIT_OK))

    def _run(self, action: Action) -> None:
        """Runs an action of the palette where it belongs."""
        self.call_later(self.run_action, action.action, owner_of(action, self._chain()))

    async def _show(self, place: int) -> bool:
        """Shows a screen; False when the app is on its way out."""
        self._came_from = None
        if not await self._panes.show(SCREENS[place].id):
            return False
        self._enter(place)
        return True

    def _enter(self, place: int) -> None:
        self._place = place
        self._tabs.show(place)
        self.pane.present(self.state)
        self.pane.on_enter()
        self.call_later(self._panes.give_keys)  # Behind the pane, which may have given them to one of its parts.
        self._presented = (-1, -1)
        self._show_keys()

    def _chain(self) -> list[DOMNode]:
        """The nodes whose keys work, the innermost first; the app last."""
        screen = self.screen_stack[0]
        return list(screen.focused.ancestors_with_self) if screen.focused is not None else [self.pane, self]

    def _show_keys(self) -> None:
        self._key_bar.show(contexts_of(self._chain()))

    def _report_failure(self, error: Exception) -> None:
        """Says in one line why the console failed."""
        what = backstop.clean(f"{type(error).__name__}: {error}")
        hint = tr("--debug shows where.")
        sys.stderr.write(f"{ConsoleError('NG-3901', what, where=tr('console'), hint=hint)}\n")

    def _leave(self, exit_code: int) -> None:
        """Ends the app from a signal handler."""
        self.call_later(self.quietly, partial(self.exit, exit_code, exit_code))
