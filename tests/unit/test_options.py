"""What the shell's commands take as text."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from ng_tui.cli import cli
from ng_tui.commands.options import Text, odd_byte
from ng_tui.errors import ConsoleError


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and all below it, with their names."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            one = command.get_command(context, name)
            assert one is not None
            yield from commands(one, (*path, name))


def test_every_text_of_every_command_must_be_utf_8() -> None:
    found = 0
    for path, command in commands(cli):
        for param in command.params:
            assert not isinstance(param.type, click.types.StringParamType), (path, param.name)
            found += isinstance(param.type, Text)
    assert found > 20


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (("alerts", "silence", "--for", "1h", "--filter", "a\udcff"), "--filter"),
        (("emit", "--source", "\udcff"), "--source"),
        (("--set", "a.b=\udcff", "modules"), "--set"),
        (("modules", "enable", "\udcff"), "MODULE"),
    ],
)
def test_other_bytes_are_named_with_their_option(arguments: tuple[str, ...], where: str) -> None:
    with pytest.raises(ConsoleError) as caught:
        cli.main(list(arguments), standalone_mode=False)
    assert str(caught.value) == f"NG-1010 {where}: expected UTF-8, found the byte 0xff"
    assert caught.value.exit_code == 2


def test_the_odd_byte_is_found() -> None:
    assert odd_byte("grün ☃") is None and odd_byte("a\udce9b") == 0xE9
