"""Writes ng_tui/client/wire.py from schema/wire.schema.json (`make schema`); with --check only compares.

Objects become msgspec structs, enumerations of strings become StrEnum, and a sum type whose variants each have one key
(`Frame`, `Command`) becomes a struct in which exactly one field is set. Fields keep the order of the Rust struct.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "schema" / "wire.schema.json"
TARGET = ROOT / "ng_tui" / "client" / "wire.py"
HEAD = '''"""Types of what crosses the border to the engine. GENERATED from schema/wire.schema.json by `make schema`."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

SettingValue = bool | int | float | str | list[str]
'''
PRIMITIVES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


def python_type(schema: dict[str, Any]) -> str:
    """The annotation of one field."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " | ".join("None" if part == {"type": "null"} else python_type(part) for part in schema["anyOf"])
    kind = schema["type"]
    if isinstance(kind, list):
        return " | ".join("None" if name == "null" else python_type({**schema, "type": name}) for name in kind)
    if kind == "array":
        return f"list[{python_type(schema['items'])}]"
    if kind == "object":
        return f"dict[str, {python_type(schema['additionalProperties'])}]"
    return PRIMITIVES[kind]


def docstring(text: str, indent: str) -> str:
    """A docstring or a comment of at most 120 columns."""
    words = " ".join(text.split()).replace("`", "")
    lines = textwrap.wrap(words, 110 - len(indent))
    if len(lines) == 1:
        return f'{indent}"""{lines[0]}"""\n'
    return f'{indent}"""' + f"\n{indent}".join(lines) + f'\n{indent}"""\n'


def fields(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, annotation with default) of every property; required ones first, in the order of the Rust struct."""
    properties, required = schema.get("properties", {}), schema.get("required", [])
    optional = [name for name in properties if name not in required]
    rows = [(name, python_type(properties[name])) for name in required]
    return rows + [(name, optional_type(properties[name])) for name in optional]


def optional_type(schema: dict[str, Any]) -> str:
    """The annotation of a field that may be left out: a number has a default in the schema, of others Rust has it."""
    annotation, default = python_type(schema), schema.get("default")
    if isinstance(default, int | float):
        return f"{annotation} = {default}"
    return f"{annotation} = None" if "None" in annotation.split(" | ") else f"{annotation} | None = None"


def struct(name: str, schema: dict[str, Any]) -> str:
    """One struct."""
    # An optional value in Rust is always encoded, so that a missing key on this side is a mistake only for the
    # required ones; `omit_defaults` keeps requests and recordings small.
    lines = [f"class {name}(Struct, omit_defaults=True):\n", docstring(schema.get("description", name), "    "), "\n"]
    lines += [f"    {field}: {annotation}\n" for field, annotation in fields(schema)]
    return "".join(lines)


def enumeration(name: str, schema: dict[str, Any]) -> str:
    """One enumeration of strings."""
    variants = schema.get("oneOf") or [{"const": value} for value in schema["enum"]]
    lines = [f"class {name}(StrEnum):\n", docstring(schema.get("description", name), "    "), "\n"]
    for variant in variants:
        lines.append(f'    {variant["const"].upper()} = "{variant["const"]}"\n')
    return "".join(lines)


def sum_type(name: str, schema: dict[str, Any]) -> str:
    """A struct with one optional field for each variant, preceded by the structs of inline variants."""
    parts, rows = [], []
    for variant in schema["oneOf"]:
        (key,) = variant["properties"]
        inner = variant["properties"][key]
        if inner.get("type") == "object" and "properties" in inner:
            inline = "".join(word.capitalize() for word in key.split("_")) + name
            parts.append(struct(inline, {"description": variant.get("description", key), **inner}))
            rows.append(f"    {key}: {inline} | None = None\n")
        else:
            rows.append(f"    {key}: {python_type(inner)} | None = None\n")
    description = schema.get("description", name) + " Exactly one field is set."
    body = [f"class {name}(Struct, omit_defaults=True):\n", docstring(description, "    "), "\n", *rows]
    return "\n\n".join([*parts, "".join(body)])


def generate() -> str:
    """The whole module."""
    definitions = json.loads(SCHEMA.read_text())["$defs"]
    parts = []
    for name, schema in definitions.items():
        if name == "SettingValue":
            continue
        variants = schema.get("oneOf", [])
        if "enum" in schema or (variants and all("const" in variant for variant in variants)):
            parts.append(enumeration(name, schema))
        elif variants:
            parts.append(sum_type(name, schema))
        else:
            parts.append(struct(name, schema))
    return HEAD + "\n\n" + "\n\n".join(parts)


def main() -> None:
    """Writes or compares."""
    fresh = generate()
    if "--check" not in sys.argv:
        TARGET.write_text(fresh)
    elif TARGET.read_text() != fresh:
        sys.exit("ng_tui/client/wire.py is stale: run `make schema`")


if __name__ == "__main__":
    main()
