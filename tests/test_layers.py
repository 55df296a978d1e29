"""What the engine's source may use: the arrows between the stages, and to the outside world. Cargo holds the crates.

Tests inside the crates are left out: they may use what they like.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "engine"
CORE = ENGINE / "ng-core" / "src"

PURE = ("ng-wire", "ng-model", "ng-reading", "ng-filter", "ng-detect", "ng-core", "ng-journal")
"""No I/O, no threads, no clock; in ng-core but for the event loop, in ng-journal but for the store."""

STAGES = ("guard", "patterns", "route", "actions")
"""The stages that lie in ng-core; reading and detection are crates, whose walls Cargo holds."""

UNSAFE = {"ng-detect", "ng-python"}
"""The distance kernels, and what the macros of the binding write. Every other crate forbids it to itself."""

OUTSIDE = (
    r"\bstd::(?:thread|fs|net|process|env|os)\b|\b(?:Instant|SystemTime)\b|\bstd::io::(?:std\w+)"
    r"|\bTimeZone::(?:system|try_system|get)\b|\b(?:Timestamp|ZonedDateTime)::now\b|\btz::db\b"
)
WAITS = {"ng-core/src/route/queue.rs": {"Instant"}}
"""A reader of a subscription waits with a deadline, on its own thread; no stage calls it."""


def production(path: Path) -> str:
    """The source without comments, without test modules, and without the file when it is one."""
    if path.stem in {"tests", "testing"} or path.stem.endswith("_tests") or "tests" in path.parts:
        return ""
    text = re.sub(r"//.*", "", path.read_text())
    return re.split(r"#\[cfg\(test\)\]\s*(?:pub\S* )?mod \w+ \{", text)[0]


def sources(folder: Path) -> list[Path]:
    if folder.is_dir():
        return sorted(folder.rglob("*.rs"))
    return [folder.with_suffix(".rs")]


def used(path: Path) -> set[str]:
    """The modules of its own crate that a file names."""
    text = production(path)
    names = set(re.findall(r"\bcrate::(\w+)", text))
    for group in re.findall(r"\bcrate::\{([^;]*)\};", text):
        names |= set(re.findall(r"(?:^|,)\s*(\w+)", re.sub(r"\{[^{}]*\}", "", group)))
    return names


def test_only_the_event_loop_and_the_store_touch_the_outside() -> None:
    found = []
    for path in (path for crate in PURE for path in sources(ENGINE / crate / "src")):
        name = str(path.relative_to(ENGINE))
        if not name.startswith(("ng-core/src/event_loop", "ng-journal/src/store/")):
            more = set(re.findall(OUTSIDE, production(path))) - WAITS.get(name, set())
            found += [f"{name}: {sorted(more)}"] if more else []
    assert not found, found


def test_stages_do_not_import_each_other() -> None:
    """What stages share lies in the crates below."""
    found = []
    for stage in STAGES:
        for path in sources(CORE / stage):
            more = used(path) - {stage}
            found += [f"{path.relative_to(CORE)}: {sorted(more)}"] if more else []
    assert not found, found


def test_only_the_pipeline_knows_the_order() -> None:
    """A file outside the stages that calls more than two of them would be a second pipeline."""
    for path in sources(CORE):
        top = path.relative_to(CORE).parts[0].removesuffix(".rs")
        if top in {*STAGES, "engine", "lib"}:
            continue
        text = production(path)
        stepping = [
            call
            for call in (r"\.check\(&event", r"\.observe\(&", r"\.score\(&", r"\.deliver\(&")
            if re.search(call, text)
        ]
        assert not stepping, f"{path.name} runs stages: {stepping}"


def test_results_do_not_depend_on_the_order_of_a_hash_map() -> None:
    """Hash maps of the standard library are seeded by chance; none is used where records are made."""
    found = [
        str(path.relative_to(ENGINE))
        for path in (path for crate in PURE for path in sources(ENGINE / crate / "src"))
        if re.search(r"collections::[^;]*\bHash(?:Map|Set)\b", production(path))
    ]
    assert not found, found


def test_unsafe_code_is_in_the_kernel_alone() -> None:
    """Where it is forbidden the compiler sees to it; in ng-detect the kernels allow it to themselves."""
    roots = [path for path in ENGINE.glob("*/src/*.rs") if path.name in {"lib.rs", "main.rs"}]
    permits = {path.parts[-3] for path in roots if "#![forbid(unsafe_code)]" not in path.read_text()}
    assert permits == UNSAFE
    allowed = {
        str(path.relative_to(ENGINE))
        for path in sources(ENGINE / "ng-detect" / "src")
        if "unsafe_code" in production(path)
    }
    kernel = "ng-detect/src/kernel"
    assert allowed <= {f"{kernel}.rs", *(f"{kernel}/{name}.rs" for name in ("avx2", "avx512", "network"))}, allowed


def test_no_channel_is_unbounded() -> None:
    found = [
        str(path.relative_to(ENGINE))
        for path in sources(ENGINE)
        if re.search(r"\bunbounded\b|mpsc::channel\(", production(path))
    ]
    assert not found, found


def test_there_is_one_way_to_read_a_body() -> None:
    """`rest/body.rs` counts what is held of a body; whatever else took one would hold it uncounted."""
    server = ENGINE / "ng-server" / "src"
    around = {"answers.rs", "bodies.rs", "middleware.rs", "unread.rs", "rest/body.rs"}
    other = (
        r"\bbody::(?:\{[^}]*)?(?:Bytes|to_bytes)\b|into_data_stream"
        r"|\baxum::(?:extract::)?(?:\{[^}]*\b)?(?:Form|RawForm|Multipart)\b"
    )
    found = [
        str(path.relative_to(server))
        for path in sources(server)
        if str(path.relative_to(server)) not in around and re.search(other, production(path))
    ]
    assert not found, found
    assert "body::Bytes" not in production(server / "rest" / "body.rs")


def names_in(folder: Path, kind: str) -> set[str]:
    """The `name` of every static of a type, such as every `SensorType`, in the files of a folder."""
    found = set()
    for path in sources(folder):
        for body in re.findall(rf"static \w+: {kind} =\s+{kind} \{{(.*?)\}};", path.read_text(), re.S):
            found |= set(re.findall(r"^\s*name: \"([^\"]+)\"", body, re.M))
    return found


def test_every_row_of_a_table_is_in_its_table() -> None:
    """A file with a sensor, encoding, wrapper, encoder, command, rule or action that no table lists would never run."""
    tables = (
        (ENGINE / "ng-sensors" / "src", "SensorType", "SENSORS", "SENSOR", "lib.rs"),
        (ENGINE / "ng-reading" / "src" / "encoders", "Encoder", "ENCODERS", "ENCODER", "mod.rs"),
        (ENGINE / "ng-reading" / "src" / "unwrap", "Wrapper", "WRAPPERS", "WRAPPER", "mod.rs"),
        (ENGINE / "ng-reading" / "src" / "decode", "Row", "ENCODINGS", "ROW", "mod.rs"),
        (
            ENGINE / "ng-reading" / "src" / "encoders" / "metric_lines",
            "Notation",
            "NOTATIONS",
            "NOTATION",
            "mod.rs",
        ),
        (CORE / "commands", "CommandType", "COMMANDS", "COMMAND", "mod.rs"),
        (CORE / "guard", "RuleType", "RULES", "RULE", "mod.rs"),
        (CORE / "actions", "ActionType", "ACTIONS", "ACTION", "mod.rs"),
    )
    for folder, kind, table, static, file in tables:
        rows = re.search(rf"^(?:pub )?static {table}:[^=]*=\s*&\[(.*?)\];", (folder / file).read_text(), re.S | re.M)
        assert rows is not None, table
        listed = set(re.findall(rf"&(\w+)::{static}\b", rows[1]))
        files = {path.stem for path in sources(folder) if re.search(rf"static {static}: {kind}\b", path.read_text())}
        assert files == listed, f"{table}: not listed {sorted(files - listed)}, without a file {sorted(listed - files)}"
        # These have no name that anybody reads.
        assert kind in {"Wrapper", "Row", "Notation"} or names_in(folder, kind), kind


def variants(name: str) -> list[str]:
    """The variants of an enumeration of ng-wire, in their order."""
    for path in sources(ENGINE / "ng-wire" / "src"):
        if body := re.search(rf"pub enum {name} \{{(.*?)\n\}}", re.sub(r"//.*", "", path.read_text()), re.S):
            return re.findall(r"^    (\w+)", body[1], re.M)
    raise AssertionError(f"no enumeration {name}")


def test_every_format_is_known_everywhere() -> None:
    """A format that the lists or the filters do not know would make its records unreadable, or never found."""
    wire = "".join(path.read_text() for path in sources(ENGINE / "ng-wire" / "src"))
    for name in ("Format", "Unit", "Outcome", "Scoring", "Finding"):
        table = re.search(rf"const ALL: \[{name}; \d+\] =\s*\[(.*?)\];", wire, re.S)
        assert table is not None, name
        assert re.findall(rf"{name}::(\w+)", table[1]) == variants(name), f"ng-wire: the list of {name}"
    fields = (ENGINE / "ng-filter" / "src" / "fields.rs").read_text()
    listed = re.search(r"fn formats\(\).*?vec!\[(.*?)\]", fields, re.S)
    assert listed is not None
    assert re.findall(r"\"(\w+)\"", listed[1]) == [name.lower() for name in variants("Format")], (
        "ng-filter/src/fields.rs: formats"
    )
    read = {
        format
        for path in sources(ENGINE / "ng-reading" / "src" / "encoders")
        for format in re.findall(r"^    format: Format::(\w+)", path.read_text(), re.M)
    }
    assert read == set(variants("Format")), "each format has one encoder, by which its bytes are read again"


def test_piped_input_replaces_every_live_sensor() -> None:
    from ng_tui.config import LIVE_SENSORS

    assert {*LIVE_SENSORS, "stdin"} == names_in(ENGINE / "ng-sensors" / "src", "SensorType")
