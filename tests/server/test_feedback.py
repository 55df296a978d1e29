"""Feedback over HTTP and the WebSocket: who may give and read it, what is answered, and what is told."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.quiet import QUIET

from .accounts import add, client, login
from .engine import Engine
from .native import Native

PATH = "/api/v1/feedback"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with users, whose streams are soon warm."""
    folder: Path = tmp_path_factory.mktemp("feedback")
    add(folder / "state", admin="admin", developer="developer", viewer="viewer", bot="bot")
    one = Engine(folder, *QUIET, "modules.intuition_engine.warm_up=200")
    yield one
    one.stop()


@pytest.fixture(scope="module")
def alert(engine: Engine) -> int:
    """The number of an alert of a stream that was even before."""
    chance = random.Random(3)
    lines = "\n".join(f"load={value}" for value in [*(chance.random() for _ in range(1200)), 9.0])
    with engine.admin() as admin:
        sent = admin.post("/api/v1/ingest", content=lines, headers={"Content-Type": "text/plain"})
        assert sent.status_code == 200, sent.text
        (record,) = admin.get("/api/v1/events", params={"filter": "is:alert value>8"}).json()["records"]
        return int(record["seq"])


def test_feedback_is_given_listed_told_and_undone(engine: Engine, alert: int) -> None:
    with engine.admin() as admin, Native(engine, views_only=True) as line:
        assert line.until("feedback")["judgements"] == []
        assert admin.get(PATH).json() == {"alert_threshold": 3.6, "subjects": [], "judgements": []}
        given = admin.post(PATH, json={"seq": alert, "verdict": "ack"})
        assert given.status_code == 200, given.text
        assert "metric.load of http alerts from strength 3.30 on, before from 3.60" in given.json()["message"]
        listed = admin.get(PATH).json()
        (judgement,), (subject,) = listed["judgements"], listed["subjects"]
        assert (judgement["seq"], judgement["verdict"], judgement["after"]) == (alert, "ack", -0.3)
        assert (subject["offset"], subject["latest"]) == (-0.3, judgement["number"])
        assert line.until("feedback") == listed

        number = judgement["number"]
        undone = admin.delete(f"{PATH}/{number}")
        assert undone.status_code == 200 and f"ack {number} undone by" in undone.json()["message"]
        assert admin.get(PATH).json()["subjects"] == []
        assert admin.delete(f"{PATH}/{number}").status_code == 404


def test_what_has_not_changed_is_not_told_every_second(engine: Engine) -> None:
    with Native(engine, views_only=True) as line:
        told: list[str] = []
        while told.count("metrics") < 5:
            told += line.frame()
        # When it comes, and perhaps once again in this minute.
        assert 1 <= told.count("feedback") <= 2


def test_what_cannot_be_judged_is_refused(engine: Engine, alert: int) -> None:
    with engine.admin() as admin:
        for body, status, words in (
            ({"seq": alert - 1, "verdict": "false_alarm"}, 409, "raised no alert"),
            ({"seq": 10**12, "verdict": "ack"}, 400, "has not come yet"),
            ({"seq": alert, "verdict": "nonsense"}, 400, "expected `ack` or `false_alarm`"),
            ({"seq": alert}, 400, "verdict"),
        ):
            answer = admin.post(PATH, json=body)
            assert answer.status_code == status and words in answer.json()["detail"], answer.text


@pytest.mark.parametrize(
    ("role", "reads", "gives"), [("admin", 200, 200), ("developer", 200, 200), ("viewer", 403, 403), ("bot", 200, 403)]
)
def test_those_who_read_events_read_and_those_who_steer_give(
    engine: Engine, alert: int, role: str, reads: int, gives: int
) -> None:
    with client(engine, login(engine, role)["access_token"]) as asking:
        assert asking.get(PATH).status_code == reads
        given = asking.post(PATH, json={"seq": alert, "verdict": "ack"})
        assert given.status_code == gives, given.text
        undone = asking.delete(f"{PATH}/{_latest(engine)}")
        assert undone.status_code == (gives if gives == 403 else 200)


def test_without_credentials_nothing_is_read(engine: Engine) -> None:
    with httpx.Client(base_url=engine.url) as nobody:
        assert nobody.get(PATH).status_code in (401, 403)
        assert nobody.post(PATH, json={"seq": 1, "verdict": "ack"}).status_code in (401, 403)


def _latest(engine: Engine) -> int:
    with engine.admin() as admin:
        judgements = admin.get(PATH).json()["judgements"]
        return int(judgements[0]["number"]) if judgements else 1
