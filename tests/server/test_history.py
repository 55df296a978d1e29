"""History on disk: what was called durable is there whatever happens, and pages go on behind the ring."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from .engine import BINARY, Engine
from .native import Native
from .waiting import until

Start = Callable[..., Engine]
PATH = "/api/v1/ingest"
NDJSON = {"Content-Type": "application/x-ndjson"}
SMALL_RING = "ring.capacity=1024"


def events(first: int, count: int) -> bytes:
    """Events whose text is made of their number alone."""
    return b"".join(
        json.dumps({"message": f"event {n} of {n * n}"}).encode() + b"\n" for n in range(first, first + count)
    )


def send(client: httpx.Client, first: int, count: int, **query: Any) -> dict[str, Any]:
    answer = client.post(PATH, content=events(first, count), headers=NDJSON, params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def pages(client: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    """All records that pass, page by page; nothing may be missing but what a kill took away."""
    found: list[dict[str, Any]] = []
    while True:
        page = client.get("/api/v1/events", params={"limit": 1000, **query}).json()
        assert all(gap["reason"] == "source_lost" for gap in page["gaps"]), page["gaps"]
        found += page["records"]
        if not page["more"]:
            return found
        query["from_seq"] = page["next_seq"]


def count(client: httpx.Client, filter: str, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/histogram", params={"filter": filter, **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


# httpcore leaves the socket of a connection that is refused, as by an engine that was killed, to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_what_was_durable_is_there_after_kills_once_and_as_it_was(start: Start) -> None:
    engine = start()
    promised: list[int] = []
    tried = 0
    for _ in range(5):
        enough = threading.Event()

        def feed(first: int, engine: Engine = engine, enough: threading.Event = enough) -> None:
            nonlocal tried
            with engine.admin() as client:
                for batch in range(first, first + 10_000, 50):
                    tried = batch + 50
                    try:
                        answer = send(client, batch, 50)
                    except httpx.HTTPError:
                        return
                    assert answer["durable"] and answer["not_durable"] is None
                    promised.extend(range(batch, batch + 50))
                    if batch >= first + 500:
                        enough.set()

        feeder = threading.Thread(target=feed, args=(tried,))
        feeder.start()
        assert enough.wait(30)
        engine.kill()
        feeder.join(timeout=30)
        engine.start()
    with engine.admin() as client:
        found = Counter(one["text"] for one in pages(client, filter="event source:http"))
    lost = [n for n in promised if found[f"event {n} of {n * n}"] == 0]
    duplicates = [text for text, times in found.items() if times > 1]
    phantoms = set(found) - {f"event {n} of {n * n}" for n in range(tried)}
    assert (lost, duplicates, phantoms) == ([], [], set())
    assert len(promised) > 2500


def test_pages_and_numbers_go_on_behind_the_ring(start: Start) -> None:
    engine = start(SMALL_RING)
    with engine.admin() as client:
        for first in range(0, 6000, 1000):
            send(client, first, 1000)
        texts = [f"event {n} of {n * n}" for n in range(6000)]
        assert [one["text"] for one in pages(client, filter="source:http")] == texts
        back = pages(client, filter="source:http", order="desc")
        assert [one["text"] for one in back] == texts[::-1]
        assert [one["text"] for one in pages(client, filter='source:http "event 17 "')] == ["event 17 of 289"]
        assert count(client, "source:http") == {"count": 6000, "unreadable": 0, "groups": []}
        assert count(client, "source:http", by="level")["groups"] == [{"name": "info", "count": 6000}]
        assert count(client, '"of 289"')["count"] == sum("of 289" in text for text in texts)
        [old] = pages(client, filter='"event 17 "')
        detail = client.get(f"/api/v1/events/{old['seq']}").json()
        assert detail["record"]["text"] == "event 17 of 289"


def test_the_latest_are_in_the_ring_after_a_kill_and_a_client_goes_on_without_a_gap(start: Start) -> None:
    engine = start()
    with engine.admin() as client:
        seen = send(client, 0, 300)["last_seq"]
        send(client, 300, 200)
    engine.kill()
    engine.start()
    with engine.admin() as client, Native(engine, filter="source:http", resume_from=seen + 1) as native:
        native.until("hello")
        last = send(client, 500, 100)
        assert last["last_seq"] >= seen + 300
        found = native.records(300)
        assert [one["text"] for one in found] == [f"event {n} of {n * n}" for n in range(300, 600)]


def test_without_history_nothing_is_durable(start: Start, tmp_path: Path) -> None:
    engine = start("history.enabled=false")
    with engine.admin() as client:
        answer = send(client, 0, 3)
        assert (answer["durable"], answer["not_durable"]) == (False, "no history is kept")
        assert "\nneurograph_history" not in client.get("/metrics").text
    assert not (engine.folder / "state" / "history").exists()


def test_a_sender_that_cannot_wait_need_not(start: Start) -> None:
    engine = start()
    with engine.admin() as client:
        answer = send(client, 0, 3, wait="false")
        assert answer["accepted"] == 3 and not answer["durable"] and "within 0 s" in answer["not_durable"]
        assert send(client, 3, 1)["durable"]


def test_a_folder_that_refuses_stops_nothing_and_is_taken_up_by_itself(start: Start, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.write_text("no folder")
    engine = start(SMALL_RING, f'history.folder="{place}/history"')

    def value(client: httpx.Client, name: str) -> float:
        lines = client.get("/metrics").text.splitlines()
        return float(next(line.rpartition(" ")[2] for line in lines if line.startswith(name)))

    with engine.admin() as client:
        [told] = until(lambda: pages(client, filter="type:history.problem"))
        assert told["level"] == "error" and str(place) in told["text"]
        for first in range(0, 3000, 500):
            answer = send(client, first, 500)
            assert not answer["durable"] and str(place) in answer["not_durable"]
        until(lambda: value(client, "neurograph_history_in_trouble") == 1)
        place.unlink()
        place.mkdir()
        until(lambda: value(client, "neurograph_history_in_trouble") == 0)
        until(lambda: send(client, 3000, 1)["durable"])
        # What had left the ring by then is gone, and that is said.
        kept = count(client, "source:http")["count"]
        lost = value(client, "neurograph_history_lost_events_total")
        assert 1024 <= kept < 3010 and lost >= 3000 - kept
        until(lambda: len(pages(client, filter="type:history.lost")) == 1)


def test_a_file_that_is_read_faster_than_the_disk_takes_it_is_kept_whole(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("".join(f"line {n} of the file\n" for n in range(60_000)))
    files = ("sensors.files.enabled=true", f'sensors.files.paths=["{log}"]', "sensors.files.from=beginning")
    engine = start(SMALL_RING, *files)
    with engine.admin() as client:
        until(lambda: count(client, "source:app")["count"] == 60_000, seconds=60)
        assert "neurograph_history_lost_events_total 0" in client.get("/metrics").text.replace(".0", "")
        assert count(client, '"line 41234 of"')["count"] == 1


def test_a_file_is_read_on_where_history_ends(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "app.log"

    def write(first: int, count: int) -> None:
        with log.open("a") as file:
            file.writelines(f"12:00:00 line {n}\n" for n in range(first, first + count))

    write(0, 30)
    engine = start("sensors.files.enabled=true", f'sensors.files.paths=["{log}"]')
    with engine.admin() as client:
        until(lambda: count(client, "source:app")["count"] == 10)
        write(30, 5)
        until(lambda: count(client, "source:app")["count"] == 15)
        until(lambda: "neurograph_history_behind_events 0" in client.get("/metrics").text.replace(".0", ""))
    engine.kill()
    write(35, 40)
    engine.start()
    with engine.admin() as client:
        until(lambda: count(client, "source:app")["count"] >= 55)
        write(75, 1)
        until(lambda: count(client, '"line 75"')["count"] == 1)
        found = [one["raw"] for one in pages(client, filter="source:app")]
    assert found == [f"12:00:00 line {n}" for n in range(20, 76)]


def test_what_cannot_be_read_is_told_wherever_it_is_missing(start: Start, tmp_path: Path) -> None:
    engine = start(SMALL_RING, f'history.folder="{tmp_path}/kept"')
    with engine.admin() as client:
        for first in range(0, 40_000, 2_000):
            assert send(client, first, 2_000)["durable"]
    engine.stop()
    [file] = (tmp_path / "kept").glob("????-??-??.db")
    with closing(sqlite3.connect(file)) as database, database:
        [[first, events]] = database.execute("SELECT first_seq, events FROM blocks ORDER BY first_seq LIMIT 1 OFFSET 1")
        database.execute("UPDATE bodies SET body = substr(body, 1, 100) WHERE first_seq = ?", [first])
    engine.start()
    with engine.admin() as client:
        page: dict[str, Any] = {"next_seq": 0, "more": True}
        missing, seqs = [], []
        while page["more"]:
            page = client.get("/api/v1/events", params={"limit": 1000, "from_seq": page["next_seq"]}).json()
            missing += page["gaps"]
            seqs += [record["seq"] for record in page["records"]]
        assert missing == [{"from_seq": first, "to_seq": first + events, "count": events, "reason": "corrupt"}]
        assert (
            page["unreadable"] == events and len(seqs) == len(set(seqs)) and not set(seqs) & {first, first + events - 1}
        )
        back = client.get(
            "/api/v1/events", params={"limit": 1000, "from_seq": first + events + 9, "order": "desc"}
        ).json()
        assert back["gaps"] == missing and back["records"][9]["seq"] == first + events
        counted = count(client, "source:http event")
        assert counted["unreadable"] == events and counted["count"] in {40_000, 40_000 - events}
        assert count(client, '"1 of 1"')["unreadable"] == events
        [told] = until(lambda: pages(client, filter="type:history.problem"))
        assert f"{events} events" in told["text"] and "history verify" in told["text"]
        assert re.search(rf"^neurograph_history_unreadable_events {events + 1}\b", client.get("/metrics").text, re.M)


def test_a_kill_leaves_what_was_learnt(start: Start) -> None:
    engine = start()
    with engine.admin() as client:
        for first in range(0, 3000, 500):
            assert send(client, first, 500)["durable"]
        [before] = client.get("/api/v1/events", params={"filter": '"event 2999 "'}).json()["records"]
    assert before["detection"]["state"] == "scored"
    engine.kill()
    engine.start()
    with engine.admin() as client:
        send(client, 3000, 1)
        [after] = client.get("/api/v1/events", params={"filter": '"event 3000 "'}).json()["records"]
        assert after["detection"]["state"] == "scored" and not after["detection"]["is_novel"]
        pattern = client.get(f"/api/v1/patterns/{after['detection']['pattern']}").json()
        assert after["detection"]["pattern"] == before["detection"]["pattern"]
        assert pattern["count"] == 3001 and pattern["first_ns"] == before_first(client)
        metrics = client.get("/metrics").text
        assert re.search(r"^neurograph_events_total (\d+)", metrics, re.M)[1] < "3000"  # type: ignore[index]


def before_first(client: httpx.Client) -> int:
    """When the first of the events came."""
    [first] = client.get("/api/v1/events", params={"filter": '"event 0 of"'}).json()["records"]
    return int(first["time_ns"])


def test_two_engines_do_not_write_one_history(start: Start, tmp_path: Path) -> None:
    folder = f'history.folder="{tmp_path}/shared"'
    first = start(folder)
    command = [str(BINARY), "--state-dir", str(tmp_path / "other"), "--set", folder, "--set", "server.socket=none"]
    second = subprocess.run(command, capture_output=True, timeout=30, check=False, text=True)
    assert second.returncode == 75 and "NG-5401" in second.stderr
    assert f"{tmp_path}/shared" in second.stderr and f"process {first.process.pid}" in second.stderr
    with first.admin() as client:
        assert send(client, 0, 1)["durable"]


@pytest.mark.parametrize(("query", "told"), [({"by": "colour"}, "by"), ({"filter": "level:"}, "filter")])
def test_a_question_that_is_not_understood_is_refused(start: Start, query: dict[str, str], told: str) -> None:
    engine = start()
    with engine.admin() as client:
        answer = client.get("/api/v1/histogram", params=query)
        assert answer.status_code == 400 and told in answer.text
