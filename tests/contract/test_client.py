"""What every client of an engine promises, held by each of them: the same tests, one parameter for each client."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from ng_tui.client.address import resolve
from ng_tui.client.embedded import EmbeddedClient
from ng_tui.client.interface import EngineClient, LinkState, View
from ng_tui.client.remote import RemoteClient
from ng_tui.client.replay import ReplayClient
from ng_tui.client.wire import (
    Command,
    ErrorCode,
    EventSilenceTarget,
    ExpireSilenceCommand,
    Frame,
    IncidentsView,
    Level,
    SetModuleCommand,
    SilenceCommand,
    SilenceTarget,
    Symptom,
)
from ng_tui.errors import FilterError
from tests.quiet import as_layers, quiet
from tests.server.engine import Engine

KILLED = "Out of memory: Killed process 4242 (postgres)"
COUNT = 3_000
"""Lines of the log; every hundredth is an error and every one has its number."""


def layers(log: Path) -> list[tuple[str, str, str, str]]:
    """A configuration that reads this log and nothing else."""
    off = as_layers(quiet(but="files"))
    files = [("sensors.files.paths", f'["{log}"]'), ("sensors.files.from", "beginning")]
    return off + [("value", "test", path, value) for path, value in files]


def write_log(path: Path) -> Path:
    """The log that every client shows."""
    line = "2026-03-04T05:06:{second:02} {level} worker-{worker}: request {number} took {took} ms\n"
    with path.open("w") as file:
        for number in range(COUNT):
            level = "ERROR" if number % 100 == 99 else "INFO"
            file.write(
                line.format(second=number // 50, level=level, worker=number % 3, number=number, took=number % 17)
            )
    return path


def record(log: Path, target: Path) -> Path:
    """A recording of the log, with the views of the engine."""
    client = EmbeddedClient(layers(log), target.parent / "state-of-recorder", own_state=False)
    stream, seen = client.subscribe(""), 0
    client.start()
    with target.open("wb") as out:
        counted = 0
        end = time.monotonic() + 30
        while (seen < COUNT or counted < COUNT) and time.monotonic() < end:
            chunk = stream.read(500, 100, "frames") or b""
            seen += chunk.count(b'"type":"log.')
            out.write(chunk)
            for frame in client.frames():
                counted = frame.guardian.checked if frame.guardian is not None else counted
                out.write(msgspec.json.encode(frame) + b"\n")
    client.close()
    return target


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recording")
    return record(write_log(folder / "app.log"), folder / "incident.jsonl")


@pytest.fixture(params=["embedded", "remote", "replay"])
def client(request: pytest.FixtureRequest, tmp_path: Path, recording: Path) -> Iterator[EngineClient]:
    one: EngineClient
    engine: Engine | None = None
    if request.param == "embedded":
        one = EmbeddedClient(layers(write_log(tmp_path / "app.log")), tmp_path / "state")
    elif request.param == "remote":
        settings = [f"{path}={value}" for _, _, path, value in layers(write_log(tmp_path / "app.log"))]
        engine = Engine(tmp_path, *settings)
        one = RemoteClient(resolve(f"unix:{engine.socket}"))
    else:
        one = ReplayClient(recording)
    one.start()
    if engine is not None:
        collect(one, lambda _: one.link.state is LinkState.LIVE)
    yield one
    one.close()
    if engine is not None:
        engine.stop()


def collect(client: EngineClient, enough: Callable[[list[Frame]], bool], timeout: float = 20) -> list[Frame]:
    """Frames until there are enough of them."""
    frames: list[Frame] = []
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        frames += client.frames()
        if enough(frames):
            return frames
    raise AssertionError(f"not enough after {timeout} s: {len(frames)} frames")


def full_view(client: EngineClient, filter: str = "type:log.**") -> View:
    """A view, once all lines of the log are in the ring."""
    everything = client.ring.view("type:log.**")
    collect(client, lambda _: everything.advance(100_000).matched == COUNT)
    view = client.ring.view(filter)
    view.advance(1_000_000)
    return view


def incidents(client: EngineClient, holds: Callable[[IncidentsView], bool]) -> IncidentsView:
    """The next view of the incidents of which something holds."""

    def found(frames: list[Frame]) -> list[IncidentsView]:
        views = [frame.incidents for frame in frames if frame.incidents is not None]
        return [view for view in views if holds(view)]

    return found(collect(client, lambda frames: bool(found(frames))))[0]


class TestClient:
    def test_every_line_is_in_the_ring_in_order(self, client: EngineClient) -> None:
        rows = full_view(client).rows(0, COUNT + 10)
        assert len(rows) == COUNT
        assert [row.seq for row in rows] == sorted({row.seq for row in rows})
        assert [row.text.split()[2] for row in rows] == [str(number) for number in range(COUNT)]
        assert rows[99].level is Level.ERROR

    def test_a_view_finds_places_by_seq(self, client: EngineClient) -> None:
        view = full_view(client, "type:log.** level>=error")
        state = view.advance(0)
        assert (state.matched, state.totals.errors, state.pruned) == (COUNT // 100, COUNT // 100, 0)
        assert state.scanned_to == state.next_seq
        rows = view.rows(0, 100)
        assert view.seq_at(3) == rows[3].seq
        assert view.seq_at(len(rows)) is None
        assert view.index_of(rows[3].seq) == 3
        assert view.index_of(rows[3].seq + 1) == 4
        assert view.index_of(rows[-1].seq + 1) == len(rows)

    def test_the_next_match_is_found_in_both_directions_and_in_small_steps(self, client: EngineClient) -> None:
        view = full_view(client)
        rows = view.rows(0, COUNT)
        assert view.next_match(rows[0].seq, True, "level>=error", 1_000_000) == ("found", rows[99].seq)
        assert view.next_match(rows[99].seq, True, "level>=error", 1_000_000) == ("found", rows[199].seq)
        assert view.next_match(rows[99].seq, False, "level>=error", 1_000_000) == ("nothing", 0)
        kind, place, steps = "more", rows[0].seq, 0
        while kind == "more":
            kind, place = view.next_match(place, True, "level>=error", 10)
            steps += 1
        assert (kind, place) == ("found", rows[99].seq)
        assert steps > 5

    def test_a_bad_filter_names_its_column(self, client: EngineClient) -> None:
        with pytest.raises(FilterError) as caught:
            client.ring.view("worker levle>=error")
        assert caught.value.column == 8
        assert "level" in caught.value.message

    def test_detail_has_features_rules_and_neighbours(self, client: EngineClient) -> None:
        rows = full_view(client).rows(0, COUNT)
        detail = client.ring.detail(rows[-1].seq, 5)
        assert detail is not None
        assert len(detail.record.detection.features) == 8
        assert [step.rule for step in detail.rules][:2] == ["size_limit", "bounds"]
        assert len(detail.neighbours) == 5
        assert detail.neighbours == sorted(detail.neighbours, key=lambda near: near.distance)
        assert client.ring.detail(10_000_000, 5) is None

    def test_patterns_are_counted_from_a_place_on(self, client: EngineClient) -> None:
        rows = full_view(client).rows(0, COUNT)
        for first, counted in ((0, COUNT), (rows[COUNT - 40].seq, 40)):
            tally = client.ring.tally(first)
            while not tally.advance(700):
                pass
            counts = tally.view(10)
            assert sum(one.count for one in counts.rows) == counted
            # Levels do not share a pattern: of every hundred lines one is an error, and the last line is one.
            of_level = {one.worst: one for one in counts.rows}
            last = of_level[Level.ERROR]
            assert (last.last_seq, last.source.endswith("app.log")) == (rows[-1].seq, True)
            assert last.text == rows[-1].text and sum(last.recent) <= last.count < of_level[Level.INFO].count
            assert counts.new_patterns == (counts.patterns if first == 0 else 0)

    def test_what_stands_around_a_pattern_is_told_by_an_engine(self, client: EngineClient) -> None:
        last = full_view(client).rows(COUNT - 1, 1)[0]
        assert last.pattern is not None
        ask = partial(client.ring.pattern, last.source, last.pattern, last.seq)
        if isinstance(client, ReplayClient):
            assert ask() is None and client.ring.template(last.source, last.pattern, last.seq) is None
            return
        collect(client, lambda _: ask() is not None)
        found = ask()
        assert found is not None and found.template == client.ring.template(last.source, last.pattern, last.seq)
        assert found.count == COUNT // 100 and "request" in found.template and "request" in found.example
        assert found.successors and found.predecessors
        assert sum(link.share for link in found.predecessors) == pytest.approx(1.0)

    def test_highlights_are_counted_in_characters(self, client: EngineClient) -> None:
        assert client.ring.highlights("wörker", "a Wörker, a wörker") == [(2, 8), (12, 18)]

    def test_views_arrive_with_real_numbers(self, client: EngineClient) -> None:
        def complete(frames: list[Frame]) -> bool:
            checked = [frame.guardian.checked for frame in frames if frame.guardian is not None]
            return bool(checked) and checked[-1] >= COUNT and any(frame.metrics is not None for frame in frames)

        frames = collect(client, complete)
        modules = next(frame.modules for frame in reversed(frames) if frame.modules is not None)
        gateway = next(module for module in modules if module.id == "gateway")
        assert gateway.operations >= COUNT
        assert gateway.p50_us is not None
        guardian = next(frame.guardian for frame in reversed(frames) if frame.guardian is not None)
        assert guardian.checked >= COUNT

    def test_a_command_is_answered_under_its_number(self, client: EngineClient) -> None:
        wanted = Command(set_module=SetModuleCommand(module="signal_system", enabled=False))
        number = client.send(wanted)

        def answered(frames: list[Frame]) -> bool:
            answers = (frame.result or frame.error for frame in frames)
            return any(answer is not None and answer.id == number for answer in answers)

        answer = next(frame for frame in collect(client, answered) if frame.result or frame.error)
        if isinstance(client, ReplayClient):
            assert answer.error is not None
            assert answer.error.code is ErrorCode.NOT_READY
        else:
            assert answer.result is not None

    def test_an_incident_is_told_silenced_and_told_again(self, client: EngineClient, tmp_path: Path) -> None:
        if isinstance(client, ReplayClient):
            incidents(client, lambda view: view.silences == [])
            return
        full_view(client)
        with (tmp_path / "app.log").open("a") as file:
            file.write(f"2026-03-04T05:07:10 FATAL kernel: {KILLED}\n")

        def killed(view: IncidentsView) -> list[Symptom]:
            return [symptom for one in view.incidents for symptom in one.symptoms if KILLED in symptom.text]

        (told,) = killed(incidents(client, lambda view: killed(view) != []))
        assert (told.level, told.count, told.source.endswith("app.log")) == (Level.FATAL, 1, True)
        target = SilenceTarget(event=EventSilenceTarget(told.last_seq))
        client.send(Command(silence=SilenceCommand(target, 60, "drill")))
        (kept,) = incidents(client, lambda view: view.silences != []).silences
        assert (kept.pattern, kept.held_back, kept.silence.reason) == (told.pattern, 0, "drill")
        client.send(Command(expire_silence=ExpireSilenceCommand(kept.silence.number)))
        incidents(client, lambda view: view.silences == [])

    def test_closing_twice_is_allowed(self, client: EngineClient) -> None:
        client.close()
        client.close()
        assert isinstance(client, EmbeddedClient | ReplayClient) or client.link.state is LinkState.ENDED


def test_two_processes_give_the_same_scores(tmp_path: Path) -> None:
    """The same input, configuration and seed give the same records, whatever the hash seed of the process."""
    log = write_log(tmp_path / "app.log")
    outputs = []
    for seed in ("1", "2"):
        code = (
            "import sys; from pathlib import Path; from tests.contract.test_client import *\n"
            f"client = EmbeddedClient(layers(Path({str(log)!r})), Path({str(tmp_path)!r}) / 'state', own_state=False)\n"
            "stream, lines = client.subscribe('type:log.**'), 0; client.start()\n"
            "while lines < COUNT:\n"
            "    for line in (stream.read(500, 100, 'records') or b'').splitlines():\n"
            "        record = msgspec.json.decode(line); record.pop('received_ns'); record.pop('seq'); lines += 1\n"
            "        record['detection'].pop('nearest'); print(record)\n"
            "client.close()\n"
        )
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, env=environment, timeout=60, check=True
        )
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    assert outputs[0].count(b"\n") == COUNT
