"""The rules of the house that no other tool checks: colours, output, sizes, markup, translation, imports, freshness.

What the Rust side promises is in `test_layers.py`, what the pages say in `test_docs.py`.
"""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ng_tui.commands.table import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ng_tui"
SOURCES = sorted(PACKAGE.rglob("*.py"))

MOST_LINES = {".py": 400, ".rs": 500}
MOST_METHODS = 40
GENERATED = {"ng_tui/client/wire.py"}

SINKS = {"Static", "Label", "OptionList", "SelectionList", "Button", "Tooltip"}
"""Widgets of textual that parse a `str` as markup unless they are told not to."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a file, with the last part of what is called."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr, node
            elif isinstance(node.func, ast.Name):
                yield node.func.id, node


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((one.value for one in call.keywords if one.arg == name), None)


def is_plain_text(node: ast.expr | None) -> bool:
    """A text that stands in the source: not translated, and not empty."""
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and any(char.isalpha() for char in node.value)
    )


def test_colours_live_in_themes() -> None:
    found = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b|\brgba?\(|\bhsla?\(", line)
    ]
    assert not found, found


def test_only_commands_print() -> None:
    allowed = {PACKAGE / "cli.py", *(PACKAGE / "commands").glob("*.py")}
    found = [
        f"{name_of(path)}:{call.lineno}"
        for path in SOURCES
        for what, call in calls(path)
        if what == "print" and path not in allowed
    ]
    assert not found, found


def test_files_are_of_a_size_to_be_read() -> None:
    folders = [PACKAGE, ROOT / "engine", ROOT / "tests", ROOT / "docs", ROOT / "schema"]
    too_long = [
        f"{name_of(path)}: {lines} lines, at most {MOST_LINES[path.suffix]}"
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix in MOST_LINES and name_of(path) not in GENERATED
        if (lines := len(path.read_text().splitlines())) > MOST_LINES[path.suffix]
    ]
    assert not too_long, too_long


@pytest.mark.parametrize("script", ["schema/generate.py", "docs/generate.py"])
def test_generated_files_are_fresh(script: str) -> None:
    checked = subprocess.run([sys.executable, ROOT / script, "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_tested(command: str) -> None:
    texts = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path.name != "test_house.py"]
    assert any(f'"{command}"' in text for text in texts), f"no test runs `neurograph-tui {command}`"


def test_every_command_is_in_the_table() -> None:
    """A module of `commands` with a click command has its name in COMMANDS."""
    found = {
        path.stem
        for path in (PACKAGE / "commands").glob("*.py")
        if "@click.command(" in path.read_text() or "@click.group(" in path.read_text()
    }
    assert found == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_table_says_what_a_command_says(command: str) -> None:
    module = importlib.import_module(f"ng_tui.commands.{command}")
    assert module.command.help == COMMANDS[command] and module.command.name == command


def sinks() -> set[str]:
    """The widgets that parse markup, and every class of ours that is one of them."""
    known = set(SINKS)
    classes = [
        node for path in SOURCES for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)
    ]
    while True:
        more = {node.name for node in classes for base in node.bases if isinstance(base, ast.Name) and base.id in known}
        if more <= known:
            return known
        known |= more


def test_no_text_reaches_a_markup_parser() -> None:
    """One `[` in a log line must neither crash a widget nor become a link.

    A widget made with `markup=False` keeps that for every later `update`. So any text may be given to it.
    """
    parsing, found = sinks(), []
    for path in SOURCES:
        for what, call in calls(path):
            place = f"{name_of(path)}:{call.lineno}: {what}"
            off = keyword(call, "markup")
            is_off = isinstance(off, ast.Constant) and off.value is False
            if (what in parsing or what == "notify") and not is_off:
                # Nothing but constants may be parsed.
                if (
                    what == "notify"
                    or not call.args
                    or not all(isinstance(one, ast.Constant) and one.value for one in call.args)
                ):
                    found.append(f"{place} without markup=False")
            elif off is not None and not is_off:
                found.append(f"{place} with markup on")
            if what in {"from_markup", "render_markup"}:
                found.append(place)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Attribute) and target.attr in {"border_title", "border_subtitle", "tooltip"}
                for target in node.targets
            ):
                made = node.value
                escaped = isinstance(made, ast.Attribute) and made.attr == "markup"
                ours = (
                    isinstance(made, ast.Call)
                    and isinstance(made.func, ast.Name)
                    and made.func.id == "tr"
                    and not made.keywords
                )
                if not (escaped or ours or isinstance(made, ast.Constant)):
                    found.append(f"{name_of(path)}:{node.lineno}: a title is markup: assign Text(…).markup")
    assert not found, found


def test_what_a_person_reads_is_translated() -> None:
    """Messages of errors, notices and help pass through `tr` or `ntr`, as far as the source shows it."""
    message_at = {"ConsoleError": 1, "Tell": 0, "UsageError": 0, "toast": 0, "note": 0, "tell": 0, "fail": 0}
    found = []
    for path in SOURCES:
        for what, call in calls(path):
            texts = [keyword(call, "help"), keyword(call, "hint"), keyword(call, "show_default")]
            if what in message_at and len(call.args) > message_at[what]:
                texts.append(call.args[message_at[what]])
            if any(is_plain_text(text) and not is_measure(text) for text in texts):
                found.append(f"{name_of(path)}:{call.lineno}: {what}")
    assert not found, found


def is_measure(text: ast.expr | None) -> bool:
    """`2.5s` needs no translation, nor does a text that is put together from translated parts."""
    if isinstance(text, ast.JoinedStr):
        return not any(
            isinstance(part, ast.Constant) and re.search(r"[A-Za-z]{2}", str(part.value)) for part in text.values
        )
    return isinstance(text, ast.Constant) and re.fullmatch(r"[\d.]+ ?\w{1,2}", str(text.value)) is not None


def imported(code: str) -> set[str]:
    """The modules that are loaded after running the code in a process of its own."""
    script = f"import sys\n{code}\nsys.stderr.write('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_clients_and_state_know_no_terminal() -> None:
    names = [f"ng_tui.client.{path.stem}" for path in (PACKAGE / "client").glob("*.py") if path.stem != "__init__"]
    names += ["ng_tui.state", "ng_tui.config", "ng_tui.paths", "ng_tui.errors", "ng_tui.text", "ng_tui.i18n"]
    loaded = imported("\n".join(f"import {name}" for name in names))
    assert set(names) <= loaded
    assert "textual" not in loaded


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["tail", "--help"], ["config", "--help"]])
def test_help_does_not_load_textual(arguments: list[str]) -> None:
    loaded = imported(f"from ng_tui.cli import cli\ncli({arguments!r}, standalone_mode=False)")
    assert "ng_tui.cli" in loaded
    assert "textual" not in loaded
    if len(arguments) == 1:
        assert not {"ng_tui._engine", "msgspec", "asyncio", "ng_tui.config"} & loaded, "nothing that takes its time"


def test_only_the_app_calls_the_client() -> None:
    """Screens and widgets read the state and the ring, and post messages."""
    found = []
    for path in sorted(path for room in ("screens", "frame", "kit") for path in (PACKAGE / room).rglob("*.py")):
        text = path.read_text()
        if re.search(r"\bclient\.(send|start|close|frames)\(|ng_tui\.client\.(embedded|replay)\b", text):
            found.append(name_of(path))
    assert not found, found


def test_every_screen_has_keys_a_tab_and_a_test() -> None:
    from ng_tui.keymap import ACTIONS
    from ng_tui.screens import SCREENS

    ids = {action.id for action in ACTIONS}
    for place, entry in enumerate(SCREENS, 1):
        assert (PACKAGE / "screens" / entry.id / "pane.py").is_file(), f"{entry.id}: no folder in screens/"
        assert f"app.screen_{place}" in ids, f"{entry.id}: no key app.screen_{place}"
        assert any(name.startswith(f"{entry.id}.") for name in ids), (
            f"{entry.id}: no action of its own in keymap.ACTIONS"
        )
        assert (ROOT / "tests" / "console" / f"test_{entry.id}.py").is_file(), f"{entry.id}: no test file"
    folders = {
        path.parent.name
        for path in (PACKAGE / "screens").glob("*/*.py")
        if re.search(r"^class \w+Pane\(", path.read_text(), re.M)
    }
    shown = {entry.id for entry in SCREENS}
    assert folders == shown, "a pane that is not in SCREENS, or the reverse"


def test_bindings_are_made_of_the_table_of_keys() -> None:
    """A key that stands anywhere else is in no help, cannot be remapped, and is not looked at for clashes."""
    made = {name_of(path) for path in SOURCES for what, _ in calls(path) if what == "Binding"}
    assert made == {"ng_tui/keymap.py"}
    given = [
        f"{name_of(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id == "BINDINGS"
        and not (isinstance(node.value, ast.Call) and "bindings(" in ast.unparse(node.value))
    ]
    assert not given, given


def test_no_class_does_everything() -> None:
    """A class with more methods has rooms in it that want doors."""
    too_many = [
        f"{name_of(path)}: {node.name} has {count} methods, at most {MOST_METHODS}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        if (count := sum(isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) for one in node.body)) > MOST_METHODS
    ]
    assert not too_many, too_many


def test_the_app_knows_no_screen_by_name() -> None:
    """It goes by SCREENS and what every pane can do; messages come from `screens/base.py`."""
    tree = ast.parse((PACKAGE / "app.py").read_text())
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in modules if name.startswith("ng_tui.screens")} == {"ng_tui.screens", "ng_tui.screens.base"}
    from ng_tui.screens import SCREENS

    assert not re.search("|".join(rf"\b{entry.title}Pane\b" for entry in SCREENS), ast.unparse(tree))
    assert sum(entry.shows_events for entry in SCREENS) == 1


def test_screens_do_not_know_each_other() -> None:
    """Every screen stands in the contract that import-linter checks."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    listed = {name for contract in contracts if contract["type"] == "independence" for name in contract["modules"]}
    from ng_tui.screens import SCREENS

    assert listed == {f"ng_tui.screens.{entry.id}" for entry in SCREENS}
