"""Every action with its keys, as one table; bindings, footer, help and palette are all read from it.

A context is where a key works: `app` everywhere, the id of a screen on that screen, the id of a part (`detail`,
`input`) while that part has the focus, and the id of a window (`confirm`) while it is open. A key of a part or a screen
never hides a key of the app: `check` refuses it. Under a window only the keys of the app that come first still work.
This is the only file that makes bindings.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, key_to_character

from ng_tui.errors import EXIT_CONFIG, ConsoleError, together
from ng_tui.i18n import tr

AVOIDED = frozenset({"ctrl+a", "ctrl+b", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "shift+f3"})
"""Keys that multiplexers take or that terminals send for something else."""

_WINDOWS = frozenset({"choose", "confirm", "silence", "window"})
"""Contexts that stand above everything else while they are open."""

_FIRST = frozenset({"app.quit", "app.suspend"})
"""Actions whose keys come before those of whatever has the focus, as in a shell."""


@dataclass(frozen=True)
class Action:
    """One thing a person can do by a key."""

    id: str
    """`context.name`; what a configuration remaps."""
    keys: str
    """Keys in textual's names, comma-separated."""
    action: str
    """The action method of the widget that owns the context, without `action_`."""
    short: str
    """One or two words for the footer."""
    help: str
    """One sentence for the help."""
    footer: bool = False
    """Shown in the footer of its context, in the order of the table."""

    @property
    def context(self) -> str:
        """Where the keys work."""
        return self.id.split(".", 1)[0]


ACTIONS: tuple[Action, ...] = (
    Action("events.pause", "space", "pause", "Pause", "Freeze the view; events are still taken in and counted.", True),
    Action("events.filter", "f", "filter", "Filter", "Type a filter; the view follows while typing.", True),
    Action("events.search", "/", "search", "Search", "Find events without hiding the others.", True),
    Action("events.detail", "enter", "detail", "Detail", "Open or close everything about one event.", True),
    Action("events.live", "L,G,end", "live", "Live", "Go to the newest event and follow.", True),
    Action("events.next_error", "e", "find('error', 1)", "Error", "Next event of level error or worse.", True),
    Action("events.previous_error", "E", "find('error', -1)", "Error up", "Previous error."),
    Action("events.next_warning", "w", "find('warning', 1)", "Warning", "Next event of level warn."),
    Action("events.previous_warning", "W", "find('warning', -1)", "Warning up", "Previous warning."),
    Action("events.next_veto", "v", "find('veto', 1)", "Veto", "Next event that Guardian flagged or rejected.", True),
    Action("events.previous_veto", "V", "find('veto', -1)", "Veto up", "Previous veto."),
    Action("events.next_anomaly", "a", "find('anomaly', 1)", "Anomaly", "Next event that is an anomaly.", True),
    Action("events.previous_anomaly", "A", "find('anomaly', -1)", "Anomaly up", "Previous anomaly."),
    Action("events.mark", "m", "mark", "Mark", "Set or clear a mark on the event under the cursor.", True),
    Action("events.next_mark", "'", "next_mark", "Next mark", "Go to the next mark; from the last to the first."),
    Action("events.clear_marks", '"', "clear_marks", "Clear marks", "Clear all marks."),
    Action(
        "events.false_alarm",
        "-",
        "give_feedback('false_alarm')",
        "False alarm",
        "Not worth telling: its pattern alerts later.",
    ),
    Action("events.ack", "+,=", "give_feedback('ack')", "Ack", "Worth telling: its pattern alerts earlier."),
    Action("events.undo_feedback", "U", "undo_feedback", "Undo", "Take back the latest feedback on its pattern."),
    Action("events.copy", "c", "copy", "Copy", "Copy the event; controls in it are made visible.", True),
    Action("events.copy_command", "y", "copy_command", "Copy command", "Copy a command that prints this event."),
    Action("events.columns", "x", "columns", "Columns", "Next set of columns.", True),
    Action("events.time", "T", "time_style", "Time", "Next form of time: clock, iso, relative, delta.", True),
    Action("events.toggle_filter", "F", "toggle_filter", "Filter off", "Switch the filter off and on.", True),
    Action("events.found_next", "n", "hit(1)", "Next hit", "Next hit of the search."),
    Action("events.found_previous", "N", "hit(-1)", "Previous hit", "Previous hit of the search."),
    Action("events.export", "ctrl+s", "export", "Export", "Write the events of the view to a file."),
    Action(
        "events.close",
        "escape",
        "close",
        "Close",
        "Close the detail, then the search; then go back to where a jump came from.",
    ),
    Action("events.down", "j,down", "move(1)", "Down", "Next event."),
    Action("events.up", "k,up", "move(-1)", "Up", "Previous event."),
    Action("events.left", "h,left", "sideways(-16)", "Left", "Scroll the text to its beginning."),
    Action("events.right", "l,right", "sideways(16)", "Right", "Scroll the text to its end."),
    Action("events.half_down", "ctrl+d", "page(0.5)", "Half down", "Half a page down."),
    Action("events.half_up", "ctrl+u", "page(-0.5)", "Half up", "Half a page up."),
    Action("events.page_down", "pagedown", "page(1.0)", "Page down", "A page down."),
    Action("events.page_up", "pageup", "page(-1.0)", "Page up", "A page up."),
    Action("events.top", "g,home", "top", "Oldest", "Go to the oldest event of the view."),
    Action("input.accept", "enter", "submit", "Accept", "Use what was typed.", True),
    Action("input.cancel", "escape", "cancel", "Back", "Back to how it was.", True),
    Action("input.older", "up", "history(-1)", "Older", "What was typed before.", True),
    Action("input.newer", "down", "history(1)", "Newer", "What was typed after that.", True),
    Action("detail.open", "enter", "select", "Go to", "Show this neighbour in the list of events.", True),
    Action("detail.down", "j,down", "cursor_down", "Next", "Next neighbour.", True),
    Action("detail.up", "k,up", "cursor_up", "Previous", "Previous neighbour.", True),
    Action(
        "modules.toggle", "space", "switch", "On/off", "Switch the module on or off; asks where others need it.", True
    ),
    Action("modules.configure", "enter", "configure", "Configure", "Open the settings of the module.", True),
    Action("modules.undo", "u", "undo", "Undo", "Take back the last switch, within ten seconds.", True),
    Action("metrics.zoom_in", "+,=", "zoom(-1)", "Shorter", "Show a shorter span of time.", True),
    Action("metrics.zoom_out", "-", "zoom(1)", "Longer", "Show a longer span of time.", True),
    Action("metrics.maximise", "M", "maximise", "Maximise", "Give one panel the whole screen.", True),
    Action("metrics.next", "tab,right", "go(1)", "Next panel", "Go to the next panel.", True),
    Action("metrics.previous", "shift+tab,left", "go(-1)", "Panel before", "Go to the panel before."),
    Action("metrics.below", "down", "go(2)", "Panel below", "Go to the panel below."),
    Action("metrics.above", "up", "go(-2)", "Panel above", "Go to the panel above."),
    Action("metrics.restore", "escape", "restore", "All panels", "Show all panels again."),
    Action("guardian.mode", "space", "switch", "Observe/enforce", "Let the rule only flag, or reject.", True),
    Action(
        "guardian.explain", "i,enter", "explain", "Explain", "Say why the rule objected to its last offender.", True
    ),
    Action("guardian.jump", "J", "jump", "Go to event", "Show the last offender on the Events screen.", True),
    Action("guardian.events", "o", "events", "Events", "Show all events that the rule objected to.", True),
    Action("guardian.trial", "t", "trial", "Trial", "Try a profile for five minutes; keep it or revert it.", True),
    Action("guardian.rollback", "R", "roll_back", "Roll back", "Take the version before up again; asks first."),
    Action("guardian.close", "escape", "close", "Close", "Close the explanation."),
    Action("patterns.events", "enter,o", "events", "Events", "Show the events of the pattern.", True),
    Action("patterns.mark", "m", "mark", "Mark", "Count from now on, to see what is new.", True),
    Action("patterns.all", "u", "all", "All", "Count everything in memory.", True),
    Action(
        "patterns.freeze",
        "z",
        "freeze",
        "Freeze/learn",
        "Take the past of its source for normal, or learn again.",
    ),
    Action("patterns.undo_feedback", "U", "undo_feedback", "Undo", "Take back the latest feedback on the pattern."),
    Action("patterns.jump", "J", "jump", "Go to latest", "Show its latest event among the others."),
    Action(
        "alerts.open",
        "enter",
        "open",
        "Open",
        "Show the members of an incident, or more groups of a rule; on one of them, its event.",
        True,
    ),
    Action("alerts.silence", "s", "silence", "Silence", "Hold back what is like it; asks for how long.", True),
    Action("alerts.mute", "m", "mute", "Mute 24 h", "Hold back what is like it for a day; asks once.", True),
    Action("alerts.jump", "J", "jump", "Go to event", "Show its event among the others.", True),
    Action("alerts.events", "o", "events", "Events", "Show the events that are like it.", True),
    Action("alerts.expire", "x", "expire", "End silence", "End the silence of the row under the cursor.", True),
    Action(
        "alerts.false_alarm",
        "-",
        "give_feedback('false_alarm')",
        "False alarm",
        "Not worth telling: its pattern alerts later.",
    ),
    Action("alerts.ack", "+,=", "give_feedback('ack')", "Ack", "Worth telling: its pattern alerts earlier."),
    Action("alerts.undo_feedback", "U", "undo_feedback", "Undo", "Take back the latest feedback on its pattern."),
    Action("alerts.close", "escape", "close", "Close", "Close the members, then the groups that were opened."),
    Action("list.up", "up,k", "move(-1)", "Up", "The row above."),
    Action("list.down", "down,j", "move(1)", "Down", "The row below."),
    Action("list.page_up", "pageup", "page(-1)", "Page up", "A page up."),
    Action("list.page_down", "pagedown", "page(1)", "Page down", "A page down."),
    Action("list.first", "home,g", "move(-1000000)", "First", "The first row."),
    Action("list.last", "end,G", "move(1000000)", "Last", "The last row."),
    Action("table.up", "up,k", "move(-1)", "Up", "The row above."),
    Action("table.down", "down,j", "move(1)", "Down", "The row below."),
    Action("table.page_up", "pageup", "page(-1)", "Page up", "A page up."),
    Action("table.page_down", "pagedown", "page(1)", "Page down", "A page down."),
    Action("table.first", "home,g", "move(-1000000)", "First", "The first row."),
    Action("table.last", "end,G", "move(1000000)", "Last", "The last row."),
    Action("table.sort", "s,>", "sort(1)", "Sort", "Sort by the next column.", True),
    Action("table.sort_back", "<", "sort(-1)", "Sort back", "Sort by the column before."),
    Action("table.reverse", "r", "reverse", "Reverse", "Reverse the order."),
    Action("panel.down", "pagedown,j", "scroll_lines(1)", "More", "Scroll the panel down."),
    Action("panel.up", "pageup,k", "scroll_lines(-1)", "Back", "Scroll the panel up."),
    Action("form.up", "up,k", "move(-1)", "Up", "The setting above."),
    Action("form.down", "down,j", "move(1)", "Down", "The setting below."),
    Action("form.change", "space,right", "edit(1)", "Change", "Change the setting, or go to the next choice.", True),
    Action("form.choice_back", "left", "edit(-1)", "Choice before", "Go to the choice before."),
    Action("form.default", "backspace,d", "default", "Default", "Put the default back.", True),
    Action("form.apply", "enter", "apply", "Apply", "Send the changed settings to the engine.", True),
    Action("form.close", "escape", "close", "Close", "Close the form without a change.", True),
    Action("choose.leave", "escape,q", "leave", "Back", "Choose nothing.", True),
    Action("silence.up", "up", "choose(-1)", "Shorter", "The time before."),
    Action("silence.down", "down", "choose(1)", "Longer", "The time behind."),
    Action("silence.accept", "enter", "accept", "Silence", "Hold it back for this time.", True),
    Action("silence.leave", "escape", "leave", "Back", "Leave it as it is.", True),
    Action("confirm.yes", "y", "answer(True)", "Yes", "Do it.", True),
    Action("confirm.no", "n,escape,q", "answer(False)", "No", "Leave it as it is.", True),
    Action("window.close", "escape,q,?,f1,!,enter", "dismiss", "Close", "Close the window.", True),
    Action("window.down", "j,down", "down", "Down", "Scroll down."),
    Action("window.up", "k,up", "up", "Up", "Scroll up."),
    Action("app.help", "?,f1", "help", "Help", "The keys of this screen, and the words it uses.", True),
    Action("app.palette", "ctrl+p,:", "command_palette", "Palette", "Find an action by its name."),
    Action("app.notices", "!", "notices", "Notices", "The latest 200 notices."),
    Action("app.theme", "ctrl+t", "next_theme", "Theme", "Next theme."),
    Action("app.screen_1", "1", "screen(0)", "Events", "The stream of events."),
    Action("app.screen_2", "2", "screen(1)", "Modules", "The modules of the engine."),
    Action("app.screen_3", "3", "screen(2)", "Metrics", "Throughput, latency, queues and sources."),
    Action("app.screen_4", "4", "screen(3)", "Guardian", "The constitution and what it refused."),
    Action("app.screen_5", "5", "screen(4)", "Patterns", "The kinds of events, and what follows what."),
    Action("app.screen_6", "6", "screen(5)", "Alerts", "What is wrong at present, and what was; and what is silenced."),
    Action("app.next_screen", "]", "cycle(1)", "Next screen", "The screen to the right."),
    Action("app.previous_screen", "[", "cycle(-1)", "Previous screen", "The screen to the left."),
    Action("app.next_engine", ";", "next_engine", "Next engine", "Of several engines: show the next one."),
    Action("app.reconnect", "ctrl+r", "reconnect", "Reconnect", "Try a lost connection again now."),
    Action("app.suspend", "ctrl+z", "suspend", "Suspend", "Give the terminal back to the shell; fg goes on."),
    Action("app.quit", "ctrl+q", "quit", "Quit", "End the console; ctrl+q always does.", True),
)
"""The table. The first key of a row is the one that is shown."""

_NAMES = frozenset(key.value for key in Keys if not key.value.startswith("<"))
"""Textual's names of keys that are no characters, and of some with them."""

_SHOWN = {"escape": "esc", "pagedown": "pgdn", "pageup": "pgup", "backspace": "bksp"}


def bindings(context: str) -> list[Binding]:
    """Textual bindings of a context with their default keys; `App.set_keymap` replaces keys by id.

    `ctrl+q` quits and `ctrl+z` suspends with priority, whatever has the focus.
    """
    return [binding for row in in_context(context) for binding in bindings_of(row)]


def bindings_of(row: Action) -> list[Binding]:
    """The bindings of one action, one for each key. `ctrl+q` has no id, so that nothing can take it away."""
    if row.id == "app.quit":
        return [Binding("ctrl+q", row.action, row.short, priority=True, system=True)]
    first = row.id in _FIRST
    return [Binding(_long(key), row.action, row.short, id=row.id, priority=first) for key in row.keys.split(",")]


def _around(name: str) -> str:
    """The actions of the screen that a name begins with; where there is none, how their names begin."""
    screens = sorted({row.id.partition(".")[0] for row in ACTIONS})
    named = name.partition(".")[0]
    found = [row.id for row in ACTIONS if row.id.startswith(f"{named}.")] or [f"{screen}.…" for screen in screens]
    return ", ".join(found)


def check(remapped: Mapping[str, str]) -> None:
    """Raises ConsoleError with everything that is wrong with a remapping."""
    if found := faults(remapped):
        raise together(found)


def faults(remapped: Mapping[str, str]) -> list[ConsoleError]:
    """What is wrong with a remapping: unknown actions and keys, avoided keys, and keys that two actions would share."""
    found: list[ConsoleError] = []
    known = {row.id: row for row in ACTIONS}
    for name, keys in remapped.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = tr("Did you mean {name}?", name=near[0]) if near else tr("Actions are {names}.", names=_around(name))
            found.append(_refused(name, tr("unknown action"), hint))
            continue
        for key in keys.split(","):
            if not key.strip():
                found.append(_refused(name, tr("an action needs a key"), ""))
            elif not _exists(key.strip()):
                hint = tr("Keys are written f, F, ?, f5, ctrl+f, pageup; several with commas.")
                found.append(_refused(name, tr("unknown key {key}", key=key.strip()), hint))
            elif _long(key) in AVOIDED:
                hint = tr("Terminals and tmux need it.")
                found.append(_refused(name, tr("{key} cannot be used", key=key.strip()), hint))
    taken: dict[tuple[str, str], str] = {}
    for row in ACTIONS:
        for key in map(_long, keys_of(row, remapped).split(",")):
            contexts = {row.context, "app"} if row.context != "app" else {row.context for row in ACTIONS}
            for context in sorted(contexts):
                other = taken.get((context, key))
                if other is not None and other != row.id and not _apart(other, row.id, key):
                    # The one that was remapped is to blame.
                    first, second = (other, row.id) if row.id not in remapped else (row.id, other)
                    what = tr("{key} is also the key of {other}", key=key, other=second)
                    found.append(_refused(first, what, tr("Give one of the two another key.")))
                    break
            taken[row.context, key] = row.id
    return found


def keys_of(row: Action, remapped: Mapping[str, str]) -> str:
    """The keys of an action, comma-separated; `ctrl+q` stays a key of `app.quit` whatever is configured."""
    keys = remapped.get(row.id, row.keys)
    return f"ctrl+q,{keys}" if row.id == "app.quit" and "ctrl+q" not in keys else keys


def shown_key(row: Action, remapped: Mapping[str, str], *, every: bool = False) -> str:
    """The key as a person reads it; with `every`, all keys of the action."""
    keys = [key.strip() for key in keys_of(row, remapped).split(",") if key.strip()]
    return " ".join(_SHOWN.get(key, key).replace("ctrl+", "^") for key in (keys if every else keys[:1]))


def in_context(context: str, *, footer: bool = False) -> list[Action]:
    """The rows of a context in the order of the table; with `footer`, those the footer shows."""
    return [row for row in ACTIONS if row.context == context and (row.footer or not footer)]


def _long(key: str) -> str:
    """Textual's long name of a key: `?` is `question_mark`, and `G` stays `G`."""
    key = key.strip()
    if len(key) != 1 or key.isalnum():
        return key
    name = unicodedata.name(key, key).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def _exists(key: str) -> bool:
    """Some keyboard can send it."""
    name = re.sub(r"^((ctrl|shift|alt|super|hyper|meta)\+)+(?=.)", "", key)
    return key in _NAMES or name in _NAMES or len(name) == 1 or key_to_character(name) is not None


def _printable(key: str) -> bool:
    return "+" not in key and key not in {"enter", "escape", "up", "down"}


def _apart(first: str, second: str, key: str) -> bool:
    """The two never meet: the input takes printable keys for itself, and what is under a window hears none."""
    contexts = {first.split(".", maxsplit=1)[0], second.split(".", maxsplit=1)[0]}
    if contexts & _WINDOWS:
        return not {first, second} & _FIRST
    return "input" in contexts and _printable(key)


def _refused(name: str, what: str, hint: str) -> ConsoleError:
    return ConsoleError("NG-2201", what, where=f"keys.{name}", hint=hint, exit_code=EXIT_CONFIG)
