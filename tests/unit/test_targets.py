"""Which engine a command speaks to, under which names, and how lines of standard input become events."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import msgspec
import pytest

from ng_tui.client.address import resolve
from ng_tui.commands.context import Context
from ng_tui.commands.emit import event
from ng_tui.commands.inflow import Found, Inflow
from ng_tui.commands.targets import profiles, remote_engines, short_names
from ng_tui.config import Flags, load
from ng_tui.connection import RemoteEngine


@pytest.mark.parametrize(
    ("targets", "names"),
    [
        (["ssh://a", "ssh://root@b:2222", "https://c:8443", "unix:/x"], ["a", "root@b", "c:8443", "local"]),
        (["ssh://a", "ssh://a/x.sock", "ssh://a/y.sock"], ["a", "a#2", "a#3"]),
        (["ssh://a", "ssh://a"], ["a"]),
        (["shop", "ssh://shop"], ["shop", "shop#2"]),
    ],
)
def test_engines_get_short_names(targets: list[str], names: list[str]) -> None:
    known = {"shop": {"url": "ssh://web-1"}}
    found = short_names(resolve(target, known) for target in targets)
    assert list(found) == names and not any("/" in name for name in found)


def test_remote_engines_and_profiles_come_from_the_configuration() -> None:
    settings = (
        "server.socket=/x",
        "profiles.shop=ssh://web-1",
        "profile_colours.shop=error",
        "profile_tokens.shop=/token",
        "profile_certificates.other=/pem",
    )
    config = load(Flags(settings=settings), {})
    named = profiles(config)
    assert named == {"shop": {"url": "ssh://web-1", "token_file": "/token", "colour": "error"}}
    found = {"shop": resolve("shop", named), "here": resolve("unix:/x"), "there": resolve("unix:/y")}
    assert remote_engines(config, found) == {
        "shop": RemoteEngine(local=False, target="shop", profile="shop", colour="error"),
        "here": RemoteEngine(local=True),
        "there": RemoteEngine(local=True, target="unix:/y"),
    }


@pytest.mark.parametrize(
    ("context", "own"),
    [
        (Context(), False),
        (Context(settings=("console.theme=day", "server.socket=/x", "keys.app.help=h")), False),
        (Context(settings=("sensors.host.enabled=false",)), True),
        (Context(files=("*.log",)), True),
        (Context(embedded=True), True),
    ],
)
def test_what_asks_for_an_engine_of_its_own(context: Context, own: bool) -> None:
    assert context.wants_own_engine is own


@pytest.mark.parametrize(
    ("text", "fields", "sent"),
    [
        ("plain", {}, "plain"),
        ("plain", {"level": "warn"}, {"message": "plain", "level": "warn"}),
        ('{"msg":"x","n":1.50}', {}, msgspec.Raw(b'{"msg":"x","n":1.50}')),
        (
            '{"msg":"x","level":"error"}',
            {"level": "warn", "type": "a.b"},
            {"msg": "x", "level": "error", "type": "a.b"},
        ),
        ("{not json", {}, "{not json"),
    ],
)
def test_what_is_sent_for_a_text(text: str, fields: dict[str, str], sent: object) -> None:
    assert event(text, fields) == sent


async def read(descriptor: int, most: int) -> list[Found]:
    inflow = Inflow(descriptor, most)
    return [one async for found in inflow for one in found] + inflow.rest()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"a\r\n\nend", [b"a", b"end"]),
        (b"12345678\n123456789\nb\n", [b"12345678", 9, b"b"]),
        (b"a\n" + b"x" * 200_000 + b"\nb", [b"a", 200_000, b"b"]),
        (b"x" * 200_000, [200_000]),
        (b"E: x\n at y\nz\n", [b"E: x\n at y", b"z"]),
        (gzip.compress(b"a\nb\n", mtime=0), [b"a", b"b"]),
        (b"", []),
    ],
)
@pytest.mark.parametrize("kind", ["pipe", "file"])
async def test_events_are_read_and_bounded(tmp_path: Path, kind: str, data: bytes, found: list[Found]) -> None:
    if kind == "file":
        (tmp_path / "data").write_bytes(data)
        with (tmp_path / "data").open("rb") as file:
            assert await read(file.fileno(), 8) == found
        return
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as end, os.fdopen(writer, "wb") as pipe:

        def write() -> None:
            pipe.write(data)
            pipe.close()

        threading.Thread(target=write).start()
        assert await read(end.fileno(), 8) == found


async def test_an_event_does_not_wait_for_the_end_of_the_input() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as end, os.fdopen(writer, "wb", buffering=0) as pipe:
        stream = aiter(Inflow(end.fileno()))
        pipe.write(b"first\nsecond\n")
        assert await anext(stream) == [b"first"]
        assert await anext(stream) == [b"second"]
        await stream.aclose()
