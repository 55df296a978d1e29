"""Users: the first start, the command line, what a change does to those who are inside, and that no secret is told."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import unix_connect
from websockets.typing import Subprotocol

from tests.quiet import QUIET

from .accounts import PASSWORD, UNCOUNTED, add, client, first_password, login, socket, user
from .engine import BINARY, Engine

ME = "/api/v1/auth/me"


def test_the_first_start_makes_an_admin_and_says_so_once(start: Callable[..., Engine]) -> None:
    engine = start()
    password = first_password(engine)
    assert password is not None and len(password) >= 20
    assert login(engine, "admin", password)["user"]["role"] == "admin"
    assert (engine.folder / "state" / "auth.json").stat().st_mode & 0o777 == 0o600
    engine.stop()
    engine.start()
    assert first_password(engine) is None
    login(engine, "admin", password)


def test_two_first_starts_have_two_passwords(start: Callable[..., Engine]) -> None:
    assert first_password(start()) != first_password(start())


def test_users_that_are_there_are_kept(tmp_path: Path) -> None:
    add(tmp_path / "state", ann="viewer")
    engine = Engine(tmp_path, *QUIET)
    try:
        assert first_password(engine) is None
        assert login(engine, "ann")["user"]["role"] == "viewer"
    finally:
        engine.stop()


def test_a_change_counts_for_tokens_that_were_given_out(tmp_path: Path) -> None:
    state = tmp_path / "state"
    add(state, ann="admin", ben="developer", cat="admin", dan="viewer")
    engine = Engine(tmp_path, *QUIET)
    try:
        tokens = {name: login(engine, name)["access_token"] for name in ("ann", "ben", "cat", "dan")}
        with client(engine, tokens["cat"]) as cat:
            key = cat.post("/api/v1/api-keys", json={"name": "of cat"}).json()["api_key"]
        assert user(state, "list").stdout.count("enabled") == 4
        engine.stop()
        for arguments in (["role", "ann", "viewer"], ["disable", "cat"], ["remove", "dan"], ["passwd", "ben"]):
            done = user(state, *arguments, given="another password\n")
            assert done.returncode == 0, done.stderr
        engine.start()
        answers = {}
        for name, token in {**tokens, "key": key}.items():
            with client(engine, token) as holder:
                answers[name] = holder.get(ME).json()
        assert answers["ann"]["role"] == "viewer"
        assert {answers[name].get("error_code") for name in ("ben", "cat", "dan", "key")} == {"INVALID_TOKEN"}
        for name, password in (("cat", PASSWORD), ("dan", PASSWORD), ("ben", PASSWORD)):
            with client(engine) as asking:
                assert asking.post("/auth/token", data={"username": name, "password": password}).status_code == 401
        login(engine, "ben", "another password")
        engine.stop()
        assert user(state, "enable", "cat").returncode == 0
        engine.start()
        for shown in (tokens["cat"], key):
            with client(engine, shown) as holder:
                assert holder.get(ME).status_code == 200
        # A user of the same name is another user.
        engine.stop()
        add(state, dan="admin")
        engine.start()
        with client(engine, tokens["dan"]) as holder:
            assert holder.get(ME).status_code == 401
    finally:
        engine.stop()


@pytest.mark.parametrize(
    ("arguments", "given", "code", "what"),
    [
        (["add", "ann", "--role", "viewer"], f"{PASSWORD}\n", 1, "already"),
        (["add", "ben", "--role", "viewer"], "short\n", 1, "8 characters"),
        (["add", "ben", "--role", "viewer"], "", 1, "8 characters"),
        (["add", "b n", "--role", "viewer"], f"{PASSWORD}\n", 1, "cannot be the name"),
        (["add", "apikey_0", "--role", "viewer"], f"{PASSWORD}\n", 1, "cannot be the name"),
        (["add", "anonymous", "--role", "viewer"], f"{PASSWORD}\n", 1, "cannot be the name"),
        (["add", "ben", "--role", "anonymous"], f"{PASSWORD}\n", 2, "expected one of"),
        (["add", "ben"], f"{PASSWORD}\n", 2, "--role"),
        (["add", "ben", PASSWORD, "--role", "viewer"], "", 2, "unexpected argument"),
        (["passwd", "ben"], f"{PASSWORD}\n", 1, "no user"),
        (["remove", "ben"], "", 1, "no user"),
        (["disable", "ben"], "", 1, "no user"),
        (["role", "ben", "bot"], "", 1, "no user"),
    ],
)
def test_what_is_refused(tmp_path: Path, arguments: list[str], given: str, code: int, what: str) -> None:
    add(tmp_path, ann="viewer")
    before = (tmp_path / "auth.json").read_bytes()
    done = user(tmp_path, *arguments, given=given)
    assert done.returncode == code and what in done.stderr, done.stderr
    assert (tmp_path / "auth.json").read_bytes() == before


def test_the_state_of_another_user_is_left(tmp_path: Path) -> None:
    state = tmp_path / "state"
    add(state, ann="viewer")
    if os.geteuid() == 0:
        os.chown(state, 65534, 65534)
    else:
        state = Path("/")
    done = user(state, "disable", "ann")
    assert done.returncode == 1 and "NG-3106" in done.stderr and "belongs to uid" in done.stderr
    assert user(tmp_path / "state", "list").stdout.startswith("ann\tviewer\tenabled")


def test_the_terminal_shows_no_password(tmp_path: Path) -> None:
    def asked(*answers: bytes) -> tuple[int, bytes]:
        """The exit code, and what the terminal showed. Each answer is given when a question has been asked."""
        main, side = pty.openpty()
        command = [str(BINARY), "--state-dir", str(tmp_path), "user", "add", "ann", "--role", "viewer"]
        process = subprocess.Popen(command, stdin=side, stdout=side, stderr=side)
        os.close(side)
        shown, waiting = b"", list(answers)
        while select.select([main], [], [], 20)[0]:
            try:
                more = os.read(main, 4096)
            except OSError:
                break
            shown += more
            if waiting and shown.endswith(b": "):
                os.write(main, waiting.pop(0))
        os.close(main)
        return process.wait(timeout=20), shown

    secret = PASSWORD.encode()
    code, shown = asked(secret + b"\r", b"something else\r")
    assert code == 1 and b"not the same" in shown
    code, shown = asked(b"\x03")
    assert code == 1 and b"given up" in shown and not (tmp_path / "auth.json").exists()
    code, shown = asked(b"a lonx\x7fg password\r", secret + b"\n")
    assert code == 0, shown
    assert secret not in shown and b"Password of ann" in shown and b"lon" not in shown
    assert user(tmp_path, "list").stdout.startswith("ann\tviewer\tenabled\t")


@pytest.mark.parametrize("text", ["", "{", '{"version": 2}', '{"version": 1, "users": {}}'])
def test_a_damaged_file_stops_the_engine_and_is_kept(tmp_path: Path, text: str) -> None:
    state = tmp_path / "state"
    add(state, ann="viewer")
    (state / "auth.json").write_text(text)
    command = [
        str(BINARY),
        "--state-dir",
        str(state),
        "--set",
        f"server.socket={tmp_path}/s",
        "--set",
        "server.listen=[]",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "NG-3401" in done.stderr and "auth.json" in done.stderr, done.stderr
    assert user(state, "list").returncode == user(state, "disable", "ann").returncode == 1
    assert (state / "auth.json").read_text() == text


def records(engine: Engine) -> list[dict[str, Any]]:
    """Every record of the engine, with everything that is known of it."""
    with unix_connect(str(engine.socket), "ws://localhost/ws", subprotocols=[Subprotocol("ng.v1.json")]) as line:
        line.send(json.dumps({"proto": 1, "resume_from": 0, "vectors": True}))
        next_seq = json.loads(line.recv(timeout=10))["hello"]["next_seq"]
        found: list[dict[str, Any]] = []
        while not found or found[-1]["seq"] < next_seq - 1:
            found += json.loads(line.recv(timeout=10)).get("records", [])
    return found


def test_everything_is_told_and_no_secret(start: Callable[..., Engine]) -> None:
    engine = start(UNCOUNTED)
    password = first_password(engine)
    assert password is not None
    session = login(engine, "admin", password)
    secrets = {password, PASSWORD, session["access_token"], session["refresh_token"], "wrong-password"}
    secrets |= {"typed-in-the-wrong-field", "in-the-address", "in-a-header"}
    with client(engine) as asking:
        for name in ("admin", "typed-in-the-wrong-field"):
            given = {"username": name, "password": "wrong-password"}
            assert asking.post("/api/v1/auth/login", json=given).status_code == 401
        asking.get(f"{ME}?token=in-the-address")
        asking.get("/in-the-address", headers={"X-API-Key": "in-a-header"})
        asking.post("/api/v1/auth/login", content=b'{"username":"admin","password":["wrong-password"]}')
    with pytest.raises(InvalidStatus), socket(engine, "?token=in-the-address"):
        pass
    with client(engine, session["access_token"]) as admin:
        key = admin.post("/api/v1/api-keys", json={"name": "probe"}).json()
        with socket(engine, f"?token={key['api_key']}") as line:
            line.send(json.dumps({"proto": 1}))
            line.recv(timeout=10)
        admin.post(f"/api/v1/api-keys/{key['key_id']}/revoke")
        admin.delete(f"/api/v1/api-keys/{key['key_id']}")
        change = {"old_password": "wrong-password", "new_password": PASSWORD}
        admin.post("/api/v1/auth/change-password", json=change)
        admin.post("/api/v1/auth/change-password", json={**change, "old_password": password})
        again = login(engine)
        admin.post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {again['access_token']}"})
    secrets |= {key["api_key"], again["access_token"], again["refresh_token"]}
    told = records(engine)
    kinds = [record["type"] for record in told if record["type"].startswith("auth.")]
    assert kinds == [
        "auth.logged_in",
        "auth.login_failed",
        "auth.login_failed",
        "auth.key_created",
        "auth.key_revoked",
        "auth.key_deleted",
        "auth.password_refused",
        "auth.password_changed",
        "auth.logged_in",
        "auth.logged_out",
    ]
    text = json.dumps(told)
    assert key["key_id"] in text and "admin" in text
    engine.stop(signal.SIGTERM)
    said = [line for line in engine.said if "which is shown only now" not in line]
    kept = b"".join(path.read_bytes() for path in (engine.folder / "state").rglob("*") if path.is_file())
    for secret in secrets:
        assert secret not in text and secret not in "\n".join(said) and secret.encode() not in kept, secret
