"""API keys: the shapes that both REST clients read, where a key may stand, and what its scopes allow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.quiet import QUIET

from .accounts import UNCOUNTED, add, client, closing, login, socket
from .engine import Engine

KEYS = ["/api/v1/api-keys", "/api/v1/auth/api-keys", "/auth/api-keys"]
DESCRIBED = {"key_id", "name", "key_prefix", "scopes", "created_at", "expires_at", "last_used_at", "is_active"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("keys")
    add(folder / "state", admin="admin", developer="developer")
    one = Engine(folder, *QUIET, UNCOUNTED)
    yield one
    one.stop()


@pytest.fixture
def admin(engine: Engine) -> Iterator[httpx.Client]:
    with client(engine, login(engine)["access_token"]) as one:
        yield one


def made(admin: httpx.Client, scopes: list[str] | None = None, path: str = KEYS[0]) -> dict[str, Any]:
    answer = admin.post(path, json={"name": "probe", "scopes": scopes, "expires_in_days": None})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def rights(engine: Engine, key: str) -> set[str]:
    with client(engine, key) as holder:
        return set(holder.get("/api/v1/auth/me").json()["rights"])


@pytest.mark.parametrize("path", KEYS)
def test_the_life_of_a_key(engine: Engine, admin: httpx.Client, path: str) -> None:
    key = made(admin, ["metrics:read"], path)
    assert set(key) >= DESCRIBED | {"api_key", "success", "data", "meta"}
    assert re.fullmatch(r"ng_live_[\w-]{43}", key["api_key"]) and re.fullmatch(r"[0-9a-f]{16}", key["key_id"])
    assert key["key_prefix"] == key["api_key"][:16] and key["data"]["api_key"] == key["api_key"]
    one = f"{path}/{key['key_id']}"
    listed = admin.get(path)
    keys = listed.json() if path != KEYS[0] else listed.json()["api_keys"]
    assert isinstance(keys, list) and key["key_id"] in {one["key_id"] for one in keys}
    assert all(set(one) >= DESCRIBED and isinstance(one["scopes"], list) for one in keys)
    if path == KEYS[0]:
        assert listed.json()["keys"] == keys == listed.json()["data"]["keys"]
        assert listed.json()["count"] == len(keys)
    assert key["api_key"] not in listed.text + admin.get(one).text
    assert (admin.get(one).json()["last_used_at"], admin.get(one).json()["is_active"]) == (None, True)
    assert rights(engine, key["api_key"]) == {"read:metrics"}
    assert admin.get(one).json()["last_used_at"] is not None
    revoked = admin.post(f"{one}/revoke")
    assert (revoked.status_code, revoked.json()["status"], revoked.json()["key_id"]) == (200, "revoked", key["key_id"])
    assert admin.get(one).json()["is_active"] is False
    with client(engine, key["api_key"]) as holder:
        assert holder.get("/api/v1/auth/me").json()["error_code"] == "INVALID_TOKEN"
    deleted = admin.delete(one)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for gone in (admin.get(one), admin.delete(one), admin.post(f"{one}/revoke")):
        assert (gone.status_code, gone.json()["error_code"]) == (404, "API_KEY_NOT_FOUND")


def test_a_key_stands_where_clients_put_it(engine: Engine, admin: httpx.Client) -> None:
    key = made(admin)["api_key"]
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
        with client(engine, **headers) as holder:
            assert holder.get("/api/v1/auth/me").json()["role"] == "bot"
        with socket(engine, additional_headers=headers) as one:
            one.send(json.dumps({"proto": 1}))
            assert json.loads(one.recv(timeout=10))["hello"]["role"] == "bot"
    with socket(engine, f"?token={key}") as one:
        one.send(json.dumps({"proto": 1}))
        assert json.loads(one.recv(timeout=10))["hello"]["role"] == "bot"


def test_scopes_are_all_that_a_key_may(engine: Engine, admin: httpx.Client) -> None:
    assert rights(engine, made(admin)["api_key"]) == {"read:metrics", "read:signals", "read:status", "ingest"}
    key = made(admin, ["cdna:read", "metrics:read", "grid:write"])["api_key"]
    assert rights(engine, key) == {"read:guardian", "read:modules", "read:metrics"}
    with client(engine, key) as holder:
        assert holder.get("/api/v1/modules").status_code == 200
        refused = holder.put("/api/v1/modules/intuition_engine/enabled", json={"enabled": True})
        assert (refused.status_code, refused.json()["error_code"]) == (403, "INSUFFICIENT_PERMISSIONS")
        assert holder.get(KEYS[0]).status_code == 403
    with client(engine, made(admin, ["cdna:write"])["api_key"]) as holder:
        assert holder.get("/api/v1/modules").status_code == 403
        assert holder.put("/api/v1/modules/intuition_engine/enabled", json={"enabled": True}).status_code == 200
    with socket(engine, f"?token={key}") as one:
        one.send(json.dumps({"proto": 1, "views_only": True}))
        assert set(json.loads(one.recv(timeout=10))["hello"]["rights"]) == rights(engine, key)
    with socket(engine, f"?token={key}") as one:
        one.send(json.dumps({"proto": 1}))
        one.recv(timeout=10)
        assert json.loads(one.recv(timeout=10))["error"]["code"] == "FORBIDDEN"


def test_only_an_admin_manages_keys(engine: Engine) -> None:
    with client(engine, login(engine, "developer")["access_token"]) as developer, client(engine) as nobody:
        for path in KEYS:
            calls = [
                ("GET", path),
                ("POST", path),
                ("GET", f"{path}/x"),
                ("DELETE", f"{path}/x"),
                ("POST", f"{path}/x/revoke"),
            ]
            for verb, place in calls:
                assert developer.request(verb, place).status_code == 403, (verb, place)
                assert nobody.request(verb, place).status_code == 401, (verb, place)


def test_a_key_makes_no_key_that_can_do_more(engine: Engine, admin: httpx.Client) -> None:
    maker = made(admin, ["api_keys:write", "metrics:read"])
    with client(engine, maker["api_key"]) as holder:
        child = holder.post(KEYS[0], json={"name": "child", "scopes": ["metrics:read"]}).json()
        assert child["owner"] == maker["owner"] == "admin"
        for scopes in (["cdna:write"], ["config:admin"], ["steer"], [], None):
            assert holder.post(KEYS[0], json={"name": "child", "scopes": scopes}).status_code == 403, scopes


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": ""}, 422),
        ({"name": "x" * 101}, 422),
        ({"name": "a\nb"}, 422),
        ({"name": "x", "scopes": ["nonsense"]}, 422),
        ({"name": "x", "expires_in_days": 0}, 422),
        ({"name": "x", "expires_in_days": 10**18}, 422),
        ({"name": "x", "expires_in_days": -1}, 400),
        ({"name": "x", "expires_in_days": 10**30}, 400),
        ({"name": "x", "scopes": "metrics:read"}, 400),
        ({"name": "x", "owner": 7}, 400),
        ({"name": "x", "surprise": 1}, 400),
        ({}, 400),
        ([], 400),
    ],
)
def test_what_no_key_can_be_made_of(admin: httpx.Client, body: Any, status: int) -> None:
    before = admin.get(KEYS[0]).json()["count"]
    answer = admin.post(KEYS[0], json=body)
    assert answer.status_code == status and answer.json()["error_code"] in ("VALIDATION_ERROR", "INVALID_INPUT")
    assert admin.get(KEYS[0]).json()["count"] == before


def test_a_websocket_is_closed_when_its_key_is_revoked(engine: Engine, admin: httpx.Client) -> None:
    key, other = made(admin), made(admin)
    with socket(engine, f"?token={key['api_key']}") as one, socket(engine, f"?token={other['api_key']}") as two:
        for line in (one, two):
            line.send(json.dumps({"proto": 1}))
            line.recv(timeout=10)
        admin.post(f"{KEYS[0]}/{key['key_id']}/revoke")
        assert closing(one) == (1008, "CREDENTIALS_ENDED")
        # Whose key is valid stays.
        two.ping().wait(10)
        assert two.recv(timeout=10)


def test_the_last_use_of_a_key_is_kept(start: Callable[..., Engine]) -> None:
    engine = start()
    with engine.admin() as here:
        key = here.post(KEYS[0], json={"name": "probe"}).json()
        assert key["owner"] == "admin"
    rights(engine, key["api_key"])
    engine.stop()
    engine.start()
    with engine.admin() as here:
        assert here.get(f"{KEYS[0]}/{key['key_id']}").json()["last_used_at"] is not None
    assert "ingest" in rights(engine, key["api_key"])
