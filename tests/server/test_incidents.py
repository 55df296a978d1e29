"""Incidents and silences as the server tells them."""

from __future__ import annotations

from collections.abc import Callable

from .engine import Engine
from .waiting import until


def test_an_incident_is_counted_and_goes_on(start: Callable[..., Engine]) -> None:
    lines = [*(f"job {number} done" for number in range(60)), "ERROR the ledger does not open"]
    with start().admin() as http:
        body, headers = "\n".join(lines), {"Content-Type": "text/plain"}
        assert http.post("/api/v1/ingest", content=body, headers=headers, params={"source": "shop"}).is_success

        def is_told() -> bool:
            text = http.get("/metrics").text
            return "neurograph_incidents_total 1.0\n" in text and "neurograph_incidents_open 1.0\n" in text

        until(is_told)


def test_incidents_and_silences_are_read_asked_for_and_ended_over_http(start: Callable[..., Engine]) -> None:
    with start().admin() as http:
        asked = {"target": {"filter": {"filter": "cron"}}, "seconds": 60, "reason": "known"}
        answer = http.post("/api/v1/silences", json=asked)
        assert answer.status_code == 200 and answer.json()["message"].startswith("silence 1 of what passes cron")
        view = http.get("/api/v1/incidents").json()
        assert (view["incidents"], view["silences"][0]["silence"]["reason"]) == ([], "known")
        for body, status in (
            ({"target": {"filter": {"filter": "levle>1"}}, "seconds": 60}, 400),
            ({"target": {"event": {"seq": 10**9}}, "seconds": 60}, 400),
            ({"target": {"rule": {"rule": "none"}}, "seconds": 60}, 400),
            ({"target": {"filter": {"filter": "cron"}}, "seconds": 0}, 400),
            ({"target": {"filter": {"filter": "cron"}}}, 400),
        ):
            assert http.post("/api/v1/silences", json=body).status_code == status, body
        assert http.delete("/api/v1/silences/1").status_code == 200
        assert http.delete("/api/v1/silences/1").status_code == 404
