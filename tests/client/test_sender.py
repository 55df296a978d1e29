"""Sending over what stands between: refusals, waits, splits, a lost answer, and no more held than was allowed."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ng_tui.client import NeuroGraphClient
from ng_tui.client.address import resolve
from ng_tui.client.failures import BadAnswer, ConnectionFailed, Declined, Refused
from ng_tui.client.sender import Away, Refusal, Sender, item
from tests.server.engine import Engine

from .rig import Log, Relay

Answer = tuple[int, dict[str, str], object]


class Server:
    """Answers requests to ingest as a function says; `None` = takes everything. `taken` has what was taken in."""

    def __init__(self, decide: Callable[[int, list[object]], Answer | None]) -> None:
        self.taken: list[object] = []
        self.keys: list[str] = []
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                events = [json.loads(line) for line in body.split(b"\n")]
                outer.asked += 1
                outer.keys.append(self.headers["Idempotency-Key"])
                status, headers, data = decide(outer.asked, events) or outer.take(events)
                text = data if isinstance(data, bytes) else json.dumps(data).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def take(self, events: list[object]) -> Answer:
        """Takes them in."""
        self.taken += events
        return 200, {}, {"accepted": len(events), "rejected": [], "rejected_total": 0, "last_seq": len(self.taken)}

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers, and ends them after the test."""
    started: list[Server] = []

    def start(decide: Callable[[int, list[object]], Answer | None] = lambda asked, events: None) -> Server:
        started.append(Server(decide))
        return started[-1]

    yield start
    for one in started:
        one.close()


def fault(status: int, code: str, headers: dict[str, str] | None = None) -> Answer:
    return status, headers or {}, {"success": False, "error": {"code": code, "message": code.lower(), "details": {}}}


async def send_all(url: str, count: int, **options: object) -> Sender:
    """Sends so many numbered lines, and waits for the answers."""
    async with Sender(lambda: resolve(url), **options) as sender:  # type: ignore[arg-type]
        await sender.put(item(number, f"line {number}") for number in range(1, count + 1))
        await sender.drain()
    return sender


@pytest.mark.parametrize("status", [429, 503, 507])
@pytest.mark.parametrize("by_engine", [True, False])
async def test_it_waits_for_as_long_as_it_is_asked_to(
    serve: Callable[..., Server], status: int, by_engine: bool
) -> None:
    asks = {"Retry-After": "2"}
    later: Answer = fault(status, "LATER", asks) if by_engine else (status, asks, b"<html>later</html>")
    server = serve(lambda asked, events: later if asked == 1 else None)
    waits: list[float] = []
    back: list[Away] = []
    sender = await send_all(server.url, 3, away=lambda one: waits.append(one.next_s), back=back.append)
    assert waits == [2.0] and len(back) == 1
    assert server.taken == ["line 1", "line 2", "line 3"] and sender.outcome.accepted == 3
    assert len(set(server.keys)) == 1


async def test_what_is_too_large_is_sent_in_parts(serve: Callable[..., Server]) -> None:
    def decide(asked: int, events: list[object]) -> Answer | None:
        if len(events) > 3:
            return fault(413, "TOO_LARGE")
        # What stands between has words of its own.
        return (413, {}, b"<html>too large</html>") if "line 7" in events else None

    server = serve(decide)
    refused: list[Refusal] = []
    sender = await send_all(server.url, 20, refused=refused.append)
    assert server.taken == [f"line {number}" for number in range(1, 21) if number != 7]
    assert [one.number for one in refused] == [7] and sender.outcome.refused == 1
    assert sender.outcome.accepted == 19 and len(set(server.keys)) == server.asked


async def test_a_refused_event_does_not_block_the_others(serve: Callable[..., Server]) -> None:
    server = serve(lambda asked, events: fault(400, "BAD_REQUEST") if "line 13" in events else None)
    refused: list[Refusal] = []
    sender = await send_all(server.url, 40, refused=refused.append)
    assert server.taken == [f"line {number}" for number in range(1, 41) if number != 13]
    assert refused == [Refusal(13, "bad_request")] and sender.waiting == 0


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (fault(401, "UNAUTHORIZED"), Refused),
        ((401, {}, b"no"), Refused),
        (fault(403, "FORBIDDEN"), Refused),
        (fault(404, "NOT_FOUND"), Declined),
        ((404, {}, b"no"), BadAnswer),
        ((200, {}, b"<html>It works!</html>"), BadAnswer),
    ],
)
async def test_what_no_wait_helps_ends_at_once(
    serve: Callable[..., Server], answer: Answer, kind: type[Exception]
) -> None:
    server = serve(lambda asked, events: answer)
    with pytest.raises(kind):
        await send_all(server.url, 3)
    assert server.asked == 1


async def test_patience_ends_and_what_was_not_taken_is_known(serve: Callable[..., Server]) -> None:
    server = serve(lambda asked, events: fault(503, "NOT_READY", {"Retry-After": "0"}))
    sender = Sender(lambda: resolve(server.url), retry_for_s=0.3)
    async with sender:
        await sender.put(item(number, "x") for number in range(5))
        with pytest.raises(Exception, match="not_ready"):
            await sender.drain()
        assert sender.waiting == 5 and server.asked > 1
    with pytest.raises(ConnectionFailed):
        await send_all("http://127.0.0.1:1", 1, retry_for_s=0)


@pytest.fixture
def silence() -> Iterator[threading.Event]:
    """What holds an answer back; it goes out when the test is over."""
    over = threading.Event()
    yield over
    over.set()


@pytest.mark.parametrize("limited", [False, True])
async def test_patience_ends_also_over_an_engine_that_never_answers(
    serve: Callable[..., Server], silence: threading.Event, monkeypatch: pytest.MonkeyPatch, limited: bool
) -> None:
    """`limited`: the patience is said when the request is under way already."""
    monkeypatch.setattr("ng_tui.client.sender.ANSWER_S", 0.2, raising=False)
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(number: int, events: list[object]) -> Answer | None:
        loop.call_soon_threadsafe(asked.set)
        silence.wait()
        return None

    server = serve(hold)
    async with Sender(lambda: resolve(server.url), retry_for_s=None if limited else 0.3) as sender:
        await sender.put([item(1, "a"), item(2, "b")])
        await asked.wait()
        assert (sender.waiting, sender.unknown) == (2, 2)
        if limited:
            sender.limit(0.3)
        async with asyncio.timeout(25):  # A request by itself is given up after 30 s.
            with pytest.raises(ConnectionFailed, match="no answer in time"):
                await sender.drain()
    assert (sender.waiting, sender.unknown) == (2, 2)
    silence.set()


@pytest.mark.parametrize(("status", "unknown"), [(429, 0), (503, 0), (500, 2), (504, 2)])
async def test_what_an_answer_says_of_a_request_is_known(
    serve: Callable[..., Server], status: int, unknown: int
) -> None:
    server = serve(lambda asked, events: (status, {}, b"sorry"))
    async with Sender(lambda: resolve(server.url), retry_for_s=0) as sender:
        await sender.put([item(1, "a"), item(2, "b")])
        with pytest.raises(ConnectionFailed):
            await sender.drain()
    assert (sender.waiting, sender.unknown) == (2, unknown)


async def test_what_was_never_sent_is_not_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    async with Sender(lambda: resolve(f"http://127.0.0.1:{port}"), retry_for_s=0) as sender:
        await sender.put([item(1, "a")])
        with pytest.raises(ConnectionFailed):
            await sender.drain()
    assert (sender.waiting, sender.unknown) == (1, 0)


@pytest.mark.parametrize(("limits", "most"), [({"held_lines": 10}, 10), ({"held_bytes": 100}, 12)])
async def test_who_has_more_than_may_wait_waits(
    serve: Callable[..., Server], limits: dict[str, int], most: int
) -> None:
    open_now = threading.Event()
    server = serve(lambda asked, events: None if open_now.is_set() else fault(503, "NOT_READY", {"Retry-After": "0"}))
    async with Sender(lambda: resolve(server.url), **limits) as sender:  # type: ignore[arg-type]
        putting = asyncio.create_task(sender.put(item(number, f"line {number:02}") for number in range(30)))
        while server.asked < 3:
            await asyncio.sleep(0)
            assert sender.waiting <= most
        assert sender.waiting == most and not putting.done()
        open_now.set()
        await putting
        await sender.drain()
    assert server.taken == [f"line {number:02}" for number in range(30)]


async def test_an_engine_that_came_back_elsewhere_is_found(serve: Callable[..., Server]) -> None:
    first, second = serve(lambda asked, events: fault(503, "NOT_READY")), serve()
    where = [first.url]
    async with Sender(lambda: resolve(where[0]), away=lambda _: where.__setitem__(0, second.url)) as sender:
        await sender.send("moved")
        await sender.drain()
    assert second.taken == ["moved"]


async def test_an_answer_that_was_lost_on_the_way_is_asked_for_again(relayed: tuple[Engine, Log, Relay]) -> None:
    """The relay is cut again and again under a stream; the engine stays, and holds every line once."""
    engine, _, relay = relayed
    count = 3000

    async def flap() -> None:
        for _ in range(15):
            await asyncio.to_thread(relay.cut)
            await asyncio.sleep(0.01)
            await asyncio.to_thread(relay.open)
            await asyncio.sleep(0.03)

    async with NeuroGraphClient(relay.url) as client:
        flapping = asyncio.create_task(flap())
        async with client.sender(source="stream") as sender:
            for number in range(count):
                await sender.send(f"line {number}")
                if number % 20 == 0:
                    await asyncio.sleep(0.005)
            await sender.drain()
        await flapping
    assert sender.outcome.accepted == count
    async with NeuroGraphClient(f"unix:{engine.socket}") as client:
        found: list[str] = []
        seq: int | None = 0
        while seq is not None and len(found) < count:
            page = await client.query("source:http:stream", from_seq=seq, limit=1000)
            found += [record.text for record in page.records]
            seq = page.next_seq
    assert found == [f"line {number}" for number in range(count)]
