"""Whoever is told to set something finds it: every setting that the hint of an error names exists."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ng_tui import _engine

from .test_layers import ENGINE, production

ROOT = Path(__file__).resolve().parents[1]
SETTING = re.compile(
    r"(?<![\w/$.{-])(?:[a-z]+(?:_[a-z0-9]+)+(?:\.[a-z_]+)*|[a-z]+(?:[._][a-z_]+)+)(?![\w(}])|\[[a-z_.]+\]"
)
"""What looks like a setting or a table: words with a low line or a dot between them, or a name in brackets."""
ELSEWHERE = frozenset({"ca_file"})
"""Arguments in Python, which a hint names as such."""
IN_RUST = re.compile(r'(?:\.hint\(|let hint =)\s*(?:format!\()?"((?:[^"\\]|\\.)*)"')


def hints() -> Iterator[tuple[str, str]]:
    """Every text that is handed to an error as its hint, or kept for one under that name; and those of the page."""
    for path in sorted((ROOT / "ng_tui").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            for one in ast.walk(value) if (value := hint_of(node)) is not None else ():
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield f"{path.name}:{one.lineno}", one.value
    for path in sorted(ENGINE.rglob("src/**/*.rs")):
        for text in IN_RUST.findall(production(path)):
            yield path.name, text
    for row in re.findall(r"^\| NG-\d+ \|.*\| ([^|]*) \|$", (ROOT / "docs" / "ERRORS.md").read_text(), re.M):
        yield "ERRORS.md", re.sub(r"\[[^]]+\]\([^)]*\)", "", row)


def hint_of(node: ast.AST) -> ast.expr | None:
    """The expression whose value becomes a hint."""
    if isinstance(node, ast.keyword) and node.arg == "hint":
        return node.value
    names = [one.id for one in getattr(node, "targets", []) if isinstance(one, ast.Name)]
    return node.value if isinstance(node, ast.Assign) and "hint" in names else None


def unknown(text: str) -> list[str]:
    """What a text names like a setting and is none."""
    named = {one.strip("[]") for one in SETTING.findall(text)}
    return sorted(one for one in named - ELSEWHERE - known() if not one.endswith((".toml", ".org")))


@cache
def known() -> frozenset[str]:
    """Every key, with its table and without, and every table."""
    keys = set(json.loads(_engine.resolve_config([])))
    tables = set(re.findall(r"^\[([a-z_.]+)\]", _engine.config_template(), re.M))
    return frozenset(keys | tables | {key.rpartition(".")[2] for key in keys})


def test_the_settings_that_hints_name_exist() -> None:
    wrong = [f"{place}: {one}" for place, text in hints() for one in unknown(text)]
    assert not wrong, wrong
    assert sum(bool(SETTING.search(text)) for _, text in hints()) > 5


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("give a token with token_file in a profile", ["token_file"]),
        ("set server.sokcet", ["server.sokcet"]),
        ("see [profile_token]", ["profile_token"]),
        ("name it in [profile_tokens]; set server.socket or tls_key", []),
    ],
)
def test_a_setting_that_does_not_exist_is_found(text: str, found: list[str]) -> None:
    assert unknown(text) == found
