"""What the client for programs asks over HTTP: sending events, looking them up, Guardian, alerts, status, patterns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from ng_tui.client import NeuroGraphClient, NeuroGraphClientSync
from ng_tui.client.failures import Declined
from ng_tui.client.remote import RemoteClient
from ng_tui.client.wire import AlertState, Level, Mode
from ng_tui.errors import FilterError
from tests.server.engine import Engine

from .rig import Log, at, live, logged, rows, until


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Log]]:
    """An engine with an alert rule."""
    engine, log = logged(tmp_path_factory.mktemp("engine"), 'alerts.fatal="when level>=fatal then notify"')
    yield engine, log
    engine.stop()


@pytest.fixture
async def client(pair: tuple[Engine, Log]) -> AsyncIterator[NeuroGraphClient]:
    async with NeuroGraphClient(f"unix:{pair[0].socket}") as one:
        yield one


async def test_events_that_were_sent_are_in_the_ring_and_on_disk(client: NeuroGraphClient) -> None:
    one = await client.emit({"message": "a door has opened", "level": "warn"}, source="doors/1")
    assert (one.accepted, one.rejected, one.durable) == (1, [], True)
    assert one.last_seq is not None
    more = await client.emit(["just a line", 21.5, {"message": "another", "value": 2}])
    assert more.accepted == 3
    page = await client.query(from_seq=one.last_seq, limit=4)
    assert [record.seq for record in page.records] == list(range(one.last_seq, one.last_seq + 4))
    first = page.records[0]
    assert (first.text, first.level, first.source) == ("a door has opened", Level.WARN, "http:doors/1")
    assert page.next_seq == one.last_seq + 4


async def test_a_request_that_is_sent_again_is_not_taken_in_twice(client: NeuroGraphClient) -> None:
    first = await client.emit({"message": "once"}, idempotency_key="key-1")
    again = await client.emit({"message": "once"}, idempotency_key="key-1")
    assert again.last_seq == first.last_seq
    assert len((await client.query("once", from_seq=first.last_seq)).records) == 1


async def test_what_is_no_event_is_told(client: NeuroGraphClient) -> None:
    no_event: Any = ["nested"]
    receipt = await client.emit(["good", no_event, "good too"])
    assert (receipt.accepted, receipt.rejected_total) == (2, 1)
    assert [(line.line, line.code) for line in receipt.rejected] == [(2, "BAD_REQUEST")]
    with pytest.raises(Declined) as caught:
        await client.emit([])
    assert caught.value.status == 400
    with pytest.raises(Declined, match="source"):
        await client.emit("x", source="no spaces please")


async def test_pages_go_in_both_directions(client: NeuroGraphClient) -> None:
    receipt = await client.emit([f"page {number}" for number in range(5)], source="pages")
    assert receipt.last_seq is not None
    newest = await client.query("source:http:pages", order="desc", limit=2)
    assert [record.text for record in newest.records] == ["page 4", "page 3"]
    older = await client.query("source:http:pages", order="desc", limit=2, from_seq=newest.next_seq)
    assert [record.text for record in older.records] == ["page 2", "page 1"]
    with pytest.raises(FilterError) as caught:
        await client.query("worker levle>=error")
    assert caught.value.column == 8


async def test_guardian(client: NeuroGraphClient) -> None:
    rules = {rule.name: rule for rule in (await client.guardian.get()).rules}
    assert "size_limit" in rules
    await client.guardian.set_mode("size_limit", "enforce")
    await client.guardian.set_mode("size_limit", Mode.OBSERVE)
    with pytest.raises(Declined) as caught:
        await client.guardian.set_mode("nonsense", "observe")
    assert caught.value.status == 404
    with pytest.raises(ValueError):
        await client.guardian.set_mode("size_limit", "ignore")


async def test_alerts_and_status(client: NeuroGraphClient) -> None:
    assert [(alert.name, alert.state) for alert in await client.alerts.list()] == [("fatal", AlertState.INACTIVE)]
    before = (await client.status()).events_total
    await client.emit("one more")
    after = await client.status()
    assert after.events_total > before
    assert after.status == "healthy"


async def test_silences_are_begun_listed_and_ended(client: NeuroGraphClient) -> None:
    assert await client.incidents.list() == [] and await client.incidents.silences() == []
    said = await client.incidents.silence(rule="fatal", seconds=60, reason="drill")
    assert said.startswith("silence 1 of the rule fatal for 1 min by ") and said.endswith(": drill")
    receipt = await client.emit("a door has opened", source="doors/1")
    await client.incidents.silence(event=receipt.last_seq, seconds=3600)
    await client.incidents.silence(filter="source:doors", seconds=3600)
    kept = [view.silence for view in await client.incidents.silences()]
    assert [(one.number, one.reason, one.until_ns - one.since_ns) for one in kept] == [
        *((1, "drill", 60 * 10**9), (2, "", 3600 * 10**9), (3, "", 3600 * 10**9)),
    ]
    pattern = kept[1].subject.pattern
    assert pattern is not None and (pattern.source, pattern.text) == ("http:doors/1", "a door has opened")
    for number in (1, 2, 3):
        assert f"silence {number} of " in await client.incidents.expire(number)
    assert await client.incidents.silences() == []
    with pytest.raises(Declined) as caught:
        await client.incidents.expire(3)
    assert (caught.value.word, caught.value.status) == ("NOT_FOUND", 404)
    for target, words in (
        ({"rule": "none"}, "no alert rule is called none"),
        ({"event": 10**9}, "has not come yet"),
        ({"filter": ""}, "would silence everything"),
    ):
        with pytest.raises(Declined, match=words):
            await client.incidents.silence(seconds=60, **target)
    with pytest.raises(ValueError, match="one of event, rule and filter"):
        await client.incidents.silence(seconds=60)


def test_the_blocking_client(pair: tuple[Engine, Log]) -> None:
    with NeuroGraphClientSync(f"unix:{pair[0].socket}") as client:
        receipt = client.emit("from a notebook")
        assert [record.text for record in client.query(from_seq=receipt.last_seq).records] == ["from a notebook"]
        assert [record.text for record in client.query_all('"from a notebook"')] == ["from a notebook"]
        assert client.status().version
        client.guardian.set_mode("size_limit", "observe")
        assert client.guardian.get().rules
        assert [alert.name for alert in client.alerts.list()] == ["fatal"]
        assert client.incidents.list() == []
        client.incidents.silence(rule="fatal", seconds=60)
        (view,) = client.incidents.silences()
        assert "was ended by" in client.incidents.expire(view.silence.number)


def test_the_detail_of_a_record_gets_its_template(pair: tuple[Engine, Log]) -> None:
    engine, log = pair
    client = RemoteClient(at(engine))
    client.start()
    try:
        live(client)
        log.write(20)
        seq = rows(client, 20)[-1].seq

        def template() -> str | None:
            detail = client.ring.detail(seq, 0)
            assert detail is not None
            return detail.template

        assert "request" in (until(template) or "")
    finally:
        client.close()


async def test_all_pages_come_one_after_the_other(client: NeuroGraphClient) -> None:
    for first in (0, 1500):
        await client.emit([f"many {number}" for number in range(first, first + 1500)], source="many")
    texts = [record.text async for record in client.query_all("source:http:many")]
    assert texts == [f"many {number}" for number in range(3000)]
    back = [record.text async for record in client.query_all("source:http:many", order="desc")]
    assert back == texts[::-1]
