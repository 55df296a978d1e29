"""Events that are sent over HTTP: what is taken in, what is not, and that nothing is taken in twice."""

from __future__ import annotations

import gzip
import json
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from .engine import Engine
from .waiting import until

PATH = "/api/v1/ingest"
NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain"}
GZIP = {"Content-Encoding": "gzip"}


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    with engine.admin() as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        yield client


def records(client: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/events", params={"limit": 1000, **query})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["records"])


def next_seq(client: httpx.Client) -> int:
    return int(client.get("/api/v1/events", params={"from_seq": 2**63}).json()["next_seq"])


def many(count: int, **more: Any) -> bytes:
    return b"".join(json.dumps({"message": f"event {n}", **more}).encode() + b"\n" for n in range(count))


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        (
            NDJSON,
            b'{"message":"a","level":"error"}\n\r\n "b\\u00e4" \n7.5',
            [("json", "a"), ("text", "bä"), ("metric", "7.5")],
        ),
        (JSON, b'{"type":"door.opened","message":"c"}', [("json", "c")]),
        (JSON, b'[{"message":"d"},\n{"message":"e"}]', [("json", "d"), ("json", "e")]),
        (TEXT, "first ü\nsecond\n\nthird".encode(), [("text", "first ü"), ("text", "second"), ("text", "third")]),
        ({"Content-Type": "Text/Plain; charset=UTF-8"}, b"one", [("text", "one")]),
        (
            NDJSON | GZIP,
            gzip.compress(b'{"message":"f"}\n', mtime=0) + gzip.compress(b'"g"\n', mtime=0),
            [("json", "f"), ("text", "g")],
        ),
    ],
)
def test_events_become_records(
    client: httpx.Client, headers: dict[str, str], body: bytes, expected: list[tuple[str, str]]
) -> None:
    before = next_seq(client)
    answer = client.post(PATH, content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "accepted": len(expected),
        "guardian_rejected": 0,
        "duplicates": 0,
        "rejected": [],
        "rejected_total": 0,
        "last_seq": before + len(expected) - 1,
        "durable": True,
        "not_durable": None,
    }
    found = records(client, from_seq=before)
    assert [(one["format"], one["text"]) for one in found] == expected
    assert {one["source"] for one in found} == {"http"}


def test_an_object_states_its_type_level_and_time(client: httpx.Client) -> None:
    event = '{"type":"door.opened",  "level":"warn","message":"back door","time":"2026-03-04T05:06:07Z","who":"eve"}'
    last = client.post(PATH, content=event, headers=JSON, params={"source": "house/doors"}).json()["last_seq"]
    [record] = records(client, from_seq=last)
    assert record["source"] == "http:house/doors"
    assert (record["level"], record["text"]) == ("warn", "back door")
    assert record["raw"] == event
    assert record["time_ns"] == 1772600767 * 10**9
    assert record["attrs"]["who"] == "eve"


@pytest.mark.parametrize("name", ["", "a b", "ä", "x" * 129, "a:b", "a\n"])
def test_names_of_sources_are_checked(client: httpx.Client, name: str) -> None:
    answer = client.post(PATH, content="x", headers=TEXT, params={"source": name})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_INPUT")
    assert "source" in answer.json()["message"]


def test_bad_lines_are_named_and_the_rest_is_taken_in(client: httpx.Client) -> None:
    deep = b'{"a":' * 65 + b"1" + b"}" * 65
    lines = [b'{"message":"good"}', b"{", b"null", deep, b'"' + b"x" * (1 << 20) + b'"', b'{"a":1e400}', b'"also good"']
    answer = client.post(PATH, content=b"\n".join(lines), headers=NDJSON).json()
    assert (answer["accepted"], answer["rejected_total"]) == (2, 5)
    assert [(one["line"], one["code"]) for one in answer["rejected"]] == [
        (2, "BAD_JSON"),
        (3, "BAD_REQUEST"),
        (4, "BAD_JSON"),
        (5, "TOO_LARGE"),
        (6, "BAD_JSON"),
    ]
    errors = [one["error"] for one in answer["rejected"]]
    assert "column 1" in errors[0] and "null" in errors[1] and "64 levels" in errors[2] and "1048576" in errors[3]


def test_the_list_of_bad_lines_is_bounded(client: httpx.Client) -> None:
    answer = client.post(PATH, content=b"{\n" * 5000 + b"{}", headers=NDJSON).json()
    assert (answer["accepted"], answer["rejected_total"], len(answer["rejected"])) == (1, 5000, 1000)


@pytest.mark.parametrize(
    ("headers", "body", "status", "words"),
    [
        (NDJSON, b"{\nnull\n", 400, "line 1"),
        (TEXT, b"\n \n", 400, "no event"),
        (JSON, b"[]", 400, "no event"),
        (JSON, b'"text"', 400, "object"),
        (JSON, b"[{}", 400, "line 1 column 3"),
        (TEXT | GZIP, b"plain", 400, "gzip"),
        (TEXT | GZIP, gzip.compress(b"x" * 100, mtime=0)[:-9], 400, "gzip"),
        (TEXT | {"Content-Encoding": "br"}, b"x", 415, "gzip"),
        ({}, b"x", 415, "application/x-ndjson"),
        ({"Content-Type": "text/csv"}, b"x", 415, "text/plain"),
        ({"Content-Type": "text/plain; charset=utf-16"}, b"x", 415, "UTF-8"),
        (TEXT, b"x" * ((4 << 20) + 1), 413, "4194304"),
        (TEXT | GZIP, gzip.compress(b"x" * ((20 << 20) + 1), mtime=0), 413, "20971520"),
        (TEXT | {"Idempotency-Key": "a b"}, b"x", 400, "idempotency-key"),
        (TEXT | {"Idempotency-Key": "a" * 256}, b"x", 400, "idempotency-key"),
    ],
)
def test_what_is_not_taken_in(
    client: httpx.Client, headers: dict[str, str], body: bytes, status: int, words: str
) -> None:
    before = next_seq(client)
    answer = client.post(PATH, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["message"]
    assert next_seq(client) == before


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(engine: Engine) -> None:
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(10)
        plain.connect(str(engine.socket))
        head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        plain.sendall((head + "Expect: 100-continue\r\nContent-Length: 4194305\r\n\r\n").encode())
        assert plain.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_anonymous_may_not_send(engine: Engine) -> None:
    answer = httpx.post(engine.url + PATH, content="x", headers=TEXT)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "AUTHENTICATION_FAILED")


def test_an_event_with_an_id_is_taken_in_once(client: httpx.Client) -> None:
    body = b'{"id":"a","message":"1"}\n{"id":7,"message":"2"}\n{"id":"a","message":"3"}\n{"message":"4"}'
    sent = [client.post(PATH, content=body, headers=NDJSON, params={"source": "ids"}).json() for _ in range(2)]
    assert [(one["accepted"], one["duplicates"]) for one in sent] == [(3, 1), (1, 3)]
    other = client.post(PATH, content=body, headers=NDJSON, params={"source": "others"}).json()
    assert (other["accepted"], other["duplicates"]) == (3, 1)
    only = client.post(PATH, content=b'{"id":"a"}', headers=JSON, params={"source": "ids"})
    assert (only.status_code, only.json()["accepted"], only.json()["duplicates"]) == (200, 0, 1)


def test_requests_with_the_same_ids_at_once_are_taken_in_once(client: httpx.Client) -> None:
    body = b"".join(b'{"id":"at once %d"}\n' % number for number in range(2000))
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda _: client.post(PATH, content=body, headers=NDJSON).json(), range(4)))
    assert sum(one["accepted"] for one in sent) == 2000
    assert sum(one["duplicates"] for one in sent) == 6000


def test_a_key_gives_the_same_answer_without_a_second_intake(client: httpx.Client) -> None:
    before = next_seq(client)
    headers = NDJSON | {"Idempotency-Key": "one"}
    body = many(3000) + b"{"
    with ThreadPoolExecutor(4) as pool:
        # Three of these wait for the first.
        answers = list(pool.map(lambda _: client.post(PATH, content=body, headers=headers), range(4)))
    answers.append(client.post(PATH, content=body, headers=headers))
    assert {one.text for one in answers} == {answers[0].text}
    assert answers[0].json()["accepted"] == 3000
    # Something that the engine says itself may stand between them; a second intake would be 3 000 more.
    assert before + 3000 <= next_seq(client) < before + 3010
    other = client.post(PATH, content=b'"other"', headers=headers)
    assert (other.status_code, other.json()["error_code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    bad = [client.post(PATH, content=b"{", headers=NDJSON | {"Idempotency-Key": "bad"}) for _ in range(2)]
    assert [one.status_code for one in bad] == [400, 400]
    assert bad[0].json()["details"] == bad[1].json()["details"]


def test_what_was_refused_halfway_goes_on_with_the_same_key(start: Callable[..., Engine]) -> None:
    engine = start()
    headers = NDJSON | {"Idempotency-Key": "halfway"}
    body = many(40_000)
    with engine.admin() as client, engine.admin() as other:
        until(lambda: client.get("/health/ready").status_code == 200)
        client.timeout = httpx.Timeout(60)
        before = next_seq(other)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(client.post, PATH, content=body, headers=headers)
            until(lambda: next_seq(other) > before + 1000)
            assert other.put("/api/v1/modules/gateway/enabled", json={"enabled": False}).status_code == 200
            refusal = first.result()
        assert (refusal.status_code, refusal.json()["error_code"]) == (409, "CONFLICT")
        details = refusal.json()["details"]
        assert 1000 < details["accepted"] < 40_000
        assert details["next_line"] == details["accepted"] + 1
        assert len(records(other, filter="source:http", from_seq=before)) > 0
        # Nothing of it was taken in, so the same events may come later.
        with_id = client.post(PATH, content=b'{"id":"later"}', headers=JSON)
        assert (with_id.status_code, with_id.json()["details"]["next_line"]) == (409, 1)
        assert other.put("/api/v1/modules/gateway/enabled", json={"enabled": True}).status_code == 200
        rest = client.post(PATH, content=body, headers=headers)
        assert (rest.status_code, rest.json()["accepted"]) == (200, 40_000)
        assert client.post(PATH, content=b'{"id":"later"}', headers=JSON).json()["accepted"] == 1
        stats = client.get("/api/v1/stats").json()
        assert stats["server"]["ingested"] == 40_001
        sources = client.get("/api/v1/metrics").text
        assert "neurograph_ingest_accepted_total 40001" in sources


def test_a_server_that_is_busy_says_when_to_come_again(start: Callable[..., Engine]) -> None:
    """Eight bodies of millions of lines take every place for longer than one waits."""
    engine = start()
    flood = gzip.compress(b"1\n" * (10 << 20), 1, mtime=0)
    with engine.admin() as client, ThreadPoolExecutor(8) as pool:
        until(lambda: client.get("/health/ready").status_code == 200)

        def send() -> None:
            with engine.admin() as one, pytest.raises(httpx.TransportError):
                one.post(PATH, content=flood, headers=TEXT | GZIP, timeout=60)

        for _ in range(8):
            pool.submit(send)
        asked = 'neurograph_http_requests_in_progress{method="POST",path="/api/v1/ingest"} 8'
        until(lambda: asked in client.get("/metrics").text)
        refusal = client.post(PATH, content="x", headers=TEXT, timeout=30)
        assert (refusal.status_code, refusal.json()["error_code"]) == (429, "RATE_LIMIT_EXCEEDED")
        assert int(refusal.headers["Retry-After"]) >= 1
        assert (refusal.json()["details"]["accepted"], refusal.json()["details"]["next_line"]) == (0, 1)
        assert refusal.json()["details"]["retry_after"] == 1
        engine.kill()


def test_a_server_that_stops_takes_nothing_more(start: Callable[..., Engine]) -> None:
    engine = start()
    with socket.socket(socket.AF_UNIX) as slow:
        slow.settimeout(10)
        slow.connect(str(engine.socket))
        head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n"
        slow.sendall(head.encode() + b"x")
        with engine.admin() as client:
            asked = 'neurograph_http_requests_in_progress{method="POST",path="/api/v1/ingest"} 1'
            until(lambda: asked in client.get("/metrics").text)
        engine.process.send_signal(signal.SIGTERM)
        until(lambda: not engine.socket.exists())
        slow.sendall(b"y")
        answer = slow.recv(65536)
    assert answer.startswith(b"HTTP/1.1 503 ") and b'"SERVICE_UNAVAILABLE"' in answer, answer
    assert engine.stop() == 0
