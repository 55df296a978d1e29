"""Option types that several commands share."""

from __future__ import annotations

import re
import time

import click

from ng_tui.errors import EXIT_USAGE, ConsoleError
from ng_tui.i18n import tr

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}


class Duration(click.ParamType[float]):
    """A duration such as `500ms`, `10s`, `2m`; seconds as a float."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds, or a usage error that says what was expected."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|)", str(value))
        if match is None:
            self.fail(tr("expected a duration such as 500ms, 10s or 2m, found {text}", text=repr(value)), param, ctx)
        return float(match[1]) * UNITS[match[2]]


class Text(click.ParamType[str]):
    """A text that the engine can take: UTF-8."""

    name = "TEXT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text. Raises ConsoleError where the command line has bytes that are none."""
        text = str(value)
        if (byte := odd_byte(text)) is not None:
            raise not_utf8(byte, _named(param))
        return text


TEXT = Text()


def require_utf8(command: click.Command) -> None:
    """Has a command, and those below it, refuse texts that are not UTF-8. Names of files may be anything."""
    for param in command.params:
        if isinstance(param.type, click.types.StringParamType):
            param.type = TEXT
    if isinstance(command, click.Group):
        for one in command.commands.values():
            require_utf8(one)


def _named(param: click.Parameter | None) -> str:
    """An option or argument as it is written."""
    if param is None:
        return tr("command line")
    return param.opts[-1] if isinstance(param, click.Option) else param.human_readable_name


def odd_byte(text: str) -> int | None:
    """The first byte that was no UTF-8, of a text as Python keeps it; None where all of it is."""
    return next((ord(character) & 0xFF for character in text if "\ud800" <= character <= "\udfff"), None)


def not_utf8(byte: int, where: str) -> ConsoleError:
    """The error of a text that is not UTF-8."""
    what = tr("expected UTF-8, found the byte {byte}", byte=f"0x{byte:02x}")
    return ConsoleError("NG-1010", what, where=where, exit_code=EXIT_USAGE)


url_option = click.option(
    "--url",
    "target",
    metavar="TARGET",
    help=tr("The engine: unix:PATH, http://HOST:PORT, https://HOST:PORT, ssh://[USER@]HOST, a profile, or local."),
)
"""Names an engine that runs elsewhere; the parameter is `target`, None when it is not given."""

order_option = click.option(
    "--order",
    type=click.Choice(["time", "arrival"]),
    help=tr("Files read from their beginning: merged by the times of their events (time), or as they come (arrival)."),
)
"""The order of the events of several files; the parameter is `order`, None when it is not given."""


def order_setting(order: str | None) -> tuple[str, ...]:
    """The setting that `--order` changes."""
    return () if order is None else (f"sensors.files.order={order}",)


def target_of(ctx: click.Context, target: str | None) -> str | None:
    """The target of a command, or of the group before it: `modules --url X enable Y` is `modules enable --url X Y`."""
    if target is None and ctx.parent is not None:
        target = ctx.parent.params.get("target")
    return target


class Deadline:
    """A point in time that may never come."""

    def __init__(self, seconds: float | None) -> None:
        self._at = None if seconds is None else time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """The time is over."""
        return self._at is not None and time.monotonic() >= self._at

    def wait_ms(self, most: int) -> int:
        """Milliseconds until then, at most `most`."""
        if self._at is None:
            return most
        return max(0, min(most, int((self._at - time.monotonic()) * 1000)))
