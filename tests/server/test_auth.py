"""Who comes in, with what, and who does not: tokens, refusals, brute force, foreign pages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import select
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import create_connection
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.quiet import QUIET

from .accounts import PASSWORD, UNCOUNTED, add, address, client, closing, first_password, login, socket
from .engine import Engine

ME = "/api/v1/auth/me"
"""A path that answers whoever is somebody."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with a user of each role, named like it."""
    folder = tmp_path_factory.mktemp("auth")
    add(folder / "state", admin="admin", developer="developer", viewer="viewer", bot="bot")
    one = Engine(folder, *QUIET, UNCOUNTED)
    yield one
    one.stop()


def encoded(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decoded(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def signed(claims: dict[str, Any], secret: bytes) -> str:
    text = f"{encoded({'typ': 'JWT', 'alg': 'HS256'})}.{encoded(claims)}"
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def refusals(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["error"]["code"] == body["error_code"] and body["success"] is False
    assert isinstance(body["detail"], str) and isinstance(body["details"], dict)
    return answer.status_code, body["error_code"]


def status_of_socket(engine: Engine, query: str = "", **more: Any) -> int:
    """The status of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as refused, socket(engine, query, **more):
        pass
    return int(refused.value.response.status_code)


def test_login_answers_what_the_published_clients_read(engine: Engine) -> None:
    given = {"username": "developer", "password": PASSWORD}
    with client(engine) as asking:
        answers = [asking.post("/api/v1/auth/login", json=given)]
        answers += [asking.post(path, data=given) for path in ("/auth/token", "/api/v1/auth/token")]
    for answer in answers:
        body = answer.json()
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert (body["token_type"], body["expires_in"]) == ("bearer", 900)
        assert set(body["user"]) >= {"user_id", "username", "email", "full_name", "role", "scopes", "created_at"}
        assert (body["user"]["user_id"], body["user"]["role"], body["user"]["disabled"]) == (
            "developer",
            "developer",
            False,
        )
        assert "tokens:write" in body["user"]["scopes"] and "config:admin" not in body["user"]["scopes"]
        claims = decoded(body["access_token"])
        assert (claims["sub"], claims["token_type"], claims["exp"] - claims["iat"]) == ("developer", "access", 900)
        assert decoded(body["refresh_token"])["exp"] - claims["iat"] == 7 * 24 * 3600
        with client(engine, body["access_token"]) as known:
            assert known.get(ME).json()["username"] == "developer"


def test_a_login_that_cannot_be_read_is_no_failure_of_the_server(engine: Engine) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    with client(engine) as asking:
        for path in ("/api/v1/auth/login", "/auth/token"):
            for content, headers in [
                (b"", {}),
                (b"{", {}),
                (b"null", {}),
                (b'{"username":"x"}', {}),
                (b'{"username":1,"password":"x"}', {}),
                (b"username=x", form),
                (b"\xff=\xff&%", form),
            ]:
                answer = asking.post(path, content=content, headers=headers)
                assert refusals(answer)[0] in (400, 422), (content, answer.text)


def bad_credentials(engine: Engine) -> dict[str, tuple[str, str]]:
    """Tokens and keys that are not valid, and the word of their refusal."""
    good, ended = login(engine), login(engine)
    with client(engine, ended["access_token"]) as leaving:
        assert leaving.post("/api/v1/auth/logout").status_code == 200
    with client(engine, good["access_token"]) as admin:
        key = admin.post("/api/v1/api-keys", json={"name": "ended"}).json()
        admin.post(f"/api/v1/api-keys/{key['key_id']}/revoke")
    header, payload, signature = good["access_token"].split(".")
    claims = decoded(good["access_token"])
    none = encoded({"alg": "none", "typ": "JWT"})
    spaced = encoded(b'{ "typ":"JWT","alg":"HS256"}')
    unknown = {
        "garbage": "garbage",
        "only the header": header,
        "the header of a good one": f"{header}.{'x' * len(payload)}.{'y' * len(signature)}",
        "header and nothing": f"{header}..",
        "another user": f"{header}.{encoded({**claims, 'sub': 'viewer'})}.{signature}",
        "a later end": f"{header}.{encoded({**claims, 'exp': claims['exp'] + 1})}.{signature}",
        "no signature": f"{header}.{payload}.",
        "another header": f"{spaced}.{payload}.{signature}",
        "alg none": f"{none}.{payload}.",
        "alg none, signed": f"{none}.{payload}.{signature}",
        "alg in capitals": f"{encoded({'alg': 'hs256'})}.{payload}.{signature}",
        "a signature with padding": f"{good['access_token']}=",
        "another secret": signed(claims, b"another secret"),
        "an empty secret": signed(claims, b""),
        "an unknown key": "ng_live_" + "x" * 43,
        "half a key": key["api_key"][:30],
        "the hash of a key": hashlib.sha256(key["api_key"].encode()).hexdigest(),
    }
    known = {
        "a refresh token": good["refresh_token"],
        "a token that was logged out": ended["access_token"],
        "a revoked key": key["api_key"],
    }
    return {name: (text, "INVALID_TOKEN") for name, text in {**unknown, **known}.items()}


def test_bad_credentials_are_refused_wherever_they_stand(engine: Engine) -> None:
    for name, (text, code) in bad_credentials(engine).items():
        for headers in ({"Authorization": f"Bearer {text}"}, {"X-API-Key": text}):
            with client(engine, **headers) as asking:
                answer = asking.get("/api/v1/modules")
                assert refusals(answer) == (401, code), name
                assert answer.headers["www-authenticate"] == "Bearer"
                assert asking.get("/health").status_code == 200
            assert status_of_socket(engine, additional_headers=headers) == 401, name
        assert status_of_socket(engine, f"?token={text}") == 401, name
    for value in ("Basic YWRtaW46YWRtaW4=", "Bearer", "x"):
        with client(engine, Authorization=value) as asking:
            assert refusals(asking.get("/api/v1/modules"))[0] == 401, value


def test_bad_credentials_are_refused_where_this_user_needs_none(engine: Engine) -> None:
    with engine.admin() as admin:
        assert admin.get(ME).json()["role"] == "admin"
        assert refusals(admin.get(ME, headers={"Authorization": "Bearer x"})) == (401, "INVALID_TOKEN")
        viewer = login(engine, "viewer")["access_token"]
        assert admin.get(ME, headers={"Authorization": f"Bearer {viewer}"}).json()["role"] == "viewer"


def test_a_refresh_token_is_used_up_and_its_reuse_locks_nobody_out(engine: Engine) -> None:
    first = login(engine, "developer")
    with client(engine) as asking:

        def refresh(token: str) -> httpx.Response:
            return asking.post("/api/v1/auth/refresh", json={"refresh_token": token})

        second = refresh(first["refresh_token"])
        assert (second.status_code, second.json()["expires_in"]) == (200, 900)
        for _ in range(8):
            assert refusals(refresh(first["refresh_token"])) == (401, "INVALID_TOKEN")
        assert refusals(refresh(second.json()["access_token"])) == (401, "INVALID_TOKEN")
        assert refresh(second.json()["refresh_token"]).status_code == 200
    for token in (first["access_token"], second.json()["access_token"]):
        with client(engine, token) as known:
            assert known.get(ME).status_code == 200
    login(engine, "developer")


@pytest.mark.parametrize("key", [None, "token", "access_token", "refresh_token", "all", "null"])
def test_logging_out_ends_what_was_given(engine: Engine, key: str | None) -> None:
    session = login(engine, "developer")
    access, refresh = session["access_token"], session["refresh_token"]
    body: dict[str, Any] | None = {
        None: None,
        "all": {"token": access, "access_token": access, "refresh_token": refresh},
        "null": {"token": None, "access_token": None, "refresh_token": None},
        "refresh_token": {"refresh_token": refresh},
    }.get(key, {str(key): access})
    with client(engine, access) as leaving:
        answer = leaving.post("/api/v1/auth/logout", json=body) if body else leaving.post("/api/v1/auth/logout")
        assert (answer.status_code, answer.json()["success"], answer.json()["data"]) == (200, True, None)
        assert refusals(leaving.get(ME)) == (401, "INVALID_TOKEN")
    with client(engine) as asking:
        answer = asking.post("/api/v1/auth/refresh", json={"refresh_token": refresh})
        assert answer.status_code == (401 if key in ("refresh_token", "all") else 200)
        assert refusals(asking.post("/api/v1/auth/logout"))[0] == 401
        assert refusals(asking.post("/api/v1/auth/logout", json={"token": "x"}))[0] == 400


def test_five_wrong_passwords_a_minute(start: Callable[..., Engine]) -> None:
    engine = start()
    right = first_password(engine)
    assert right is not None
    good = login(engine, password=right)
    wrong = {"username": "admin", "password": "not the password"}
    with client(engine) as guessing:
        answers = [guessing.post("/api/v1/auth/login", json=wrong) for _ in range(5)]
        assert {refusals(answer) for answer in answers} == {(401, "AUTHENTICATION_FAILED")}
        for password in ("not the password", right):
            blocked = guessing.post("/api/v1/auth/login", json={"username": "admin", "password": password})
            assert refusals(blocked) == (429, "RATE_LIMIT_EXCEEDED")
            assert 1 <= int(blocked.headers["retry-after"]) <= 60
            assert blocked.json()["details"]["retry_after"] == int(blocked.headers["retry-after"])
        assert refusals(guessing.get(ME, headers={"X-API-Key": "x"})) == (429, "RATE_LIMIT_EXCEEDED")
        assert guessing.get("/health").status_code == 200
    # Every loopback address is this host.
    assert status_of_socket(engine, "?token=x", at=address()) == 429
    with client(engine, good["access_token"], at=address()) as neighbour:
        assert neighbour.get(ME).status_code == 200
    with engine.admin() as owner:
        assert owner.post("/api/v1/auth/login", json={"username": "admin", "password": right}).status_code == 200


def test_tokens_and_keys_that_we_never_gave_out_are_failures_too(start: Callable[..., Engine]) -> None:
    engine = start()
    tries = [{"Authorization": "Bearer x"}, {"X-API-Key": "ng_live_x"}, {"Authorization": "Basic eDp5"}]
    with client(engine) as guessing:
        codes = [guessing.get(ME, headers=tries[number % 3]).status_code for number in range(7)]
        assert codes == [401] * 5 + [429] * 2
        login = guessing.post("/api/v1/auth/login", json={"username": "admin", "password": PASSWORD})
        assert login.status_code == 429


def test_an_unknown_user_takes_as_long_as_a_wrong_password(engine: Engine) -> None:
    def fastest(name: str) -> float:
        with client(engine) as asking:
            given = {"username": name, "password": "not the password"}
            return min(asking.post("/api/v1/auth/login", json=given).elapsed.total_seconds() for _ in range(5))

    known, unknown = fastest("viewer"), fastest("nobody")
    # Without the hash the answer comes in a tenth of the time.
    assert known / 3 < unknown < known * 3, (known, unknown)


def test_a_refused_request_leaves_the_connection_usable(engine: Engine) -> None:
    """A client sends head and body apart, and does not know that the head was refused already."""
    target = urlsplit(engine.url)
    head = "POST /api/v1/api-keys HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
    with create_connection((target.hostname, target.port)) as line:
        line.settimeout(20)
        for number in range(3):
            line.sendall(head.encode())
            # An answer that comes without the body must not be the last word.
            select.select([line], [], [], 0.3)
            line.sendall(b"{}")
            answer = b""
            while not answer.endswith(b"}"):
                more = line.recv(65536)
                assert more, f"closed after {number} requests"
                answer += more
            assert answer.startswith(b"HTTP/1.1 401")


EVIL = ["https://evil.example", "http://localhost.evil.example", "null", "http://127.0.0.1:1"]


@pytest.mark.parametrize("origin", EVIL)
def test_a_foreign_page_neither_steers_nor_listens(engine: Engine, origin: str) -> None:
    token = login(engine)["access_token"]
    with client(engine, token, Origin=origin) as page:
        answers = [page.post("/api/v1/api-keys", json={"name": "stolen"}), page.post("/api/v1/auth/logout")]
        answers += [page.put("/api/v1/modules/intuition_engine/enabled", json={"enabled": False})]
        assert {refusals(answer)[0] for answer in answers} == {403}
    assert status_of_socket(engine, f"?token={token}", origin=origin) == 403
    with client(engine, token) as known:
        assert known.get(ME).status_code == 200
        assert "stolen" not in known.get("/api/v1/api-keys").text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example"]
)
def test_a_foreign_name_leads_nowhere(engine: Engine, host: str) -> None:
    token = login(engine)["access_token"]
    with client(engine, token, Host=host) as rebound:
        for path in ("/health", ME, "/api/v1/modules"):
            assert refusals(rebound.get(path)) == (421, "UNKNOWN_HOST")
        given = {"username": "admin", "password": PASSWORD}
        assert refusals(rebound.post("/api/v1/auth/login", json=given)) == (421, "UNKNOWN_HOST")
    assert status_of_socket(engine, f"?token={token}", host=host) == 421
    # A second name beside our own.
    assert status_of_socket(engine, f"?token={token}", additional_headers={"Host": host}) == 421


def test_our_own_page_and_names_are_let_in(engine: Engine) -> None:
    port = engine.url.rsplit(":", 1)[1]
    with client(engine, Host=f"localhost:{port}") as named:
        assert named.get("/api/v1/health").status_code == 200
    with socket(engine, f"?token={login(engine)['access_token']}", host=f"localhost:{port}") as one:
        one.send(json.dumps({"proto": 1, "views_only": True}))
        assert json.loads(one.recv(timeout=10))["hello"]["role"] == "admin"


def test_where_anonymous_is_never_only_the_probes_and_the_login_are_open(start: Callable[..., Engine]) -> None:
    engine = start('server.anonymous="never"')
    password = first_password(engine)
    assert password is not None
    with client(engine) as nobody:
        for path in ("/api/v1/modules", ME, "/api/v1/nothing"):
            assert refusals(nobody.get(path)) == (401, "AUTHENTICATION_FAILED")
        assert {nobody.get(path).status_code for path in ("/health", "/api/v1/health/live")} == {200}
        assert status_of_socket(engine) == 401
        # An old token in the header of a client must not keep it from getting another.
        given = {"username": "admin", "password": password}
        again = nobody.post("/api/v1/auth/login", json=given, headers={"Authorization": "Bearer old"})
        assert again.status_code == 200
        assert (
            nobody.post("/api/v1/auth/refresh", json={"refresh_token": again.json()["refresh_token"]}).status_code
            == 200
        )


def test_a_query_is_no_place_for_credentials_outside_the_websocket(engine: Engine) -> None:
    token = login(engine)["access_token"]
    with client(engine) as asking:
        assert refusals(asking.get(f"{ME}?token={token}"))[0] == 401
    with socket(engine, f"?token={token}") as one:
        one.send(json.dumps({"proto": 1, "views_only": True}))
        assert json.loads(one.recv(timeout=10))["hello"]["user"] == "admin"


def test_a_websocket_is_closed_when_its_token_ends(engine: Engine) -> None:
    session = login(engine, "developer")
    with socket(engine, f"?token={session['access_token']}") as one:
        one.send(json.dumps({"proto": 1, "views_only": True}))
        one.recv(timeout=10)
        with client(engine, session["access_token"]) as leaving:
            leaving.post("/api/v1/auth/logout")
        assert closing(one) == (1008, "CREDENTIALS_ENDED")


def test_changing_a_password(start: Callable[..., Engine]) -> None:
    engine = start()
    old = first_password(engine)
    assert old is not None
    session = login(engine, "admin", old)
    with client(engine, session["access_token"]) as admin:

        def change(old: str, new: str) -> httpx.Response:
            body = {"old_password": old, "new_password": new}
            return admin.post("/api/v1/auth/change-password", json=body)

        assert refusals(change("wrong", "another password"))[0] == 400
        assert refusals(change(old, "short")) == (422, "VALIDATION_ERROR")
        assert change(old, "another password").json()["success"] is True
        assert refusals(admin.get(ME)) == (401, "INVALID_TOKEN")
    login(engine, "admin", "another password")
    with client(engine) as nobody:
        body = {"old_password": old, "new_password": "another password"}
        assert refusals(nobody.post("/api/v1/auth/change-password", json=body))[0] == 401


def test_tokens_live_over_a_restart_and_ended_ones_stay_ended(start: Callable[..., Engine], tmp_path: Path) -> None:
    engine = start()
    password = first_password(engine)
    assert password is not None
    session, ended = (login(engine, "admin", password) for _ in range(2))
    with client(engine, ended["access_token"]) as leaving:
        leaving.post("/api/v1/auth/logout", json={"refresh_token": ended["refresh_token"]})
    engine.kill()
    engine.start()
    assert first_password(engine) is None
    with client(engine, session["access_token"]) as known:
        assert known.get(ME).status_code == 200
        assert known.get(ME, headers={"Authorization": f"Bearer {ended['access_token']}"}).status_code == 401
        assert known.post("/api/v1/auth/refresh", json={"refresh_token": ended["refresh_token"]}).status_code == 401
