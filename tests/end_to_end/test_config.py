"""`config validate` says all that a start would refuse, leave out or ignore; and whose files are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ng_tui.config import Exposed, read_file

from .conftest import Run

LONG = "/tmp/" + "x" * 103


def said(run: Run, text: str, tmp_path: Path) -> list[str]:
    """What is said of a configuration, one entry for each fault with its hint."""
    (tmp_path / "some.toml").write_text(text)
    result = run("--config", "some.toml", "config", "validate")
    assert b"Traceback" not in result.stderr, result.stderr
    lines = result.stderr.decode().splitlines()
    assert result.returncode == (78 if lines[0].startswith("NG-") else 0), result
    found: list[str] = []
    for line in lines:
        if line.startswith("  "):
            found[-1] += line
        else:
            found.append(line)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[console]\ntheme = 'nihgt'", "NG-2302 some.toml:2:1: console.theme: there is no theme 'nihgt'  Did you mean"),
        ("[keys]\n'events.pause' = 'florb'", "NG-2201 some.toml:2:1: keys.events.pause: unknown key florb"),
        ("[keys]\n'events.pawse' = 'p'", "NG-2201 some.toml:2:1: keys.events.pawse: unknown action"),
        (f"[server]\nsocket = '{LONG}'", "NG-1201 some.toml:2:1: server.socket: the path of a socket has at most 107"),
        ("[server]\norigins = ['example.org']", "NG-2104 some.toml:2:1: server.origins: expected an origin such as"),
        ("[server]\norigins = ['https://x.org/']", "NG-2104 some.toml:2:1: server.origins: expected an origin such as"),
        ("[server]\norigins = ['https://x.org:443']", "expected https://x.org:443 without its port"),
        ("[server]\nhosts = ['x.org:80']", "NG-2104 some.toml:2:1: server.hosts: expected a name without a port"),
        (
            "[server]\nlisten = []\nsocket = 'none'",
            "NG-2107 some.toml:2:1: server.listen: there is nothing to listen on",
        ),
        ("[profiles]\nshop = 'gopher://shop'", "NG-1201 some.toml:2:1: profiles.shop: gopher: is not spoken here"),
        (
            "[profiles.shop]\ntoken_file = '/x'",
            "NG-2401 some.toml:2:1: profiles.shop.token_file: a profile is one line",
        ),
        ("[profiles]\n'a/b' = 'ssh://web'", "NG-2401 some.toml:2:1: profiles.a/b: the name of a profile has no slash"),
        ("[profile_tokens]\nshop = '/x'", "NG-2401 some.toml:2:1: profile_tokens.shop: no profile has this name"),
        (
            "[profiles]\ns = 'http://s'\n[profile_tokens]\ns = '/none'",
            "NG-1203 some.toml:4:1: profile_tokens.s: /none: No such file",
        ),
        (
            "[profiles]\ns = 'https://s'\n[profile_certificates]\ns = '/none'",
            "NG-1204 some.toml:4:1: profile_certificates.s: /none: cannot be read",
        ),
        (
            "[profiles]\ns = 'ssh://s'\n[profile_certificates]\ns = '/none'",
            "NG-2401 some.toml:4:1: profile_certificates.s: the profile does not use HTTPS",
        ),
        (
            "[profiles]\ns = 'ssh://s'\n[profile_colours]\ns = 'rde'",
            "NG-2104 some.toml:4:1: profile_colours.s: expected a colour such as orange",
        ),
    ],
)
def test_what_a_start_refuses_or_ignores_is_told(run: Run, tmp_path: Path, text: str, expected: str) -> None:
    (found,) = said(run, text, tmp_path)
    assert expected in found


def test_all_of_it_is_told_at_once(run: Run, tmp_path: Path) -> None:
    text = f"""
[ring]
capacity = 1979-05-27
extra = 1
[console]
theme = "nihgt"
[keys]
"events.pause" = "florb"
"events.mark" = "f"
[alerts]
a = "when level>=error then shout"
b = "when levle>=error then notify"
[filters]
bad = "levle>=warn"
[server]
listen = ["nowhere", "127.0.0.1:0", "0.0.0.0:1"]
socket = "{LONG}"
bodies_bytes = 1048576
origins = ["example.org", "https://example.org"]
[profiles]
web = "gopher://web"
api = "http://api"
[profile_tokens]
api = "/none"
"""
    found = said(run, text, tmp_path)
    named = (
        ":3:1: ring.capacity", ":4:1: unknown key extra", ":6:1: console.theme", ":8:1: keys.events.pause",
        ":9:1: keys.events.mark", ":11:1, column 24 of the rule: alerts.a", ":12:1, column 6 of the rule: alerts.b",
        ":14:1, column 1 of the filter: filters.bad", "found nowhere", "0.0.0.0:1 can be reached",
        "server.bodies_bytes_anonymous", ":17:1: server.socket", ":19:1: server.origins", ":21:1: profiles.web",
        ":24:1: profile_tokens.api",
    )  # fmt: skip
    for one in named:
        assert sum(one in line for line in found) == 1, (one, found)
    assert len(found) == len(named), found


def test_a_token_file_that_others_can_read_is_told(run: Run, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("sesame\n")
    if os.geteuid() == 0:
        os.chown(token, 65534, -1)
    text = f"[profiles]\nshop = 'http://shop'\n[profile_tokens]\nshop = '{token}'"
    token.chmod(0o640)
    (found,) = said(run, text, tmp_path)
    assert f"NG-1203 some.toml:4:1: profile_tokens.shop: {token}: other users can read it: mode 0640" in found
    token.chmod(0o600)
    assert "the configuration is valid" in said(run, text, tmp_path)[0]


def test_what_can_be_said_validly_is_valid(run: Run, tmp_path: Path) -> None:
    text = """
[console]
theme = "day"
[keys]
"events.pause" = "p,space,f5,ctrl+up,comma"
[server]
hosts = ["engine.example.org"]
origins = ["https://example.org", "http://[::1]:3000", "null", "https://example.org:8443"]
[profiles]
web = "ssh://web-1"
"web.example.org" = "https://web.example.org"
[profile_colours]
web = "error"
"web.example.org" = "#ff8800"
"""
    assert said(run, text, tmp_path) == ["the configuration is valid; 8 values differ from the defaults"]


def test_rules_that_can_never_do_anything_are_warned_of(run: Run, tmp_path: Path) -> None:
    text = (
        '[alerts]\ngood = "when a then log"\nbad = "when type:alert.** then log"\nodd = "when a and b then log"\n'
        '[guardian.size_limit]\nwhen = "novelty>1"\n'
    )
    guardian, bad, odd, valid = said(run, text, tmp_path)
    assert guardian.startswith("warning: NG-2105 some.toml:6:1: guardian.size_limit.when:"), guardian
    assert bad.startswith("warning: NG-2106 some.toml:3:1: alerts.bad:") and "never fires" in bad
    assert odd.startswith("warning: NG-2106 some.toml:4:1: alerts.odd: and is searched for")
    assert valid.startswith("the configuration is valid")


@pytest.mark.parametrize("command", [("serve",), ("tail",), ("config", "validate")])
def test_a_rule_that_is_not_valid_is_named_with_its_place(run: Run, command: tuple[str, ...]) -> None:
    refused = run("--set", 'alerts.bad="when a by nothing then log"', *command)
    expected = b"NG-2106 flag --set, column 11 of the rule: alerts.bad: expected pattern, source or attr.NAME after by"
    assert refused.returncode == 78 and refused.stderr.startswith(expected), refused.stderr


def test_files_that_cannot_be_read_hide_no_other_fault(run: Run, tmp_path: Path) -> None:
    (tmp_path / "neurograph-tui.toml").write_bytes(b"\xff")
    result = run("--config", "none.toml", "--set", "ring.capacity=1", "config", "validate")
    said = result.stderr.decode()
    assert result.returncode == 78
    assert "NG-2002 neurograph-tui.toml" in said and "NG-2001 none.toml" in said and "NG-2104 flag --set" in said


def project(tmp_path: Path) -> Path:
    """A file of the current directory that sets something."""
    file = tmp_path / "neurograph-tui.toml"
    file.write_text("[ring]\ncapacity = 2000\n")
    file.chmod(0o644)
    return file


def capacity(run: Run) -> tuple[str, str]:
    """What stands for the ring, and what was said about it."""
    result = run("config", "show", "--changed")
    assert result.returncode == 0, result
    return result.stdout.decode(), result.stderr.decode()


def test_a_project_file_that_others_can_write_is_left_out(run: Run, tmp_path: Path) -> None:
    file = project(tmp_path)
    assert capacity(run) == ("ring.capacity = 2000  # neurograph-tui.toml:2:1\n", "")
    file.chmod(0o666)
    shown, told = capacity(run)
    assert shown == "" and "NG-2005 neurograph-tui.toml: left out: other users can write it, mode 0666" in told
    assert b"neurograph-tui.toml\tleft out" in run("config", "path").stdout
    assert b"NG-2005" in run("config", "validate").stderr
    assert capacity_of_named(run) == "ring.capacity = 2000"


def capacity_of_named(run: Run) -> str:
    """The same of the file that is named, which is read whoever can write it."""
    shown = run("--config", "neurograph-tui.toml", "config", "show", "--changed").stdout.decode()
    return shown.partition("  #")[0]


@pytest.mark.parametrize("linked", [False, True])
def test_a_project_file_of_somebody_else_is_left_out(
    run: Run, tmp_path: Path, linked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path)
    if linked:
        file.rename(tmp_path / "elsewhere.toml")
        file.symlink_to("elsewhere.toml")
    if os.geteuid() == 0:
        os.chown(file, 65534, 65534, follow_symlinks=False)
        shown, told = capacity(run)
        assert shown == "" and "NG-2005 neurograph-tui.toml: left out: it belongs to uid 65534, not to uid 0" in told
    else:
        # Only root gives files away; whoever is not becomes somebody else.
        owner = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
        with pytest.raises(Exposed, match=f"it belongs to uid {owner}, not to uid {owner + 1}"):
            read_file(file, owned=True)


def test_a_pipe_in_place_of_the_project_file_holds_nobody_up(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "neurograph-tui.toml", 0o600)
    result = run("config", "show", timeout=30)
    assert result.returncode == 78 and b"is not a regular file" in result.stderr
