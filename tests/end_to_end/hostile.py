"""Files, settings and recordings that hold the payloads, for the real console to show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from itertools import cycle
from pathlib import Path
from typing import Any

import msgspec

from ng_tui.client.wire import Frame, Level, Notice
from tests.console import sample_state

from .payloads import LONG, MARKUP, PAYLOADS, SPLIT

NAME = "log \x1b]0;owned\x07\x1b[2J\x9b2J \u202eevil [@click=app.quit]x[b] {curly} %s"
"""A file name."""

SHORT = "\x1b]0;owned\x07\x9b2J\u202e[/x][@click=app.quit]y[/]"
"""Something of everything, for names of all kinds."""


def lines() -> list[bytes]:
    """Every payload as a line, sequences cut in two lines, the payloads as JSON and logfmt fields, and the long one."""
    plain = [name.encode() + b": " + body for name, body in PAYLOADS]
    split = [half for pair in SPLIT for half in pair]
    fields = []
    for at in range(0, len(PAYLOADS), 6):
        chosen = {name: body.decode("utf-8", "replace")[:2000] for name, body in PAYLOADS[at : at + 6]}
        keys = {f"k{body}"[:60]: "key" for body in chosen.values()}
        fields.append(json.dumps({"msg": next(iter(chosen.values())), **chosen, **keys}, ensure_ascii=bool(at % 4)))
        quoted = (f'{name}="{body[:200]}"' for name, body in chosen.items() if '"' not in body)
        fields.append("level=warn msg=hostile " + " ".join(quoted))
    return [*plain, *split, *(field.encode() for field in fields), LONG[1]]


def log_folder(folder: Path) -> str:
    """A folder with the log under a hostile name; returns the glob that finds it."""
    folder.mkdir()
    (folder / NAME).write_bytes(b"\n".join(lines()) + b"\n")
    return str(folder / "*")


def configuration(home: dict[str, str], folder: Path) -> Path:
    """Alert rules, saved filters and themes with hostile names; returns the file."""
    name, file = json.dumps(SHORT), folder / "hostile.toml"
    file.write_text(
        f'[alerts]\n{name} = "when level>=warn then notify"\n[filters]\n{name} = "level>=error"\n'
        f"[guardian.size_limit]\nlimit = 4000\n[console]\ntheme = {name}\n"
    )
    themes = Path(home["XDG_CONFIG_HOME"]) / "neurograph-tui" / "themes"
    themes.mkdir(parents=True)
    source = (Path(__file__).parents[2] / "ng_tui" / "themes" / "night.toml").read_text().splitlines()
    kept = [line for line in source if not line.startswith(("name", "label"))]
    (themes / f"{SHORT.replace('/', '|')}.toml").write_text(f"name = {name}\n")
    (themes / "o.toml").write_text("\n".join([f'name = "o"\nlabel = {name}', *kept]))
    return file


def recording(path: Path, records: bytes) -> None:
    """Writes a recording: recorded frames, and views in which every text is a payload."""
    state = sample_state.sample_state(2, hostile=True)
    texts = cycle(f"{body.decode('utf-8', 'replace')[:300]}" for _, body in [*MARKUP, *PAYLOADS])
    frames = [
        Frame(modules=list(state.modules.values())),
        Frame(guardian=state.guardian),
        Frame(alerts=state.alerts),
        Frame(metrics=state.metrics),
    ]
    poisoned = [poison(frame, texts) for frame in frames]
    notices = [Frame(notice=Notice(1, Level.WARN, next(texts), next(texts))) for _ in PAYLOADS]
    path.write_bytes(records + b"".join(msgspec.json.encode(frame) + b"\n" for frame in [*notices, *poisoned]))


def poison(value: Any, texts: Iterator[str]) -> Any:
    """The value with a payload behind every text; names of settings and choices stay."""
    if isinstance(value, msgspec.Struct):
        kept = ("key", "encoder")
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        return type(value)(**{name: one if name in kept else poison(one, texts) for name, one in fields.items()})
    if isinstance(value, list):
        return [poison(one, texts) for one in value]
    if isinstance(value, dict):
        return {key: poison(one, texts) for key, one in value.items()}
    if isinstance(value, str) and not isinstance(value, Enum):
        return f"{value[:20]} {next(texts)}"
    return value
