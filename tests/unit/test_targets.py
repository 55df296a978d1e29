"""Which engine a command speaks to, under which names, and how lines of standard input become events."""

from __future__ import annotations

import os
import threading
import time

import msgspec
import pytest

from ng_tui.client.address import resolve
from ng_tui.commands.context import Context
from ng_tui.commands.emit import MOST_LINES, batches, event
from ng_tui.commands.targets import places, profiles, short_names
from ng_tui.config import Flags, load
from ng_tui.connection import Place


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


def test_places_and_profiles_come_from_the_configuration() -> None:
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
    assert places(config, found) == {
        "shop": Place(local=False, target="shop", profile="shop", colour="error"),
        "here": Place(local=True),
        "there": Place(local=True, target="unix:/y"),
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


def test_lines_are_numbered_and_sent_together() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as end, os.fdopen(writer, "wb") as pipe:

        def write() -> None:
            pipe.write(b"a\r\n\n" + b"x\n" * MOST_LINES + b"end")
            pipe.close()

        threading.Thread(target=write).start()
        found = list(batches(end.fileno()))
    assert [len(batch) for batch in found] == [MOST_LINES, 2]
    assert found[0][:2] == [(1, "a"), (3, "x")] and found[1][-1] == (MOST_LINES + 3, "end")


def test_a_line_does_not_wait_for_the_end_of_the_input() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as end, os.fdopen(writer, "wb", buffering=0) as pipe:
        stream = batches(end.fileno())
        pipe.write(b"first\nsec")
        begun = time.monotonic()
        assert next(stream) == [(1, "first")]
        assert time.monotonic() - begun < 5
        pipe.write(b"ond\n")
        assert next(stream) == [(2, "second")]
