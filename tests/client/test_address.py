"""Where an engine is: every form of an address, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ng_tui.client.address import Way, default, resolve
from ng_tui.client.failures import BadAddress
from ng_tui.client.reach import check, token_of
from ng_tui.errors import EXIT_USAGE

PROFILES = {
    "prod": {"url": "https://engine.example:8443", "token_file": "~/prod.token", "ca_file": "/ca.pem", "colour": "red"},
    "lab": {"url": "ssh://lab"},
    "broken": {"colour": "red"},
    "web.sock": {"url": "http://[::1]:8089"},
}


@pytest.mark.parametrize(
    ("text", "way", "place", "name"),
    [
        ("unix:/run/x/engine.sock", Way.UNIX, "/run/x/engine.sock", "unix:/run/x/engine.sock"),
        ("unix:///run/engine.sock", Way.UNIX, "/run/engine.sock", "unix:/run/engine.sock"),
        ("/run/engine", Way.UNIX, "/run/engine", "unix:/run/engine"),
        ("unix:~/e.sock", Way.UNIX, str(Path.home() / "e.sock"), f"unix:{Path.home() / 'e.sock'}"),
        ("e.sock", Way.UNIX, str(Path.cwd() / "e.sock"), f"unix:{Path.cwd() / 'e.sock'}"),
        ("http://127.0.0.1:8089", Way.HTTP, "http://127.0.0.1:8089", "http://127.0.0.1:8089"),
        ("HTTPS://Engine.Example/", Way.HTTP, "https://engine.example", "https://engine.example"),
        ("http://[::1]:8089", Way.HTTP, "http://[::1]:8089", "http://[::1]:8089"),
        ("ssh://host", Way.SSH, "host", "ssh://host"),
        ("ssh://me@host:2222/run/e.sock", Way.SSH, "me@host", "ssh://me@host:2222/run/e.sock"),
        ("prod", Way.HTTP, "https://engine.example:8443", "prod"),
        ("lab", Way.SSH, "lab", "lab"),
        ("web.sock", Way.HTTP, "http://[::1]:8089", "web.sock"),
    ],
)
def test_every_form(text: str, way: Way, place: str, name: str) -> None:
    address = resolve(text, PROFILES)
    assert (address.way, address.name) == (way, name)
    assert {Way.UNIX: address.socket, Way.HTTP: address.url, Way.SSH: address.host}[way] == place


def test_the_parts_of_ssh_and_of_a_profile() -> None:
    address = resolve("ssh://me@host:2222/run/a%20b.sock")
    assert (address.port, address.socket) == (2222, "/run/a b.sock")
    profile = resolve("prod", PROFILES)
    assert (profile.token_file, profile.ca_file) == (Path.home() / "prod.token", Path("/ca.pem"))
    assert profile.colour == "red"


def test_nothing_but_unix_is_the_engine_of_this_user() -> None:
    assert resolve("unix:") == default()


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("nonsense", "NG-1201", "profiles are broken, lab, prod"),
        ("ftp://host", "NG-1201", "ftp: is not spoken"),
        ("ws://host", "NG-1201", "expected unix:PATH, http://"),
        ("http://", "NG-1201", "names no host"),
        ("http://host:port", "NG-1201", "cannot be read"),
        ("http://host/api", "NG-1201", "has no path"),
        ("http://host?token=sesame", "NG-1201", "ends before ?"),
        ("http://user:sesame@host", "NG-1202", "NEUROGRAPH_TOKEN"),
        ("http://sesame@host", "NG-1202", "[profile_tokens]"),
        ("ssh://user:sesame@host", "NG-1202", "agent of ssh"),
        ("ssh://-oProxyCommand=evil", "NG-1201", "names no host"),
        ("ssh://-o@host", "NG-1201", "user name"),
        ("ssh://host;evil", "NG-1201", "names no host"),
        ("broken", "NG-1201", "no url"),
        (f"/{'x' * 120}", "NG-1201", "at most 107 bytes"),
    ],
)
def test_what_is_no_address_says_what_would_be(text: str, code: str, says: str) -> None:
    with pytest.raises(BadAddress) as caught:
        resolve(text, PROFILES)
    assert (caught.value.code, caught.value.exit_code) == (code, EXIT_USAGE)
    assert says in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_a_token_comes_from_a_file_or_for_http_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-the-file\nanything\n")
    environment = {"NEUROGRAPH_TOKEN": "from-the-environment"}
    url = {"url": "http://host"}
    with_file = resolve("it", {"it": url | {"token_file": str(file)}})
    assert token_of(with_file, environment) == "from-the-file"
    assert token_of(resolve("http://host"), environment) == "from-the-environment"
    assert token_of(resolve("http://host"), {}) is None
    assert token_of(resolve("unix:/run/e.sock"), environment) is None
    assert "from" not in repr(with_file).replace(str(file), "")


@pytest.mark.parametrize("content", ["", "\n", "two words\n", "sesame\x00", "sésame"])
def test_what_could_not_stand_in_a_header_is_no_token(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    address = resolve("it", {"it": {"url": "http://host", "token_file": str(file)}})
    with pytest.raises(BadAddress) as caught:
        check(address)
    assert caught.value.code == "NG-1203"
    assert str(file) in str(caught.value)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(("field", "code"), [("token_file", "NG-1203"), ("ca_file", "NG-1204")])
def test_a_file_that_is_not_there_is_named(field: str, code: str) -> None:
    address = resolve("it", {"it": {"url": "https://host", field: "/does/not/exist"}})
    with pytest.raises(BadAddress, match="/does/not/exist") as caught:
        check(address)
    assert caught.value.code == code
