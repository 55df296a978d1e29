"""The client for programs, against a real engine."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ng_tui.client import NeuroGraphClient, NeuroGraphClientSync
from ng_tui.client.failures import BadAnswer, ConnectionFailed, Declined, Refused
from ng_tui.client.wire import Frame, Gap, GapReason, Record, Role
from ng_tui.errors import EXIT_CONNECTION, EXIT_REFUSED, FilterError
from tests.server.engine import Engine

from .rig import Log, Relay, lose


@pytest.fixture
async def client(pair: tuple[Engine, Log]) -> AsyncIterator[NeuroGraphClient]:
    async with NeuroGraphClient(f"unix:{pair[0].socket}") as one:
        yield one


async def records_of(frames: AsyncIterator[Frame], count: int) -> list[Record]:
    """The first records of a stream without gaps."""
    found: list[Record] = []
    async for frame in frames:
        assert frame.gap is None
        found += frame.records or ()
        if len(found) >= count:
            return found
    raise AssertionError("the stream ended")


async def test_modules(client: NeuroGraphClient) -> None:
    modules = await client.modules.list()
    assert [module.id for module in modules][:2] == ["gateway", "guardian"]
    one = await client.modules.get("signal_system")
    assert (one.id, one.can_disable) == ("signal_system", True)
    await client.modules.disable("signal_system")
    async for frame in client.events():
        views = {module.id: module for module in frame.modules or ()}
        if views and not views["signal_system"].enabled:
            break
    await client.modules.enable("signal_system")
    config = await client.modules.config("intuition_engine")
    key = next(setting.key for setting in config.settings if isinstance(config.config[setting.key], int | float))
    await client.modules.configure("intuition_engine", {key: config.config[key]})


async def test_what_is_not_carried_out_says_why(client: NeuroGraphClient) -> None:
    with pytest.raises(Declined, match="there are gateway") as caught:
        await client.modules.disable("no/such module")
    assert (caught.value.word, caught.value.status) == ("NOT_FOUND", 404)
    with pytest.raises(Declined) as caught:
        await client.modules.configure("intuition_engine", {"no_such_setting": 1})
    assert caught.value.status == 400


async def test_events_begin_with_a_greeting_and_go_on_with_records(pair: tuple[Engine, Log]) -> None:
    async with NeuroGraphClient(f"unix:{pair[0].socket}") as client:
        frames = client.events("worker-1")
        first = await anext(frames)
        assert first.hello is not None
        pair[1].write(30)
        found = await records_of(frames, 10)
        assert all(record.text.startswith("worker-1") for record in found)
        assert found[0].detection.features == []
        again = client.events("worker-1", resume_from=found[0].seq, vectors=True)
        same = await records_of(again, 10)
        assert [record.seq for record in same[:10]] == [record.seq for record in found[:10]]
        assert len(same[0].detection.features) == 8


async def test_a_refused_filter_ends_the_stream(client: NeuroGraphClient) -> None:
    with pytest.raises(FilterError) as caught:
        async for _ in client.events("worker levle>=error"):
            pass
    assert caught.value.column == 8


async def test_over_a_kill_and_restart_every_number_is_told(relayed: tuple[Engine, Log, Relay]) -> None:
    engine, log, relay = relayed
    async with NeuroGraphClient(relay.url) as client:
        numbers: list[int] = []
        gaps: list[Gap] = []
        greetings = 0
        async for frame in client.events():
            if frame.hello is not None:
                greetings += 1
                log.write(20)
            if frame.gap is not None:
                gaps.append(frame.gap)
                numbers += range(frame.gap.from_seq, frame.gap.to_seq)
            numbers += [record.seq for record in frame.records or ()]
            texts = [record.text for record in frame.records or ()]
            if any("request 19 " in text for text in texts):
                await asyncio.to_thread(lose, engine, log, relay, 40)
            if any("request 79 " in text for text in texts):
                break
    assert greetings == 2
    assert [gap.reason for gap in gaps] == [GapReason.SOURCE_LOST]
    assert gaps[0].count == gaps[0].to_seq - gaps[0].from_seq >= 40
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_a_stream_ends_with_its_client(pair: tuple[Engine, Log]) -> None:
    async with NeuroGraphClient(f"unix:{pair[0].socket}") as client:
        frames = client.events()
        await anext(frames)

        async def rest() -> int:
            return sum([1 async for _ in frames])

        reading = asyncio.create_task(rest())
        await client.health()
    assert await reading >= 0
    with pytest.raises(RuntimeError, match="async with"):
        await client.health()


async def test_without_credentials_little_is_allowed(pair: tuple[Engine, Log]) -> None:
    async with NeuroGraphClient(pair[0].url) as client:
        assert (await client.health()).components["gateway"] == "active"
        frames = client.events()
        # What it may do is told before it is refused.
        hello = (await anext(frames)).hello
        for attempt in (client.modules.list(), client.modules.disable("gateway"), anext(frames)):
            with pytest.raises(Refused) as caught:
                await attempt
            assert (caught.value.code, caught.value.exit_code) == ("NG-4101", EXIT_REFUSED)
        assert hello is not None
        assert hello.role is Role.ANONYMOUS


async def test_credentials_that_are_not_valid_are_refused(pair: tuple[Engine, Log], tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("sesame\n")
    async with NeuroGraphClient(pair[0].url, token_file=file) as client:
        with pytest.raises(Refused) as asked:
            await client.modules.list()
        with pytest.raises(Refused) as heard:
            [frame async for frame in client.events()]
    for caught in (asked, heard):
        assert caught.value.code == "NG-4101"
        assert "sesame" not in str(caught.value)


async def test_where_nothing_listens(tmp_path: Path) -> None:
    for address in (f"unix:{tmp_path / 'e.sock'}", "http://127.0.0.1:1"):
        async with NeuroGraphClient(address) as client:
            for attempt in (client.health(), anext(client.events())):
                with pytest.raises(ConnectionFailed) as caught:
                    await attempt
                assert (caught.value.code, caught.value.exit_code) == ("NG-3311", EXIT_CONNECTION)
                assert address in str(caught.value)


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/v1/health" else 404)
        self.end_headers()
        self.wfile.write(b"<html>It works!</html>")

    def log_message(self, *_: object) -> None:
        pass


async def test_what_is_no_engine() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Page)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        async with NeuroGraphClient(f"http://127.0.0.1:{server.server_port}") as client:
            for attempt in (client.health(), client.modules.list(), anext(client.events())):
                with pytest.raises(BadAnswer) as caught:
                    await attempt
                assert (caught.value.code, caught.value.exit_code) == ("NG-3314", EXIT_CONNECTION)
    finally:
        await asyncio.to_thread(server.shutdown)
        thread.join()
        server.server_close()


async def test_the_blocking_client_works_where_a_loop_is_running(pair: tuple[Engine, Log]) -> None:
    with NeuroGraphClientSync(f"unix:{pair[0].socket}") as client:
        assert client.health().status == "healthy"
        assert client.modules.get("gateway").id == "gateway"
        client.modules.enable("signal_system")
        assert client.modules.config("gateway").settings
        with pytest.raises(FilterError):
            list(client.events("levle>=error"))
        texts: list[str] = []
        for frame in client.events("type:log.**"):
            if frame.hello is not None:
                pair[1].write(10)
            texts += [record.text for record in frame.records or ()]
            if len(texts) >= 10:
                break
        assert len(texts) == 10
    client.close()


def test_programs_load_neither_textual_nor_more_than_they_use() -> None:
    code = (
        "import sys, ng_tui.client, ng_tui.client.remote, ng_tui.client.merged, ng_tui.client.address\n"
        "assert not {'httpx', 'websockets', 'textual'} & set(sys.modules)\n"
        "from ng_tui.client import NeuroGraphClient, NeuroGraphClientSync\n"
        "assert {'httpx', 'websockets'} <= set(sys.modules) and 'textual' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
