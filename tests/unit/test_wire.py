"""The Python types hold everything that the golden frames of `schema/examples` say.

The same files are read by `engine/ng-wire/tests/schema.rs`. Files named `request…` are requests, all others are frames.
Their numbers are exact in single and in double precision, so that both languages write them alike.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ng_tui.client import wire

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "schema" / "examples").glob("*.json"))


def without_nulls(value: Any) -> Any:
    """The value as this side writes it: an absent field is left out instead of null."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    return value


def type_of(path: Path) -> type[wire.Request] | type[wire.Frame]:
    return wire.Request if path.name.startswith("request") else wire.Frame


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_golden_frame_is_decoded_and_encoded_without_loss(path: Path) -> None:
    golden = json.loads(path.read_text())
    value = msgspec.json.decode(path.read_bytes(), type=type_of(path))
    assert json.loads(msgspec.json.encode(value)) == without_nulls(golden)
    packed = msgspec.msgpack.encode(value)
    assert msgspec.msgpack.decode(packed, type=type_of(path)) == value
    # What the engine packs names every field, the absent ones too.
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(golden), type=type_of(path)) == value


def test_every_variant_has_a_golden_frame() -> None:
    values = [msgspec.json.decode(path.read_bytes(), type=type_of(path)) for path in EXAMPLES]
    frames = [value for value in values if isinstance(value, wire.Frame)]
    commands = [value.command for value in values if isinstance(value, wire.Request)]
    for kind, found in ((wire.Frame, frames), (wire.Command, commands)):
        names = {field.name for field in msgspec.structs.fields(kind)}
        shown = {name for one in found for name in names if getattr(one, name) is not None}
        assert shown == names, f"{kind.__name__}: no example of {sorted(names - shown)}"


def test_exactly_one_variant_is_set() -> None:
    for path in EXAMPLES:
        value = msgspec.json.decode(path.read_bytes(), type=type_of(path))
        one = value.command if isinstance(value, wire.Request) else value
        assert len(without_nulls(msgspec.to_builtins(one))) == 1, path.name


def test_the_types_are_fresh() -> None:
    """`make schema` writes them from the schema."""
    command = [sys.executable, str(ROOT / "schema" / "generate.py"), "--check"]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
