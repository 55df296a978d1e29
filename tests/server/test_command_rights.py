"""A command needs the same right over HTTP, where the row of its path names it, as over `/ws`, where its kind does."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ng_tui.client.wire import Command

from .accounts import add, client, login, socket
from .engine import Engine

BASE = "/api/v1"
EQUAL = [1.0] * 8
CRON = {"filter": {"filter": "cron"}}

ROWS: list[tuple[str, str, dict[str, str], Any, dict[str, Any]]] = [
    (
        "PUT",
        "/modules/{id}/enabled",
        {"id": "grid"},
        {"enabled": True},
        {"set_module": {"module": "grid", "enabled": True}},
    ),
    ("PUT", "/modules/{id}/config", {"id": "grid"}, {"config": {}}, {"configure": {"module": "grid", "values": {}}}),
    (
        "PUT",
        "/guardian/rules/{rule}/mode",
        {"rule": "bounds"},
        {"mode": "observe"},
        {"set_rule_mode": {"rule": "bounds", "mode": "observe"}},
    ),
    ("PUT", "/cdna/config", {}, {"dimension_scales": EQUAL}, {"set_weights": {"weights": EQUAL, "profile": None}}),
    ("PUT", "/cdna/config", {}, {"profile": "neutral"}, {"switch_profile": {"profile": "neutral"}}),
    ("PUT", "/cdna/scales", {}, {"scales": {}}, {"set_weights": {"weights": EQUAL, "profile": None}}),
    ("POST", "/cdna/profiles/{id}/switch", {"id": "neutral"}, None, {"switch_profile": {"profile": "neutral"}}),
    ("POST", "/cdna/quarantine/start", {}, None, {"start_trial": {"seconds": 300, "weights": None, "profile": None}}),
    ("POST", "/cdna/quarantine/stop", {}, None, {"stop_trial": {"keep": False}}),
    ("POST", "/cdna/rollback", {"version": "1"}, None, {"roll_back": {"version": 1}}),
    ("POST", "/cdna/rollback", {"version": "0"}, None, {"roll_back": {"version": 0}}),
    ("POST", "/cdna/reset", {}, None, {"roll_back": {"version": 0}}),
    ("POST", "/feedback", {}, {"seq": 0, "verdict": "ack"}, {"give_feedback": {"seq": 0, "verdict": "ack"}}),
    ("DELETE", "/feedback/{number}", {"number": "1"}, None, {"undo_feedback": {"number": 1}}),
    ("POST", "/silences", {}, {"target": CRON, "seconds": 60}, {"silence": {"target": CRON, "seconds": 60}}),
    ("DELETE", "/silences/{number}", {"number": "1"}, None, {"expire_silence": {"number": 1}}),
]
"""What is sent over HTTP: verb, path, parameters of path and query, body. And the command that it becomes."""
NO_COMMAND = {("POST", "/cdna/validate"), ("POST", "/cdna/export")}
"""Rows of the same files that change nothing."""
NO_ROW = {"set_learning"}
"""Commands that are sent over `/ws` alone."""


@pytest.fixture(scope="module")
def tokens(engine: Engine) -> dict[str, str]:
    """A token of each role."""
    roles = {"ann": "admin", "dan": "developer", "vic": "viewer", "bob": "bot"}
    add(engine.folder / "state", **roles)
    return {role: login(engine, name)["access_token"] for name, role in roles.items()}


def refused_over_http(engine: Engine, token: str) -> list[bool]:
    refused = []
    with client(engine, token) as http:
        for verb, path, given, body, _ in ROWS:
            query = {name: value for name, value in given.items() if f"{{{name}}}" not in path}
            answer = http.request(verb, BASE + path.format(**given), params=query, json=body)
            assert answer.status_code not in (401, 405, 422, 429), (path, answer.text)
            refused.append(answer.status_code == 403)
    return refused


def refused_over_ws(engine: Engine, token: str) -> list[bool]:
    refused = []
    with socket(engine, f"?token={token}") as line:
        line.send(json.dumps({"proto": 1, "views_only": True}))
        for number, (*_, command) in enumerate(ROWS, 1):
            line.send(json.dumps({"id": number, "actor": "", "command": command}))
            while True:
                frame = json.loads(line.recv(timeout=10))
                answer = frame.get("result") or frame.get("error")
                if answer is not None and answer["id"] == number:
                    refused.append(answer.get("code") == "FORBIDDEN")
                    break
    return refused


@pytest.mark.parametrize("role", ["admin", "developer", "viewer", "bot"])
def test_a_command_needs_the_same_right_over_http(engine: Engine, tokens: dict[str, str], role: str) -> None:
    over_http, over_ws = refused_over_http(engine, tokens[role]), refused_over_ws(engine, tokens[role])
    assert [(*row[:2], no) for row, no in zip(ROWS, over_http, strict=True)] == [
        (*row[:2], no) for row, no in zip(ROWS, over_ws, strict=True)
    ]
    expected = {"admin": {False}, "developer": {False, True}}.get(role, {True})
    assert set(over_ws) == expected


def test_every_row_that_sends_a_command_is_asked(engine: Engine) -> None:
    with engine.admin() as http:
        document = http.get(f"{BASE}/openapi.json").json()
    written = {
        (verb.upper(), path.removeprefix(BASE))
        for path, verbs in document["paths"].items()
        for verb in verbs
        if verb in {"put", "post", "delete"}
        and path.removeprefix(BASE).startswith(("/modules", "/guardian", "/cdna", "/feedback", "/silences"))
    }
    assert written - NO_COMMAND == {(verb, path) for verb, path, *_ in ROWS}
    known = {field.name for field in msgspec.structs.fields(Command)}
    assert {name for *_, command in ROWS for name in command} == known - NO_ROW
