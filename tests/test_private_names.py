"""Private names of others stand in one file each: a new Textual is looked through there, and nowhere else.

The sources are read as syntax trees. What of ours has the same name as something private of Textual's is found by
loading both.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from ng_tui.terminal import textual_internals
from tests.console.trial_console import console

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ng_tui"
TREES = {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}

INSIDE = PACKAGE / "terminal" / "textual_internals.py"
"""Names what is private in Textual."""

HTTPX = PACKAGE / "client" / "sockets.py"
"""Puts sockets of its own below httpx, which has no public way to it."""

OUTPUT = {"ChopsUpdate", "LayoutUpdate"}
"""Classes of Textual that have no underscore and stand in a module that has one."""


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def given(node: ast.AST) -> Iterator[str]:
    """The names that a statement gives a value to, attributes of `self` among them."""
    for target in getattr(node, "targets", [getattr(node, "target", node)]):
        for part in ast.walk(target):
            if isinstance(part, ast.Name):
                yield part.id
            elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self":
                yield part.attr


def own_names(node: ast.AST) -> set[str]:
    """The private names that a class or a file defines itself."""
    found: set[str] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(one.name)
        elif isinstance(one, ast.Assign | ast.AnnAssign):
            found.update(given(one))
    return {name for name in found if is_private(name)}


CLASSES = {node.name: node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def inherited(node: ast.ClassDef) -> set[str]:
    """The private names that a class has from classes of ours."""
    names = {part.id for base in node.bases for part in ast.walk(base) if isinstance(part, ast.Name)}
    bases = [CLASSES[name] for name in names & set(CLASSES) if name != node.name]
    return set().union(*(own_names(base) | inherited(base) for base in bases))


def foreign(path: Path) -> Iterator[str]:
    """Every use of a private attribute that nothing of ours defines. `os._exit` has no other name."""
    tree = TREES[path]
    owner = {part: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for part in ast.walk(node)}
    here = own_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"getattr", "setattr", "hasattr", "delattr"}:
            named = [one.value for one in node.args[1:2] if isinstance(one, ast.Constant)]
            if any(is_private(str(name)) and name not in here for name in named):
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        if not isinstance(node, ast.Attribute) or not is_private(node.attr):
            continue
        of, within = ast.unparse(node.value), owner.get(node)
        if within is None or of not in {"self", "cls", "super()"}:
            known = here | {"_exit"}
        else:
            known = inherited(within) | (own_names(within) if of != "super()" else set())
        if node.attr not in known:
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {of}.{node.attr}"


def imported(path: Path) -> Iterator[str]:
    """Every private module or name of another package that is imported."""
    for node in ast.walk(TREES[path]):
        if not isinstance(node, ast.ImportFrom | ast.Import):
            continue
        module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for name in (module + one.name for one in node.names):
            parts = name.split(".")
            if parts[0] not in {"ng_tui", "__future__"} and any(is_private(one) or one in OUTPUT for one in parts):
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {name}"


def uses(path: Path) -> list[str]:
    """What of the inside of others a file names."""
    return [*foreign(path), *imported(path)]


def test_what_textual_writes_is_known_in_one_file() -> None:
    found = [one for path in TREES if path not in {INSIDE, HTTPX} for one in uses(path)]
    assert not found, found
    assert any("app._display" in one for one in uses(INSIDE))
    assert any("._network_backend" in one for one in uses(HTTPX)) and "textual" not in HTTPX.read_text()


@cache
def inside(cls: type) -> frozenset[str]:
    """The private names of a class of another package: what it defines, and what its methods give to `self`."""
    set_by_methods = re.findall(r"\bself\.(_\w+)", inspect.getsource(cls))
    return frozenset(name for name in {*vars(cls), *set_by_methods} if is_private(name))


def test_nothing_private_of_textual_is_overridden() -> None:
    """A method or an attribute of ours with a name of Textual's own would change what Textual does, unseen."""
    found, looked_at = [], set()
    for path, tree in TREES.items():
        for node in tree.body:
            if not isinstance(node, ast.ClassDef):
                continue
            parts = path.relative_to(ROOT).with_suffix("").parts
            cls = getattr(importlib.import_module(".".join(parts).removesuffix(".__init__")), node.name)
            for base in cls.__mro__:
                if base.__module__.startswith("textual."):
                    looked_at.add(cls)
                    found += [f"{node.name}.{name} is {base.__name__}'s" for name in own_names(node) & inside(base)]
    assert not found, found
    assert len(looked_at) > 30


def test_every_name_of_the_inside_is_looked_for() -> None:
    """`moved` would say that any of them has gone."""
    named = {node.attr for node in ast.walk(TREES[INSIDE]) if isinstance(node, ast.Attribute)}
    tables = [node.value for node in TREES[INSIDE].body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value]
    looked_for = {node.value for table in tables for node in ast.walk(table) if isinstance(node, ast.Constant)}
    assert {name for name in named if is_private(name)} <= looked_for


def test_all_of_the_inside_is_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = console(tmp_path)
    assert textual_internals.moved(app) == []
    monkeypatch.delattr(LinuxDriver, "_patch_iflag")
    monkeypatch.setattr(WriterThread, "__init__", lambda self: None)
    assert [one.rpartition(".")[2] for one in textual_internals.moved(app)] == ["_patch_iflag", "_queue"]
