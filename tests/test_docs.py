"""The pages, and what stands at the head of a source, say what is there: every name they use exists, and every name
that matters stands in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ng_tui import errors
from ng_tui.commands.table import COMMANDS

from .test_layers import CORE, ENGINE, names_in, production, sources

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
CODE = r"\bNG-\d{4}\b"


def page(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target) and not target.startswith("snapshots/"):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_test_that_a_page_names_exists() -> None:
    tests = {
        name
        for path in [*(ROOT / "tests").rglob("test_*.py"), *ENGINE.rglob("*.rs")]
        for name in re.findall(r"^\s*(?:async )?(?:def|fn) (\w+)\(", path.read_text(), re.M)
    }
    for path in PAGES:
        text = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
        named = set(re.findall(r"`(test_\w+|[a-z0-9]+(?:_[a-z0-9]+){3,})`", text)) - {"vec_of_eight"}
        missing = {name for name in named if name not in tests and not name.endswith(".py")}
        assert not missing, f"{path.name}: {sorted(missing)}"


def names_of_files(text: str) -> set[str]:
    """What stands in backticks and is the name of a source or a folder; `NAME` stands for any."""
    names = re.findall(r"`([\w.-]+(?:/[\w.-]+)*(?:\.rs|\.py|/))`", re.sub(r"```.*?```", "", text, flags=re.S))
    names += re.findall(r"`((?:engine|ng_tui|docs|tests|schema|packaging|ng-\w+)/[\w./-]+)`", text)
    return {name.rstrip("/") for name in names if "NAME" not in name}


def heads() -> Iterator[tuple[Path, str]]:
    """What stands at the head of each source of the engine, the console and the tests."""
    for path in sorted(ENGINE.rglob("*.rs")):
        yield path, "\n".join(re.findall(r"^//!(.*)", path.read_text(), re.M))
    for path in sorted([*(ROOT / "ng_tui").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]):
        yield path, ast.get_docstring(ast.parse(path.read_text())) or ""


def test_every_file_that_a_page_names_exists() -> None:
    """A page may leave out the folders that lead to a file."""
    folders = [*ENGINE.glob("*"), *(ROOT / name for name in ("docs", "ng_tui", "packaging", "schema", "tests"))]
    paths = [path for folder in folders for path in [folder, *folder.rglob("*")]]
    known = {"/".join(path.parts[start:]) for path in paths for start in range(len(ROOT.parts), len(path.parts))}
    for name in ("docs/ARCHITECTURE.md", "CONTRIBUTING.md", "docs/GLOSSARY.md"):
        missing = names_of_files(page(name)) - known
        assert not missing, f"{name}: {sorted(missing)}"


def test_every_file_that_a_source_names_exists() -> None:
    """A source names what lies beside it or below; anything else with its path."""
    found = []
    for path, text in heads():
        roots = [ROOT, ENGINE, *(parent for parent in path.parents if parent.name == "src")]
        for name in names_of_files(text):
            if not any((root / name).exists() for root in roots) and not any(path.parent.rglob(name)):
                found.append(f"{path.relative_to(ROOT)}: {name}")
    assert not found, found


def test_the_layout_of_a_crate_names_its_modules() -> None:
    layouts = {path: text.partition("# Layout")[2] for path, text in heads() if path.match("src/lib.rs")}
    for path, layout in layouts.items():
        modules = set(re.findall(r"^(?:pub )?mod (\w+);", path.read_text(), re.M)) - {"tests"}
        missing = {name for name in modules if not re.search(rf"`{name}(?:\.rs|/)?`", layout)} if layout else set()
        gone = set(re.findall(r"`([a-z_]+)`", layout)) - modules
        crate = path.parts[-3]
        assert not missing and not gone, f"{crate}: not named {sorted(missing)}, not there {sorted(gone)}"
    assert sum(map(bool, layouts.values())) > 5


def test_every_error_code_is_listed_once() -> None:
    used = set()
    for path in [*(ROOT / "ng_tui").rglob("*.py"), *ENGINE.rglob("*.rs")]:
        text = production(path) if path.suffix == ".rs" else path.read_text()
        used |= set(re.findall(CODE, text))
    listed = re.findall(rf"^\| ({CODE}) \|", page("docs/ERRORS.md"), re.M)
    assert sorted(listed) == sorted(used), (
        f"not listed {sorted(used - set(listed))}, not used {sorted(set(listed) - used)}"
    )


def test_every_exit_code_is_listed() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", page("docs/ERRORS.md"), re.M)}
    text = "".join(path.read_text() for path in (ROOT / "ng_tui").rglob("*.py") if path.name != "errors.py")
    used = {value for name, value in vars(errors).items() if name.startswith("EXIT_") and name in text} | {
        errors.EXIT_FAILURE,
        errors.EXIT_BUSY,
    }
    assert used <= listed, sorted(used - listed)


@pytest.mark.parametrize(
    ("kind", "folder"),
    [
        ("SensorType", ENGINE / "ng-sensors" / "src"),
        ("Encoder", ENGINE / "ng-reading" / "src" / "encoders"),
        ("RuleType", CORE / "guard"),
        ("ActionType", CORE / "actions"),
    ],
)
def test_the_architecture_names_every_part(kind: str, folder: Path) -> None:
    text = page("docs/ARCHITECTURE.md")
    missing = {name for name in names_in(folder, kind) if f"`{name}`" not in text}
    assert not missing, f"docs/ARCHITECTURE.md does not name {sorted(missing)}"


def test_the_architecture_names_every_module_crate_and_stage() -> None:
    text = page("docs/ARCHITECTURE.md")
    modules = re.findall(r"^        id: \"(\w+)\"", (CORE / "registry.rs").read_text(), re.M)
    assert len(modules) >= 8
    crates = [path.parent.name for path in ENGINE.glob("*/Cargo.toml")]
    missing = [name for name in [*modules, *crates] if name not in text]
    assert not missing, missing


def test_the_reference_describes_every_table() -> None:
    text = page("docs/CONFIG.md")
    tables = [f"sensors.{name}" for name in names_in(ENGINE / "ng-sensors" / "src", "SensorType")]
    tables += [f"guardian.{name}" for name in names_in(CORE / "guard", "RuleType")]
    missing = [table for table in tables if f"## `[{table}]`" not in text]
    assert not missing, missing


def test_the_readme_shows_every_command_and_is_short() -> None:
    text = page("README.md")
    assert len(text.splitlines()) <= 160
    missing = [name for name in COMMANDS if not re.search(rf"neurograph-tui (?:--?\S+ \S+ )*{name}\b", text)]
    assert not missing, missing


def test_the_keys_of_the_readme_are_those_of_the_keymap() -> None:
    """The table names keys as the footer does."""
    from ng_tui.keymap import ACTIONS

    known = {key for action in ACTIONS for key in action.keys.split(",")} | {"1", "4"}
    table = re.search(r"## Keys\n(.*?)\n## ", page("README.md"), re.S)
    assert table is not None
    keys = [key for row in re.findall(r"^\| (.+?) \|", table[1], re.M)[1:] for key in re.findall(r"`([^`]+)`", row)]
    assert len(keys) > 20
    missing = [key for key in keys if key.replace("esc", "escape") not in known]
    assert not missing, missing


def test_no_page_names_a_place_of_one_machine() -> None:
    for path in PAGES:
        assert not re.search(r"/(?:root|work|tmp)/\w", path.read_text()), path.name


def test_sources_are_found() -> None:
    """The helpers of the tests above look where the sources are."""
    assert len(sources(CORE)) > 50
    assert {"text", "json"} <= names_in(ENGINE / "ng-reading" / "src" / "encoders", "Encoder")
