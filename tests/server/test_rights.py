"""What a client may do is what its user may do now, while the engine runs: with tokens, keys, keys made by keys, tokens
to come back with, and connections that are open."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from .accounts import add, client, closing, login, socket, user
from .engine import Engine
from .waiting import until

KEYS = "/api/v1/api-keys"
SWITCH = "/api/v1/modules/intuition_engine/enabled"


def status(engine: Engine, bearer: str, verb: str = "PUT", path: str = SWITCH) -> int:
    with client(engine, bearer) as holder:
        return holder.request(verb, path, json={"enabled": True} if verb == "PUT" else None).status_code


def make_key(engine: Engine, bearer: str, *scopes: str) -> dict[str, Any]:
    with client(engine, bearer) as holder:
        answer = holder.post(KEYS, json={"name": "probe", "scopes": scopes})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """The connections of a test."""
    with ExitStack() as stack:
        yield stack


def inside(opened: ExitStack, engine: Engine, bearer: str) -> ClientConnection:
    """An open connection on the engine's own protocol, after its greeting."""
    line = opened.enter_context(socket(engine, f"?token={bearer}"))
    line.send(json.dumps({"proto": 1}))
    assert "hello" in json.loads(line.recv(timeout=10))
    return line


def seed(opened: ExitStack, engine: Engine, query: str) -> tuple[ClientConnection, dict[str, Any]]:
    """An open connection in the dialect of NeuroGraph OS, and its first frame."""
    line = opened.enter_context(connect(f"{engine.ws}{query}", compression=None))
    return line, json.loads(line.recv(timeout=10))


def answer(line: ClientConnection, kind: str, **request: Any) -> dict[str, Any]:
    line.send(json.dumps(request))
    while True:
        frame: dict[str, Any] = json.loads(line.recv(timeout=10))
        if frame.get("type") == kind:
            return frame


def change(engine: Engine, *arguments: str) -> None:
    done = user(engine.folder / "state", *arguments)
    assert done.returncode == 0, done.stderr


def told(engine: Engine, kind: str) -> list[str]:
    with engine.admin() as here:
        page = here.get("/api/v1/events", params={"filter": f"type:{kind}", "limit": 1000}).json()
    return [record["text"] for record in page["records"]]


def test_what_becomes_of_a_user_counts_at_once_for_all_that_it_has(
    start: Callable[..., Engine], opened: ExitStack
) -> None:
    engine = start()
    add(engine.folder / "state", ann="admin")
    token = login(engine, "ann")["access_token"]
    key = make_key(engine, token, "config:admin", "read:signals", "read:metrics")
    child = make_key(engine, key["api_key"], "config:admin", "read:signals")
    assert key["owner"] == child["owner"] == "ann"
    holders = (token, key["api_key"], child["api_key"])
    assert [status(engine, one) for one in holders] == [200, 200, 200]
    lines = [inside(opened, engine, one) for one in holders]
    old, _ = seed(opened, engine, f"?token={token}")
    answer(old, "subscribed", type="subscribe", channels=["signals", "metrics", "connections"])
    coming_back = answer(old, "reconnection_token", type="get_reconnection_token")["token"]

    change(engine, "role", "ann", "viewer")
    assert [status(engine, one) for one in holders] == [403, 403, 403]
    assert [status(engine, one, "GET", KEYS) for one in holders] == [403, 403, 403]
    assert [closing(line) for line in [*lines, old]] == [(1008, "RIGHTS_CHANGED")] * 4
    back, first = seed(opened, engine, f"?reconnection_token={coming_back}")
    assert (first["reconnected"], first["role"]) == (True, "viewer")
    assert answer(back, "subscriptions", type="get_subscriptions")["channels"] == ["metrics"]
    with client(engine, token) as holder:
        assert holder.get("/api/v1/auth/me").json()["role"] == "viewer"

    change(engine, "role", "ann", "admin")
    assert closing(back) == (1008, "RIGHTS_CHANGED")
    assert [status(engine, one) for one in holders] == [200, 200, 200]
    lines = [inside(opened, engine, one) for one in holders]
    change(engine, "disable", "ann")
    assert [status(engine, one) for one in holders] == [401, 401, 401]
    assert [closing(line) for line in lines] == [(1008, "CREDENTIALS_ENDED")] * 3

    change(engine, "enable", "ann")
    lines = [inside(opened, engine, one) for one in holders]
    old, _ = seed(opened, engine, f"?token={token}")
    coming_back = answer(old, "reconnection_token", type="get_reconnection_token")["token"]
    change(engine, "remove", "ann")
    # A user that is gone and there again between two looks of the engine was never gone for those who are told.
    until(lambda: "the user ann was removed" in told(engine, "auth.user_changed"))
    add(engine.folder / "state", ann="admin")
    assert [status(engine, one) for one in holders] == [401, 401, 401]
    assert [closing(line) for line in [*lines, old]] == [(1008, "CREDENTIALS_ENDED")] * 4
    _, first = seed(opened, engine, f"?reconnection_token={coming_back}")
    assert (first["reconnected"], first["user_id"]) == (False, None)
    remarks = ["is viewer now", "is admin now", "was disabled", "was enabled", "was removed", "was added as admin"]
    until(lambda: len(told(engine, "auth.user_changed")) >= len(remarks) + 1)
    for remark, message in zip(["was added as admin", *remarks], told(engine, "auth.user_changed"), strict=True):
        assert message == f"the user ann {remark}"


def test_a_password_that_is_changed_outside_ends_what_is_open(start: Callable[..., Engine], opened: ExitStack) -> None:
    engine = start()
    add(engine.folder / "state", ann="developer", bob="developer")
    lines = [inside(opened, engine, login(engine, name)["access_token"]) for name in ("ann", "bob")]
    done = user(engine.folder / "state", "passwd", "ann", given="another password\n")
    assert done.returncode == 0, done.stderr
    assert closing(lines[0]) == (1008, "CREDENTIALS_ENDED")
    lines[1].ping().wait(10)
    lines[1].send(json.dumps({"id": 7, "actor": "", "command": {"set_module": {"module": "grid", "enabled": True}}}))
    while "result" not in (frame := json.loads(lines[1].recv(timeout=10))):
        assert "error" not in frame


def test_a_key_from_the_socket_belongs_to_a_user(start: Callable[..., Engine]) -> None:
    engine = start()
    state = engine.folder / "state"
    add(state, ann="viewer")

    def make(**more: str) -> httpx.Response:
        with engine.admin() as here:
            return here.post(KEYS, json={"name": "probe", "scopes": ["steer", "read:modules"], **more})

    assert make().json()["owner"] == "admin", "the only admin"
    key = make(owner="ann").json()
    assert (key["owner"], status(engine, key["api_key"])) == ("ann", 403)
    assert status(engine, key["api_key"], "GET", "/api/v1/modules") == 200
    assert make(owner="nobody").status_code == 422
    change(engine, "role", "ann", "admin")
    assert make().status_code == 422 and "owner" in make().json()["message"]
    assert status(engine, key["api_key"]) == 200
    with client(engine, login(engine, "ann")["access_token"]) as ann:
        refused = ann.post(KEYS, json={"name": "probe", "owner": "admin"})
        assert refused.status_code == 403 and "belongs to ann" in refused.json()["message"]


def test_a_file_that_cannot_be_used_changes_nothing_and_is_told(start: Callable[..., Engine]) -> None:
    engine = start()
    path = engine.folder / "state" / "auth.json"
    add(path.parent, ann="admin")
    token, whole = login(engine, "ann")["access_token"], path.read_text()
    path.write_text(whole[:100])
    until(lambda: any("is no JSON" in message for message in told(engine, "auth.file")))
    assert status(engine, token) == 200
    with client(engine, token) as ann:
        assert ann.post(KEYS, json={"name": "probe"}).status_code == 500
    assert user(path.parent, "disable", "ann").returncode == 1
    assert path.read_text() == whole[:100]
    path.write_text(whole)
    until(lambda: any("can be used again" in message for message in told(engine, "auth.file")))
    change(engine, "disable", "ann")
    assert status(engine, token) == 401


def test_keys_that_belong_to_no_user_are_refused_and_told(start: Callable[..., Engine]) -> None:
    engine = start()
    with engine.admin() as here:
        keys = [here.post(KEYS, json={"name": "probe", "scopes": ["steer"]}).json() for _ in range(3)]
    engine.stop()
    path = engine.folder / "state" / "auth.json"
    contents = json.loads(path.read_text())
    contents["keys"][keys[1]["key_id"]]["owner"] = f"apikey_{keys[0]['key_id']}"
    contents["keys"][keys[2]["key_id"]]["owner"] = "uid 0"
    path.write_text(json.dumps(contents))
    engine.start()
    assert [status(engine, key["api_key"]) for key in keys] == [200, 200, 401]
    until(lambda: any(keys[2]["key_id"] in message for message in told(engine, "auth.keys_refused")))
    with engine.admin() as here:
        listed = {key["key_id"]: key for key in here.get(KEYS).json()["api_keys"]}
    assert [listed[key["key_id"]]["is_active"] for key in keys] == [True, True, False]
    assert [listed[key["key_id"]]["owner"] for key in keys] == ["admin", "admin", "uid 0"]
