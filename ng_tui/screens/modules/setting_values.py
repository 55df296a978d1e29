"""What a person types for a setting, and the value it means; pure."""

from __future__ import annotations

import math

from ng_tui.client.wire import Kind, Setting, SettingValue
from ng_tui.i18n import tr
from ng_tui.text import ABSENT, fmt_exact


def parse_setting(setting: Setting, typed: str) -> SettingValue:
    """The value that was typed. Raises ValueError with what is expected; a filter's syntax is checked by the engine."""
    typed = typed.strip()
    match setting.kind:
        case Kind.BOOL:
            if typed.lower() in ("true", "on", "yes", "1"):
                return True
            if typed.lower() in ("false", "off", "no", "0"):
                return False
        case Kind.INT:
            try:
                value = int(typed.replace(" ", ""))
            except ValueError:
                pass
            else:
                if _within(setting, value):
                    return value
        case Kind.FLOAT:
            try:
                number = float(typed.replace(" ", ""))
            except ValueError:
                pass
            else:
                if math.isfinite(number) and _within(setting, number):
                    return number
        case Kind.CHOICE:
            if typed in setting.choices:
                return typed
        case Kind.LIST:
            return [part.strip() for part in typed.split(",") if part.strip()]
        case _:
            return typed
    raise ValueError(tr("expected {what}", what=expectation(setting)))


def expectation(setting: Setting) -> str:
    """What a setting accepts, in words."""
    low, high = setting.min, setting.max
    match setting.kind:
        case Kind.BOOL:
            return tr("on or off")
        case Kind.INT | Kind.FLOAT:
            what = tr("a whole number") if setting.kind == Kind.INT else tr("a number")
            if low is None or high is None:
                return what
            span = tr("{what} from {low} to {high}", what=what, low=fmt_exact(low), high=fmt_exact(high))
            return f"{span} {setting.unit}".rstrip()
        case Kind.CHOICE:
            return tr("one of {choices}", choices=", ".join(setting.choices))
        case Kind.FILTER:
            return tr("a filter; empty is every event")
        case Kind.LIST:
            return tr("texts separated by commas")
        case _:
            return tr("a text")


def show_setting(setting: Setting, value: SettingValue | None) -> str:
    """A value as it is listed; not sanitised."""
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
    if isinstance(value, list):
        return ", ".join(value) if value else tr("none")
    if isinstance(value, int | float):
        return f"{fmt_exact(value)} {setting.unit}".rstrip()
    if value == "":
        return tr("every event") if setting.kind == Kind.FILTER else tr("empty")
    return value


def edit_setting(value: SettingValue | None) -> str:
    """A value as it stands in the editor before typing."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def next_choice(setting: Setting, value: SettingValue | None, by: int) -> SettingValue | None:
    """The neighbouring value of a setting that needs no typing; None for one that does."""
    if setting.kind == Kind.BOOL:
        return not value
    if setting.kind == Kind.CHOICE and setting.choices:
        index = setting.choices.index(value) if value in setting.choices else -1
        return setting.choices[(index + by) % len(setting.choices)]
    return None


def _within(setting: Setting, value: float) -> bool:
    return (setting.min is None or value >= setting.min) and (setting.max is None or value <= setting.max)
