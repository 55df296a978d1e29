"""`alerts` and the Alerts screen against an engine that serves: an incident, silences that hold, and a restart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import msgspec
import pytest

from ng_tui.client.wire import SilenceView

from .conftest import Run, records
from .serving import SILENT, Serving
from .terminal import Terminal

KILLED = "Out of memory: Killed process 4242 (postgres)"
RULE = (
    "--set",
    'alerts.fatal="when level>=fatal then log"',
    "--set",
    'alerts.each="when level>=fatal by source then log"',
)


@pytest.fixture
def serving(home: dict[str, str]) -> Iterator[Serving]:
    """An engine that serves at the usual place of this home, with an alert rule."""
    one = Serving(home, *RULE)
    yield one
    one.stop()


def emit(run: Run, text: str) -> None:
    assert run("emit", "--source", "shop", input=text.encode()).returncode == 0


def outage(run: Run) -> None:
    """Lets a log of ordinary lines get warm, and tells of a new fatal error."""
    lines = (f"INFO web[{n % 4}]: GET /cart 200 in {8 + n * 7 % 50} ms\n" for n in range(1200))
    emit(run, "".join(lines))
    emit(run, f"FATAL kernel: {KILLED}\n")


def listed(run: Run, *options: str) -> dict[str, list[dict[str, object]]]:
    """What `alerts` lists."""
    result = run("alerts", "--json", *options)
    assert result.returncode == 0, result.stderr
    found: dict[str, list[dict[str, object]]] = json.loads(result.stdout)
    return found


def numbers(run: Run) -> list[object]:
    """Those of the silences that hold."""
    return [msgspec.convert(one, SilenceView).silence.number for one in listed(run)["silences"]]


def test_an_incident_is_listed_silenced_and_stays_so(run: Run, serving: Serving, home: dict[str, str]) -> None:
    assert listed(run) == {"incidents": [], "rules": [], "silences": []}
    (nothing,) = run("alerts").stdout.decode().splitlines()
    assert re.fullmatch(r"nothing was told since \d{4}-\S+T\d\d:\d\d:\d\d; 2 alert rules, 0 silences", nothing)
    outage(run)
    # Views are told once a second.
    while not (found := listed(run))["incidents"]:
        pass
    (incident,), (rule, _) = found["incidents"], sorted(found["rules"], key=lambda rule: str(rule["name"]) != "fatal")
    assert (incident["number"], incident["is_over"], rule["name"], rule["state"]) == (1, False, "fatal", "firing")
    text = run("alerts").stdout.decode()
    head, first = text.splitlines()[:2]
    assert head.split() == ["INCIDENT", "STATE", "BEGAN", "ENDED", "WORST", "COUNT", "SOURCES", "EVENT", "LEAD"]
    assert first.split()[:3] == ["1", "goes", "on"] and "fatal" in first and first.endswith(KILLED)
    assert "firing" in text and "when level>=fatal then log" in text
    rows = text.splitlines()
    (each,) = (place for place, row in enumerate(rows) if row.startswith("each "))
    below = [row.split()[:2] for row in rows[each + 1 :] if row.startswith("  ")]
    assert ["http:shop", "firing"] in below, "its groups stand below it"

    (event,) = records(run("query", "--json", "--limit", "1", f'source:shop "{KILLED}"').stdout)
    said = run("alerts", "silence", str(event["seq"]), "--for", "8h", "--reason", "known [b]")
    assert said.returncode == 0 and said.stdout.startswith(b"silence 1 of "), said.stderr
    assert b"rule fatal" in run("alerts", "silence", "--rule", "fatal", "--for", "1h").stdout
    assert b"what passes cron" in run("alerts", "silence", "--filter", "cron", "--for", "7d").stdout
    emit(run, f"FATAL kernel: {KILLED}\n")
    while "1 held back; known [b]" not in (text := run("alerts").stdout.decode()):
        pass
    assert re.search(r"^ +1  silenced until \S+", text, re.M) and re.search(r"^fatal +silenced until \d", text, re.M)
    assert "Killed process" in text and "rule fatal" in text
    assert [one["count"] for one in listed(run)["incidents"]] == [1]

    for arguments, code, words in (
        (("silence", "--for", "1h"), 2, b"name one of EVENT, --rule and --filter"),
        (("silence", "7", "--rule", "fatal", "--for", "1h"), 2, b"name one of EVENT, --rule and --filter"),
        (("silence", "7"), 2, b"--for"),
        (("silence", "99999999", "--for", "1h"), 1, b"has not come yet"),
        (("silence", "--rule", "none", "--for", "1h"), 1, b"no alert rule is called none"),
        (("silence", "--filter", "levle>1", "--for", "1h"), 1, b"did you mean level?"),
        (("silence", "--filter", "cron", "--for", "1000d"), 1, b"1 second to 366 days"),
        (("silence", "--filter", "cron", "--for", "1h", "--reason", "x" * 201), 1, b"200 characters"),
        (("expire", "9"), 1, b"there is no silence 9"),
    ):
        refused = run("alerts", *arguments)
        assert refused.returncode == code and words in refused.stderr, (arguments, refused.stderr)
    assert b"was ended by" in run("alerts", "expire", "3").stdout

    serving.stop()
    # Without an engine the silences are those of the saved state, and can be changed.
    silent = run("alerts")
    assert b"no engine serves" in silent.stderr and numbers(run) == [1, 2]
    nobody = run("alerts", "silence", str(event["seq"]), "--for", "1h")
    assert nobody.returncode == 3 and nobody.stderr.startswith(b"NG-3311 no engine serves unix:")
    assert b"was ended by" in run(*SILENT, *RULE, "alerts", "expire", "2").stdout
    again = Serving(home, *RULE)
    try:
        assert numbers(run) == [1]
        emit(run, f"FATAL kernel: {KILLED}\n")
        # It is found again by how it reads.
        while listed(run)["silences"][0]["held_back"] != 1:
            pass
    finally:
        again.stop()


HOLDING = (
    "--set",
    'alerts.pulse="when pulse absent for 3s then log"',
    "--set",
    'alerts.slow="when slow source:shop unless pulse fires then log"',
)


def test_a_rule_waits_while_another_one_fires(run: Run, home: dict[str, str]) -> None:
    serving = Serving(home, *HOLDING)
    try:
        while [rule["state"] for rule in listed(run)["rules"]] != ["firing"]:
            pass
        emit(run, "INFO web: a slow answer\n")
        emit(run, "INFO web: a slow answer\n")
        row = r"^slow +held by pulse +\S+ +2 +0 +1 +when slow source:shop unless pulse fires then log$"
        while not re.search(row, run("alerts").stdout.decode(), re.M):
            pass
        (slow,) = (rule for rule in listed(run)["rules"] if rule["name"] == "slow")
        assert (slow["inhibited_by"], slow["held_back"], slow["fired"]) == ("pulse", 1, 0)
        told = ("query", "--json", "type:alert.firing attr.rule=slow")
        assert records(run(*told).stdout) == []
        emit(run, "INFO a pulse\n")
        while not (found := records(run(*told).stdout)):
            pass
        said = r'slow: 2 events match "slow source:shop" since \S+, held back until now \(last seq \d+\)'
        assert [bool(re.fullmatch(said, str(one["text"]))) for one in found] == [True], found
    finally:
        serving.stop()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
def test_the_console_shows_silences_and_ends(
    run: Run, serving: Serving, terminal: Callable[..., Terminal], size: tuple[int, int]
) -> None:
    console = terminal(columns=size[0], rows=size[1])
    console.wait("0 incidents")
    console.send("6")
    console.wait("Nothing has to be configured")
    outage(run)
    console.wait(lambda text: "1 incident fatal" in text and "▲ goes on  fatal" in text and "▲ firing" in text)
    console.send("\r")
    console.wait(lambda text: "incident 1" in text and f"kernel: {KILLED}" in text and "strength" in text)
    console.send("s")
    console.wait("Silence for how long?")
    console.send("\x1b[Bknown")
    console.wait("known")
    console.send("\r")
    console.wait(lambda text: "silenced" in text and "0 held back; known" in text)
    emit(run, f"FATAL kernel: {KILLED}\n")
    console.wait("1 held back; known")
    console.send("\r")
    console.wait(lambda text: "[1 Events]" in text and "Killed process" in text)
    console.send("\r")
    console.wait("verdict")
    console.send("6\x1b")
    console.wait(lambda text: "[6 Alerts]" in text and "○ silenced" in text and "Silences" in text)
    console.send("\t")
    console.wait("▌ Silences")
    console.send("x")
    console.wait(lambda text: "Silences" not in text and "○ silenced" not in text)
    assert listed(run)["silences"] == []
    console.send("\x11")
    assert console.finish() == 0
