"""Plays a recorded conversation with the seed's dialect: a file of JSON lines, one step each.

| step | what it does |
|---|---|
| `open` | connects, as `admin` or `anonymous` |
| `send`, `send_text`, `send_binary` | sends an object, a text, bytes in hexadecimal |
| `write` | adds a line to the file that the engine follows |
| `put`, `body` | a request over REST |
| `visit` | another client comes and goes |
| `receive` | the next frame is this one; with `in_any_order` the steps that stand together may come in any order |
| `receive_modules` | as many frames as there are modules, all of this shape |
| `close` | ends the connection |
| `says` | a remark |

A text in angle brackets stands for what is different each time: see `MASKS`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .engine import Engine
from .seed import Seed, write

Step = dict[str, Any]


def is_number(value: object) -> bool:
    """A number, and not a truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_like(pattern: str) -> Callable[[object], bool]:
    """A test for texts."""
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.S) is not None


MASKS: dict[str, Callable[[object], bool]] = {
    "<any>": lambda value: True,
    "<number>": is_number,
    "<number?>": lambda value: value is None or is_number(value),
    "<seq>": is_like(r"\d+"),
    "<text>": is_like(".+"),
    "<time>": is_like(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
    "<token>": is_like(r"[A-Za-z0-9_-]{43}"),
    "<uuid>": is_like(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
}


def play(golden: Path, engine: Engine, path: Path) -> int:
    """Plays every step and returns how many there were. `path`: the file that the engine follows."""
    steps: list[Step] = [json.loads(line) for line in golden.read_text().splitlines()]
    client: Seed | None = None
    waiting: list[tuple[int, Step]] = []
    for number, step in enumerate(steps, 1):
        if "open" in step:
            client = Seed(engine, admin=step["open"] == "admin")
        elif client is not None:
            if step.get("in_any_order"):
                waiting.append((number, step["receive"]))
                continue
            settle(client, waiting)
            act(client, engine, path, number, step)
    assert client is not None
    return len(steps)


def settle(client: Seed, waiting: list[tuple[int, Step]]) -> None:
    """Receives the frames that may come in any order."""
    while waiting:
        frame = client.frame()
        found = next((one for one in waiting if difference(one[1], frame) is None), None)
        assert found is not None, f"{frame} is none of {waiting}"
        waiting.remove(found)


def act(client: Seed, engine: Engine, path: Path, number: int, step: Step) -> None:
    """Does one step."""
    if "send" in step:
        client.send(step["send"])
    elif "send_text" in step:
        client.socket.send(step["send_text"])
    elif "send_binary" in step:
        client.socket.send(bytes.fromhex(step["send_binary"]))
    elif "write" in step:
        write(path, step["write"])
    elif "put" in step:
        with engine.admin() as rest:
            assert rest.put(step["put"], json=step["body"]).status_code == 200, step
    elif "visit" in step:
        with Seed(engine, admin=False) as visitor:
            visitor.frame()
    elif "receive" in step:
        receive(client, number, step["receive"])
    elif "receive_modules" in step:
        with engine.admin() as rest:
            for _ in range(rest.get("/api/v1/modules").json()["total"]):
                receive(client, number, step["receive_modules"])
    elif "close" in step:
        client.__exit__()
    else:
        assert set(step) == {"says"}, step


def receive(client: Seed, number: int, expected: object) -> None:
    """The next frame is the expected one."""
    frame = client.frame()
    where = difference(expected, frame)
    assert where is None, f"line {number}: {where}, in {json.dumps(frame)}"


def difference(expected: object, found: object, place: str = "frame") -> str | None:
    """Where two values differ, in words; none when they do not."""
    if isinstance(expected, str) and expected in MASKS:
        return None if MASKS[expected](found) else f"{place}: {found!r} is no {expected}"
    if isinstance(expected, dict) and isinstance(found, dict):
        if set(expected) != set(found):
            return f"{place}: the keys {sorted(set(expected) ^ set(found))}"
        parts = (difference(value, found[key], f"{place}.{key}") for key, value in expected.items())
        return next((part for part in parts if part), None)
    same = expected == found and type(expected) is type(found)
    return None if same else f"{place}: expected {expected!r}, found {found!r}"
