"""Whoever is told to use a command finds it: what messages and the page of errors name exists."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ng_tui.cli import cli
from ng_tui.commands.table import COMMANDS

from .server.engine import BINARY
from .test_layers import ENGINE, production

ROOT = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"neurograph-(tui|engine)((?: [A-Za-z0-9./:@_-]+)*)")
"""A command with the words behind it, of which the last ones may be prose."""


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the sources that a person may read, and every one in code marks of the page of errors."""
    for path in sorted((ROOT / "ng_tui").rglob("*.py")):
        tree = ast.parse(path.read_text())
        remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in remarks:
                yield f"{path.name}:{node.lineno}", node.value
    for path in sorted(ENGINE.rglob("src/**/*.rs")):
        for text in re.findall(r'"((?:[^"\\]|\\.)*)"', production(path)):
            yield path.name, re.sub(r"\\\n\s*", "", text)
    for code in re.findall(r"`([^`\n]+)`", (ROOT / "docs" / "ERRORS.md").read_text()):
        yield "ERRORS.md", f"neurograph-tui {code}" if code.split()[0] in COMMANDS else code


def fault_of_console(words: list[str]) -> str | None:
    """What there is not of the words behind `neurograph-tui`."""
    command: click.Command = cli
    context = click.Context(cli, info_name="neurograph-tui")
    for word in words:
        known = {name for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)}
        known |= {"--help", "--version"}
        if word.startswith("-"):
            if word.rstrip(".") not in known:
                return f"{command.name} has no option {word}"
        elif isinstance(command, click.Group):
            found = command.get_command(context, word.rstrip("."))
            if found is None and (command is cli or not command.invoke_without_command):
                return f"{command.name} has no command {word}"
            # What does something by itself may be followed by prose.
            command = found or command
    return None


def commands_of_engine(*words: str) -> set[str]:
    """The commands below these words, as the engine's own help lists them."""
    done = subprocess.run([str(BINARY), *words, "--help"], capture_output=True, text=True, timeout=60, check=True)
    listed = re.search(r"^Commands:\n((?:  .*\n)+)", done.stdout, re.M)
    return set(re.findall(r"^  (\S+)", listed[1], re.M)) if listed else set()


def fault_of_engine(words: list[str]) -> str | None:
    """What there is not of the words behind `neurograph-engine`."""
    for number, word in enumerate(words):
        there = commands_of_engine(*words[:number])
        if word.startswith("-") or not there:
            return None
        if word not in there:
            return f"neurograph-engine {' '.join(words[:number])} has no command {word}"
    return None


def faults(text: str) -> list[str]:
    """What a text names that does not exist."""
    found = []
    for program, words in NAMED.findall(text):
        fault = (fault_of_console if program == "tui" else fault_of_engine)(words.split())
        found += [fault] if fault else []
    return found


def test_the_commands_that_messages_name_exist() -> None:
    wrong = [f"{place}: {fault}" for place, text in texts() for fault in faults(text)]
    assert not wrong, wrong
    assert sum(bool(NAMED.search(text)) for _, text in texts()) > 10


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("see neurograph-tui keys", "no command keys"),
        ("neurograph-tui config prune", "config has no command prune"),
        ("neurograph-tui tail --urll x", "tail has no option --urll"),
        ("neurograph-tui --embeded", "no option --embeded"),
        ("neurograph-engine key create", "no command key"),
        ("neurograph-engine user rename ann", "no command rename"),
        ("neurograph-tui --state-dir tail --limit", None),
        ("neurograph-tui serve starts one", None),
        ("neurograph-engine user add ann --role", None),
    ],
)
def test_a_command_that_does_not_exist_is_found(text: str, fault: str | None) -> None:
    assert (faults(text) == []) if fault is None else any(fault in one for one in faults(text)), faults(text)
