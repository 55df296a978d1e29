"""The constitution over real sockets: weights that change scores, versions, trials, refusals, and a restart."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .engine import Engine
from .native import Native

Start = Callable[..., Engine]

NAMES = ["physical", "sensory", "motor", "emotional", "cognitive", "social", "temporal", "abstract"]
ONES = [1.0] * 8
ANALYZER = [1.0, 1.0, 1.0, 1.5, 10.0, 5.0, 3.0, 20.0]
BASE = "/api/v1/cdna"


@pytest.fixture
def admin(engine: Engine) -> Iterator[httpx.Client]:
    """A client of an engine whose constitution is as configured, and is so again afterwards."""
    with engine.admin() as http:
        yield http
        http.post(f"{BASE}/quarantine/stop")
        assert http.post(f"{BASE}/reset").status_code == 200


def data(response: httpx.Response) -> dict[str, Any]:
    """The data of a successful answer, which stands beside the envelope as well."""
    body = response.json()
    assert response.status_code == 200 and body["success"] is True, body
    assert body["meta"]["request_id"]
    found: dict[str, Any] = body["data"]
    assert all(body[key] == value for key, value in found.items())
    return found


def refused(response: httpx.Response, status: int, words: str) -> dict[str, Any]:
    """The body of a refusal."""
    body: dict[str, Any] = response.json()
    assert response.status_code == status, body
    assert words in body["detail"] and body["error"]["message"] == body["detail"]
    return body


def weights(dimension: int, weight: float) -> list[float]:
    """Ones, and another weight for a dimension."""
    return [weight if place == dimension else 1.0 for place in range(8)]


def test_the_configuration_has_what_both_clients_look_for(admin: httpx.Client) -> None:
    config = data(admin.get(f"{BASE}/config"))
    assert config["profile"] == "neutral" and config["dimension_scales"] == ONES
    assert config["scales"] == dict.fromkeys(NAMES, 1.0)
    assert isinstance(config["version"], str) and config["on_trial"] is False

    changed = data(admin.put(f"{BASE}/config", json={"profile": "analyzer", "should_validate": True}))
    assert changed["dimension_scales"] == ANALYZER and changed["scales"]["abstract"] == 20.0
    assert int(changed["version"]) == int(config["version"]) + 1 and changed["timestamp"].endswith("Z")
    by_name = data(admin.put(f"{BASE}/scales", json={"scales": {"cognitive": 16, "social": 18.5}}))
    assert by_name["dimension_scales"] == [1.0, 1.0, 1.0, 1.5, 16.0, 18.5, 3.0, 20.0]
    assert by_name["zones"] == ["safe"] * 4 + ["caution", "danger", "safe", "safe"]
    assert [text.split(":")[0] for text in by_name["warnings"]] == ["cognitive", "social"]
    quiet = data(admin.put(f"{BASE}/config", json={"dimension_scales": weights(4, 20), "should_validate": False}))
    assert quiet["warnings"] == [] and quiet["profile"] == "analyzer"


def test_profiles_with_their_published_weights(admin: httpx.Client) -> None:
    found = data(admin.get(f"{BASE}/profiles"))
    assert found["current"] == "neutral" and list(found["profiles"]) == sorted(found["profiles"])
    creative = found["profiles"]["creative"]
    assert creative == data(admin.get(f"{BASE}/profiles/creative"))
    assert creative["scales"] == [1, 2, 3, 5, 8, 13, 21, 34]
    assert (creative["plasticity"], creative["evolution_rate"], creative["restricted"]) == (0.95, 0.8, False)
    assert found["profiles"]["quarantine"]["max_change"] == 0.5
    switched = data(admin.post(f"{BASE}/profiles/creative/switch"))
    assert (switched["old_profile"], switched["new_profile"]) == ("neutral", "creative")
    assert data(admin.get(f"{BASE}/config"))["zones"][6] == "beyond"
    latest = data(admin.get(f"{BASE}/history", params={"limit": 1}))["history"][0]
    assert (latest["action"], latest["from"], latest["to"]) == ("profile_switch", "neutral", "creative")
    for call in (admin.get(f"{BASE}/profiles/analyser"), admin.post(f"{BASE}/profiles/analyser/switch")):
        refused(call, 404, "did you mean analyzer?")


def test_weights_are_checked_without_being_set(admin: httpx.Client) -> None:
    def check(scales: list[float]) -> dict[str, Any]:
        return data(admin.post(f"{BASE}/validate", json={"scales": scales}))

    assert check(ONES) == {"valid": True, "warnings": [], "errors": []}
    found = check([21, 1, 1, 1, 16, 1, 1, 50.5])
    assert found["valid"] is False and len(found["warnings"]) == 1
    assert found["errors"] == [
        "physical: expected a number from 0 to 20",
        "abstract: expected a number from 0 to 50",
    ]
    refused(admin.post(f"{BASE}/validate", json={"scales": ONES[1:]}), 422, "expected 8 weights, not 7")
    assert data(admin.get(f"{BASE}/config"))["dimension_scales"] == ONES


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"dimension_scales": weights(4, 31)}, 400, "cognitive: expected a number from 0 to 30"),
        ({"dimension_scales": [0] * 8}, 400, "at least one above 0"),
        ({"dimension_scales": ONES + ONES}, 422, "not 16"),
        ({"dimension_scales": weights(0, 9), "profile": "quarantine"}, 400, "physical: expected a number from 0.5"),
        ({"profile": "hunter"}, 404, "unknown profile hunter"),
        ({}, 400, "expected profile or dimension_scales"),
        ({"scales": ONES}, 400, "scales"),
        ({"dimension_scales": "many"}, 400, "dimension_scales"),
    ],
    ids=str,
)
def test_a_refusal_changes_nothing(admin: httpx.Client, body: dict[str, Any], status: int, words: str) -> None:
    before = data(admin.get(f"{BASE}/status"))
    answer = admin.put(f"{BASE}/config", json=body)
    if words == "dimension_scales" or words == "scales":
        assert answer.status_code == status
    else:
        refused(answer, status, words)
    assert data(admin.get(f"{BASE}/status")) == before


def test_every_fault_is_named(admin: httpx.Client) -> None:
    body = refused(admin.put(f"{BASE}/config", json={"dimension_scales": [21, 1, 1, 1, 31, 16, 1, 1]}), 400, "physical")
    assert len(body["details"]["errors"]) == 2 and len(body["details"]["warnings"]) == 1
    refused(admin.put(f"{BASE}/scales", json={"scales": {"physicl": 1}}), 400, "there are physical, sensory")


def test_a_trial_is_kept_or_taken_back(admin: httpx.Client) -> None:
    idle = data(admin.get(f"{BASE}/quarantine/status"))
    assert (idle["active"], idle["time_left"]) == (False, 0)
    refused(admin.post(f"{BASE}/quarantine/stop"), 400, "no trial runs")
    refused(admin.post(f"{BASE}/quarantine/start", params={"duration": 59}), 400, "from 60 to 3600")
    refused(admin.post(f"{BASE}/quarantine/start", params={"duration": "long"}), 400, "duration")

    version = data(admin.get(f"{BASE}/config"))["version"]
    assert data(admin.post(f"{BASE}/quarantine/start"))["duration"] == 300
    refused(admin.post(f"{BASE}/quarantine/start"), 400, "a trial runs already")
    tried = data(admin.put(f"{BASE}/config", json={"profile": "analyzer"}))
    assert (tried["on_trial"], tried["version"], tried["profile"]) == (True, version, "analyzer")
    running = data(admin.get(f"{BASE}/status"))["quarantine"]
    assert running["active"] and 290 < running["time_left"] <= 300 and running["returns_to"] == "neutral"
    assert {"memory_growth", "connection_breaks", "token_churn"} <= running["metrics"].keys()
    refused(admin.post(f"{BASE}/reset"), 409, "a trial runs")
    assert data(admin.post(f"{BASE}/quarantine/stop"))["applied"] is False
    assert data(admin.get(f"{BASE}/config"))["dimension_scales"] == ONES

    admin.post(f"{BASE}/quarantine/start", params={"duration": 60, "profile": "explorer"})
    assert data(admin.post(f"{BASE}/quarantine/stop", params={"apply": "true"}))["applied"] is True
    kept = data(admin.get(f"{BASE}/config"))
    assert (kept["profile"], kept["on_trial"]) == ("explorer", False) and kept["version"] != version
    history = data(admin.get(f"{BASE}/history", params={"limit": 5}))["history"]
    assert [entry["action"] for entry in history] == [
        "quarantine_stop",
        "quarantine_start",
        "quarantine_stop",
        "profile_switch",
        "quarantine_start",
    ]
    assert [entry.get("applied") for entry in history] == [True, None, False, None, None]
    assert (history[1]["duration"], history[4]["duration"]) == (60, 300)


def test_versions_differ_and_come_back(admin: httpx.Client) -> None:
    first = int(data(admin.put(f"{BASE}/config", json={"dimension_scales": weights(4, 2.5)}))["version"])
    rule = {"config": {"size_limit.limit": 1000}}
    assert admin.put("/api/v1/modules/guardian/config", json=rule).status_code == 200
    third = int(data(admin.post(f"{BASE}/profiles/analyzer/switch") and admin.get(f"{BASE}/config"))["version"])
    assert third == first + 2
    changes = data(admin.get(f"{BASE}/diff", params={"from": first, "to": third}))["changes"]
    assert changes[0] == "profile neutral → analyzer" and changes[-1] == "size_limit.limit as configured → 1000"
    back = data(admin.post(f"{BASE}/rollback", params={"version": first}))
    assert back["dimension_scales"] == weights(4, 2.5) and int(back["version"]) == third + 1
    config = admin.get("/api/v1/modules/guardian/config").json()["config"]
    assert config["size_limit.limit"] == 65536
    refused(admin.post(f"{BASE}/rollback", params={"version": 10**6}), 400, "is not remembered")
    refused(admin.get(f"{BASE}/diff", params={"from": 0, "to": 10**6}), 404, "is not remembered")
    refused(admin.get(f"{BASE}/history", params={"limit": 101}), 400, "from 1 to 100")

    body = admin.post(f"{BASE}/export").json()["data"]
    assert body["filename"].startswith("cdna_export_2") and body["filename"].endswith(".json")
    exported = body["data"]
    assert exported["constitution"]["version"] == third + 1 and exported["exported_at"]
    assert len(exported["history"]) == len(exported["constitution"]["history"])
    assert exported["history"][0]["action"] == "rollback" and exported["history"][0]["to"] == str(first)
    reset = data(admin.post(f"{BASE}/reset"))
    assert reset["cdna"]["dimension_scales"] == ONES
    assert data(admin.get(f"{BASE}/history", params={"limit": 1}))["history"][0]["action"] == "reset"


def test_strangers_neither_read_nor_write(engine: Engine) -> None:
    with httpx.Client(base_url=engine.url) as stranger:
        for call in (
            stranger.get(f"{BASE}/status"),
            stranger.get(f"{BASE}/config"),
            stranger.put(f"{BASE}/config", json={"profile": "creative"}),
            stranger.post(f"{BASE}/validate", json={"scales": ONES}),
            stranger.post(f"{BASE}/quarantine/start"),
            stranger.post(f"{BASE}/rollback", params={"version": 0}),
            stranger.post(f"{BASE}/export"),
            stranger.post(f"{BASE}/reset"),
        ):
            assert call.status_code == 401, call.request.url


def test_the_native_protocol_tells_and_amends(engine: Engine, admin: httpx.Client) -> None:
    with Native(engine, views_only=True) as client:
        view = client.until("constitution")
        assert [weight["name"] for weight in view["weights"]] == NAMES and view["trial"] is None
        request = {"start_trial": {"seconds": 60, "profile": "creative"}}
        client.send({"id": 1, "actor": "", "command": request})
        while (view := client.until("constitution"))["trial"] is None:
            pass
        assert view["profile"] == "creative" and view["trial"]["returns_to"] == "neutral"
        seconds = (view["trial"]["ends_ns"] - view["trial"]["started_ns"]) / 1e9
        assert seconds == pytest.approx(60, abs=0.001)
        client.send({"id": 2, "actor": "", "command": {"set_weights": {"weights": ONES[1:]}}})
        assert client.until("error")["code"] == "BAD_REQUEST"
        client.send({"id": 3, "actor": "", "command": {"set_weights": {"weights": weights(6, 21)}}})
        assert "temporal" in client.until("error")["message"]
    del admin


def noise(seed: int, count: int) -> list[str]:
    """Vectors of noise, as lines."""
    chance = random.Random(seed)
    return ["v=[" + ",".join(f"{chance.random():.6f}" for _ in range(8)) + "]\n" for _ in range(count)]


def test_a_profile_shows_in_the_scores_and_a_restart_keeps_the_version(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "vectors.log"
    log.touch()
    engine = start("sensors.files.enabled=true", f'sensors.files.paths=["{log}"]', "sensors.files.from=beginning")
    odd = "v=[0.5,0.5,9.0,0.5,0.5,0.5,0.5,0.5]\n"

    def scored(lines: list[str]) -> list[dict[str, Any]]:
        with Native(engine, filter="source:vectors") as client:
            client.until("hello")
            with log.open("a") as file:
                file.writelines(lines)
            return client.records(len(lines))

    scored(noise(1, 1000))
    first = scored([odd])[0]["detection"]
    assert first["is_novel"] and first["novelty"] > 3.0
    with engine.admin() as http:
        data(http.put(f"{BASE}/config", json={"dimension_scales": weights(2, 0)}))
        data(http.post(f"{BASE}/quarantine/start", params={"duration": 3600, "profile": "creative"}))
    tried = scored([odd])[0]["detection"]
    with engine.admin() as http:
        data(http.post(f"{BASE}/quarantine/stop"))
    unweighed = scored([odd])[0]["detection"]
    assert unweighed["novelty"] < tried["novelty"] and not unweighed["is_novel"]

    with engine.admin() as http:
        data(http.post(f"{BASE}/quarantine/start", params={"duration": 3600, "profile": "creative"}))
        before = data(http.get(f"{BASE}/config"))
    engine.kill()
    kept = json.loads((engine.folder / "state" / "state.json").read_text())["constitution"]
    assert kept["trial"]["profile"] == "creative" and kept["version"] == 1
    engine.start()
    with engine.admin() as http:
        after = data(http.get(f"{BASE}/status"))
    assert before["version"] == after["cdna"]["version"] == "1"
    assert after["cdna"]["dimension_scales"] == weights(2, 0) and not after["quarantine"]["active"]
    with Native(engine, resume_from=0, filter="type:cdna.**") as client:
        client.until("hello")
        told = client.records(1)
    assert told[-1]["type"] == "cdna.trial.reverted" and "started again" in told[-1]["text"]
