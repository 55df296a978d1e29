"""A form made from the descriptions of a module's settings."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from ng_tui.client.wire import ModuleView, Setting, SettingValue
from ng_tui.i18n import ntr, tr
from ng_tui.keymap import bindings
from ng_tui.kit.glyphs import glyphs
from ng_tui.kit.lines import Line, Lines, cut, rule, wrap
from ng_tui.screens.modules.setting_values import edit_setting, expectation, next_choice, parse_setting, show_setting
from ng_tui.text import fit, safe

KEY_WIDTH = 22
FOOT = 4
"""Rows below the settings: a summary of two rows, what is accepted, and the keys."""


class SettingsForm(Vertical):
    """The settings of one module. Changes are collected and sent together, because the engine takes all or none."""

    DEFAULT_CSS = """
    SettingsForm { height: 1fr; }
    SettingsForm Input { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    SettingsForm.-editing Input { display: block; }
    """

    class Apply(Message):
        """The person wants these values. They have passed the checks that can be made here."""

        def __init__(self, module: str, values: dict[str, SettingValue]) -> None:
            super().__init__()
            self.module, self.values = module, values

    class Closed(Message):
        """The person is done."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._rows = _Settings()
        self._input = Input(compact=True, select_on_focus=False)
        self._input.cursor_blink = False

    def compose(self) -> ComposeResult:
        """The list of settings and the line to type into."""
        yield self._rows
        yield self._input

    def open(self, module: ModuleView) -> None:
        """Begins with the values of a module."""
        self._rows.open(module)
        self._arrange()
        self.remove_class("-editing")
        self._rows.focus()

    def update_module(self, module: ModuleView) -> None:
        """Takes in newer values; what was changed here stays."""
        if module.id == self._rows.module_id:
            self._rows.update_module(module)

    def on_resize(self) -> None:
        """Keeps the line to type into next to the list."""
        self._arrange()

    @property
    def module(self) -> str:
        """The module whose settings were opened last; empty before any."""
        return self._rows.module_id

    @property
    def changes(self) -> dict[str, SettingValue]:
        """What was changed and not yet applied."""
        return dict(self._rows.staged)

    @on(Input.Submitted)
    def _keep(self, event: Input.Submitted) -> None:
        event.stop()
        if self._rows.keep(event.value):
            self._stop_editing()

    @on(Input.Changed)
    def _check(self, event: Input.Changed) -> None:
        event.stop()
        if self.has_class("-editing"):
            self._rows.check(event.value)

    def on_key(self, event: events.Key) -> None:
        """Escape leaves the line before it leaves the form."""
        if event.key == "escape" and self.has_class("-editing"):
            event.stop()
            self._stop_editing()

    def edit(self, text: str) -> None:
        """Opens the line with a text; with nothing when the terminal would obey parts of it."""
        text = text if safe(text) == text else ""
        self.add_class("-editing")
        self._input.value = text
        self._input.cursor_position = len(text)
        self._input.focus()

    def _arrange(self) -> None:
        self._rows.styles.height = max(3, min(self.size.height - 1, self._rows.wanted_height))

    def _stop_editing(self) -> None:
        self.remove_class("-editing")
        self._rows.problem = ""
        self._rows.focus()
        self._rows.redraw()


class _Settings(Lines, can_focus=True):
    """The list of settings with the cursor; asks its form to open the line."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("form"))

    def __init__(self) -> None:
        super().__init__()
        self.module_id = ""
        self.staged: dict[str, SettingValue] = {}
        self.problem = ""
        self._settings: list[Setting] = []
        self._values: dict[str, SettingValue] = {}
        self._index = 0
        self._top = 0

    @property
    def wanted_height(self) -> int:
        """Rows that show every setting and the help."""
        return 1 + max(1, len(self._settings)) + FOOT

    def open(self, module: ModuleView) -> None:
        """Begins anew."""
        self.module_id, self.staged, self.problem, self._index, self._top = module.id, {}, "", 0, 0
        self.update_module(module)

    def update_module(self, module: ModuleView) -> None:
        """Takes in newer values; a staged value that has become real is no change any more."""
        self._settings, self._values = module.settings, module.values
        self.staged = {key: value for key, value in self.staged.items() if self._values.get(key) != value}
        self._index = max(0, min(self._index, len(self._settings) - 1))
        self.redraw()

    def check(self, typed: str) -> None:
        """Says what is wrong while it is being typed."""
        try:
            parse_setting(self._settings[self._index], typed)
            self.problem = ""
        except ValueError as error:
            self.problem = str(error)
        self.redraw()

    def keep(self, typed: str) -> bool:
        """Stages what was typed if it is acceptable."""
        self.check(typed)
        if not self.problem:
            setting = self._settings[self._index]
            self._stage(setting, parse_setting(setting, typed))
        return not self.problem

    def action_move(self, by: int) -> None:
        """Moves the cursor."""
        self._index = max(0, min(len(self._settings) - 1, self._index + by))
        self.redraw()

    def action_edit(self, by: int) -> None:
        """Toggles, goes to the next choice, or opens the line."""
        if not self._settings:
            return
        setting = self._settings[self._index]
        value = self._current(setting)
        if (chosen := next_choice(setting, value, by)) is not None:
            self._stage(setting, chosen)
        elif by > 0 and isinstance(self.parent, SettingsForm):
            self.parent.edit(edit_setting(value))

    def action_default(self) -> None:
        """Stages the default."""
        if self._settings:
            self._stage(self._settings[self._index], self._settings[self._index].default)

    def action_apply(self) -> None:
        """Sends what is staged; with nothing staged it changes the setting under the cursor."""
        if self.staged:
            self.post_message(SettingsForm.Apply(self.module_id, dict(self.staged)))
        else:
            self.action_edit(1)

    def action_close(self) -> None:
        """Closes the form; staged changes are given up."""
        self.post_message(SettingsForm.Closed())

    def lines(self, width: int, height: int) -> list[Line]:
        """Title, settings, and help about the one under the cursor."""
        title = tr("Settings of {module}", module=safe(self.module_id))
        count = len(self.staged)
        note = ntr("{count} change not applied", "{count} changes not applied", count) if count else ""
        result = [rule(title, note, width, focused=self.has_focus)]
        if not self._settings:
            return [*result, [(tr("This module has no settings."), "dim")], [(tr("esc close"), "dim")]]
        foot = min(FOOT, max(0, height - 3))
        room = max(1, height - 1 - foot)
        self._top = max(0, min(self._top, len(self._settings) - room, self._index))
        self._top = max(self._top, self._index - room + 1)
        if len(self._settings) > room:
            shown = tr(
                "{first}–{last} of {count}", first=self._top + 1, last=self._top + room, count=len(self._settings)
            )
            result = [rule(f"{title} {shown}", note, width, focused=self.has_focus)]
        for index, setting in enumerate(self._settings[self._top : self._top + room], self._top):
            result.append(self._setting(setting, width, at_cursor=index == self._index))
        return result + self._foot(width)[:foot]

    def _setting(self, setting: Setting, width: int, *, at_cursor: bool) -> Line:
        mark = glyphs()
        line: Line = [("", "cursor"), (mark.cursor, "accent")] if at_cursor else [(" ", "")]
        staged = setting.key in self.staged
        value = self._current(setting)
        name = min(KEY_WIDTH, max(8, width // 2))
        line += [(fit(safe(setting.key), name) + " ", "")]
        line += [((mark.changed if value != setting.default else " ") + " ", "accent" if staged else "dim")]
        shown = safe(show_setting(setting, value))
        if next_choice(setting, value, 1) is not None:
            shown = f"‹{shown}›" if mark.name != "ascii" else f"<{shown}>"
        line += [(shown, "accent" if staged else "")]
        if value != setting.default:
            line += [("  " + tr("default {value}", value=safe(show_setting(setting, setting.default))), "dim")]
        return cut(line, width)

    def _foot(self, width: int) -> list[Line]:
        setting = self._settings[self._index]
        result: list[Line] = [[(f" {row}", "")] for row in wrap(safe(setting.summary), width - 1, 2)]
        if self.problem:
            result.append([(f" {glyphs().error} {safe(self.problem)}", "bad")])
        else:
            result.append([(" " + tr("accepts {what}", what=safe(expectation(setting))), "dim")])
        editing = self.parent is not None and self.parent.has_class("-editing")
        if editing:
            keys = tr("enter keep · esc cancel")
        elif self.staged:
            keys = tr("enter apply · space change · d default · esc give up")
        else:
            keys = tr("space change · d default · esc close")
        return [*result, [(f" {keys}", "dim")]]

    def _current(self, setting: Setting) -> SettingValue | None:
        return self.staged.get(setting.key, self._values.get(setting.key))

    def _stage(self, setting: Setting, value: SettingValue) -> None:
        self.staged.pop(setting.key, None)
        if self._values.get(setting.key) != value:
            self.staged[setting.key] = value
        self.redraw()
