"""The connection to an engine elsewhere: the strip, the banner, old data, refusals, several engines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from ng_tui.app import ConsoleApp
from ng_tui.client.interface import Link, LinkState
from ng_tui.client.wire import Command, ErrorCode, ErrorFrame, Frame, GapReason, Record, Role
from ng_tui.connection import Meter, RemoteEngine, split_source
from ng_tui.frame.banner import Banner
from tests.console.fake import FakeClient
from tests.console.script import make_record
from tests.console.trial_console import console, settle, shown
from tests.console.views import metrics, modules

NARROW, WIDE = (80, 24), (160, 40)
ADMIN = frozenset({"steer", "ingest", "read:signals", "read:modules", "read:guardian", "read:metrics", "read:status"})
LIVE = Link(LinkState.LIVE, host="web-1", user="ann", role=Role.ADMIN, rights=ADMIN, rtt_s=0.084, received_bytes=4096)
VIEWER = replace(LIVE, role=Role.VIEWER, rights=frozenset({"read:modules", "read:guardian", "read:metrics"}))
LOST = replace(
    LIVE, state=LinkState.WAITING, since=100.0, retry_at=108.0, tries=6, why="Connection refused", rtt_s=None
)
REMOTE = {"ssh://web-1": RemoteEngine(local=False, target="ssh://web-1")}


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def remote(tmp_path: Path, link: Link = LIVE, **options: Any) -> tuple[ConsoleApp, FakeClient, Clock]:
    """A console on an engine elsewhere."""
    client, clock = FakeClient(), Clock()
    client.label, client.link = "ssh://web-1", link
    app, _ = console(tmp_path, client, **{"remote_engines": REMOTE, "monotonic": clock, **options})
    return app, client, clock


async def go(pilot: Pilot[int], *keys: str) -> list[str]:
    """Presses keys and returns what the screen shows then."""
    await pilot.press(*keys)
    await settle(pilot)
    assert isinstance(pilot.app, ConsoleApp)
    return shown(pilot.app).split("\n")


def words(lines: list[str]) -> str:
    """What stands on the screen as one text: a notice is wrapped, and has a bar at its left."""
    return " ".join(" ".join(lines).replace("▌", " ").split())


@pytest.mark.parametrize(
    ("engine", "link", "expected"),
    [
        (None, Link(LinkState.LIVE), " neurograph embedded  events"),
        (RemoteEngine(local=True), LIVE, " neurograph attached web-1  events"),
        (RemoteEngine(local=True), VIEWER, " neurograph attached web-1 viewer  events"),
        (RemoteEngine(local=False, target="ssh://web-1"), LIVE, " neurograph remote web-1 admin  events"),
        (RemoteEngine(local=False, target="prod", profile="prod"), LIVE, " neurograph remote prod admin  events"),
    ],
)
async def test_the_strip_says_where_and_as_what(
    tmp_path: Path, engine: RemoteEngine | None, link: Link, expected: str
) -> None:
    client = FakeClient()
    client.link = link
    app, _ = console(tmp_path, client, remote_engines={} if engine is None else {"embedded": engine})
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert shown(app).startswith(expected)
        assert not app.query_one(Banner).has_class("-shown") and not app.has_class("-stale")


async def test_the_numbers_of_the_link_are_the_first_to_go(tmp_path: Path) -> None:
    app, client, clock = remote(tmp_path)
    async with app.run_test(size=WIDE) as pilot:
        first = await go(pilot)
        assert "rtt 84ms  " in first[0] and "/s" not in first[0].split("rtt")[1].split("  ")[0]
        clock.now += 4
        client.link = replace(LIVE, received_bytes=4096 + 4 * 9216)
        assert "rtt 84ms 9.0 KiB/s" in (await go(pilot))[0]
        await pilot.resize_terminal(*NARROW)
        narrow = (await go(pilot))[0]
        assert "rtt" not in narrow and "events 550/s" in narrow and "alerts 1" in narrow


def test_the_meter_counts_over_a_window_and_begins_anew() -> None:
    meter = Meter()
    assert meter.rate(1000, 10.0) is None
    assert meter.rate(3000, 11.0) is None
    assert meter.rate(5000, 14.0) == 1000.0
    assert meter.rate(9000, 14.5) == 1000.0
    assert meter.rate(0, 20.0) is None


async def test_what_was_lost_sight_of_stays_and_is_dim(tmp_path: Path) -> None:
    app, client, clock = remote(tmp_path)
    async with app.run_test(size=NARROW) as pilot:
        before = await go(pilot)
        client.link = LOST
        clock.now = 104.2
        lines = await go(pilot)
        assert "remote web-1 reconnecting" in lines[0]
        assert "reconnecting in 4 s (try 7): Connection refused" in lines[1]
        assert lines[1].rstrip().endswith("data from 0 s ago")
        assert [line for line in before if "charge failed" in line][-1] in lines
        assert app.has_class("-stale") and app.query_one("#panes").opacity < 1
        assert "not connected" in lines[-2] and "live" not in lines[-2]
        clock.now = 116.9
        client.link = replace(LOST, retry_at=110.0)
        lines = await go(pilot)
        assert "connecting (try 7): Connection refused" in lines[1] and "data from 12 s ago" in lines[1]
        for key, title in (("2", "[2 Modules]"), ("3", "[3 Metrics]"), ("4", "[4 Guardian]"), ("1", "[1 Events]")):
            assert title in "\n".join(await go(pilot, key))
        client.link = LIVE
        lines = await go(pilot)
        assert "remote web-1 admin" in lines[0] and "[1 Events]" in lines[1] and "live" in lines[-2]
        assert not app.has_class("-stale")


async def test_before_the_first_connection_the_list_says_why_it_is_empty(tmp_path: Path) -> None:
    client, clock = FakeClient(0), Clock()
    client.label, client.queue = "ssh://web-1", []
    client.link = Link(LinkState.WAITING, retry_at=102.0, tries=1, why="Host key verification failed.")
    app, _ = console(tmp_path, client, remote_engines=REMOTE, monotonic=clock)
    async with app.run_test(size=NARROW) as pilot:
        lines = await go(pilot)
        assert "remote ssh://web-1 connecting" in lines[0]
        assert "connecting in 2 s (try 2): Host key verification failed." in lines[1] and "data from" not in lines[1]
        assert any("There is no connection yet" in line for line in lines)
        assert not app.has_class("-stale")


async def test_nothing_is_written_while_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, client, clock = remote(tmp_path)
    drawn: list[str] = []
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        client.link = LOST
        await settle(pilot)
        real = Banner.refresh

        def count(self: Banner, *regions: Any, **more: Any) -> Any:
            drawn.append(self.id or "")
            return real(self, *regions, **more)

        monkeypatch.setattr(Banner, "refresh", count)
        for step in range(8):
            clock.now = 104.01 + step / 10  # within one second of the wait, and of the age
            await settle(pilot)
        assert len(drawn) <= 1
        clock.now = 105.3
        await settle(pilot)
        assert len(drawn) <= 2 and drawn


@pytest.mark.parametrize(
    ("link", "why", "short"),
    [
        (LOST, "not connected; commands are not queued", "not connected"),
        (VIEWER, "the role viewer does not have the right steer", "read only"),
    ],
)
async def test_a_switch_that_cannot_be_used_says_why(tmp_path: Path, link: Link, why: str, short: str) -> None:
    app, client, _ = remote(tmp_path)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await settle(pilot)
        client.link = link
        assert f"unavailable: {why}" in words(await go(pilot, "2"))
        for key in ("space", "u"):
            await go(pilot, key)
        assert client.sent == []
        assert f"gateway: {why}" in words(await go(pilot))
        counts = next(line for line in await go(pilot, "4") if " checked " in line)
        assert counts.rstrip().endswith(short)
        await go(pilot, "space")
        assert client.sent == []
        assert f"unavailable: {why}" in words(await go(pilot, "i"))


async def test_the_app_refuses_what_a_screen_lets_through(tmp_path: Path) -> None:
    from ng_tui.client.wire import SetModuleCommand
    from ng_tui.screens.base import Send

    app, client, _ = remote(tmp_path, VIEWER)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await settle(pilot)
        app.pane.post_message(Send(Command(set_module=SetModuleCommand("grid", False))))
        await settle(pilot)
        assert client.sent == [] and app.state.pending == {}
        assert app.notices[-1].text == "the role viewer does not have the right steer"


async def test_a_command_under_way_when_the_connection_breaks_leaves_no_pending_switch(tmp_path: Path) -> None:
    app, client, _ = remote(tmp_path)

    def send(command: Command) -> int:
        client.sent.append(command)
        return len(client.sent)

    client.send = send  # type: ignore[method-assign]
    async with app.run_test(size=NARROW) as pilot:
        await go(pilot)  # the modules are known
        await go(pilot, "2", "space")
        assert client.sent[0].set_module is not None and app.state.pending
        assert any("◌ off" in line and "gateway" in line for line in await go(pilot))
        client.link = LOST
        client.queue.append(Frame(error=ErrorFrame(1, ErrorCode.NOT_READY, "the connection broke")))
        lines = await go(pilot)
        assert any("● active" in line and "gateway" in line for line in lines) and not app.state.pending


async def test_a_role_that_may_not_read_events_is_told_so(tmp_path: Path) -> None:
    client = FakeClient(0)
    client.label, client.link = "ssh://web-1", VIEWER
    app, _ = console(tmp_path, client, remote_engines=REMOTE)
    async with app.run_test(size=NARROW) as pilot:
        text = "\n".join(await go(pilot))
        assert "The role viewer does not have the right to read events." in text


async def test_reconnect_and_next_engine_where_there_is_nothing_of_the_kind(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await go(pilot, "ctrl+r", "semicolon")
        told = [notice.message for notice in app._notifications]
        assert "no connection to lose" in told[0] and "There is one engine" in told[1]


@pytest.mark.parametrize(
    ("remote_engines", "expected"),
    [
        ({}, "neurograph-tui tail --filter seq=200"),
        ({"local": RemoteEngine(local=True)}, "neurograph-tui query seq=200"),
        (REMOTE, "neurograph-tui query --url ssh://web-1 seq=200"),
    ],
)
async def test_the_copied_command_asks_the_engine_that_is_shown(
    tmp_path: Path, remote_engines: dict[str, RemoteEngine], expected: str
) -> None:
    client = FakeClient()
    client.label = next(iter(remote_engines), "embedded")
    app, _ = console(tmp_path, client, remote_engines=remote_engines)
    async with app.run_test(size=NARROW) as pilot:
        await go(pilot, "y")
        assert (tmp_path / "state" / "copied.txt").read_text() == expected


def of_host(seq: int) -> Record:
    """Records of two engines, the way a shared ring has them."""
    record = make_record(seq)
    record.source = f"{'web-1' if seq % 2 else 'db-1'}/{record.source}"
    return record


class FakeSeveral(FakeClient):
    """Two engines in one ring."""

    def __init__(self) -> None:
        super().__init__(0)
        self.ring.add(195, of_host)
        self.ring.add_gap(120, GapReason.SOURCE_LOST, "db-1/")
        self.ring.add(4, of_host)
        self.names = ["web-1", "db-1"]
        self.tried = 0
        self._links = {"web-1": LIVE, "db-1": replace(LOST, host="db-1")}
        self.focus("web-1")

    @property
    def focused(self) -> str:
        return self.label

    def focus(self, name: str) -> None:
        self.label, self.link = name, self._links[name]
        view = modules()
        view[0].id = f"gateway_of_{name}"
        self.queue += [Frame(modules=view), Frame(metrics=metrics(90 if name == "web-1" else 95))]

    def links(self) -> dict[str, Link]:
        return self._links

    def reconnect(self) -> None:
        self.tried += 1


REMOTE_ENGINES = {
    "web-1": RemoteEngine(local=False, target="prod", profile="web-1", colour="error"),
    "db-1": RemoteEngine(local=False, target="ssh://db-1", colour="#00ff00"),
}


async def test_several_engines_in_one_console(tmp_path: Path) -> None:
    client = FakeSeveral()
    app, _ = console(tmp_path, client, remote_engines=REMOTE_ENGINES, monotonic=lambda: 104.0)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        lines = await go(pilot)
        assert " remote web-1 1/2 admin" in lines[0] and "1 of 2 live" in lines[0]
        rows = [line for line in lines if "#199" in line or "#200" in line]
        assert " web-1 nginx" in rows[0] and " db-1  orders" in rows[1] and "/" not in rows[1][:40]
        assert any(
            "┄ db-1: 120 records missing: the engine was killed before it could tell them ┄" in line for line in lines
        )
        assert "gateway_of_web-1" in "\n".join(await go(pilot, "2"))
        lines = await go(pilot, "semicolon")
        assert "remote db-1 2/2" in lines[0] and "reconnecting" not in lines[0]
        assert "gateway_of_db-1" in "\n".join(lines) and "connecting in 4 s (try 7)" in lines[1]
        await go(pilot, "ctrl+r")
        assert client.tried == 1
        lines = await go(pilot, "semicolon")
        assert "gateway_of_web-1" in "\n".join(lines) and "1/2" in lines[0]
        await go(pilot, "4", "tab", "J")
        assert "numbered anew" in words(await go(pilot))


async def test_a_record_of_one_of_several_is_named_by_its_source_and_time(tmp_path: Path) -> None:
    app, _ = console(tmp_path, FakeSeveral(), remote_engines=REMOTE_ENGINES)
    async with app.run_test(size=WIDE) as pilot:
        await go(pilot, "y")
        assert (tmp_path / "state" / "copied.txt").read_text() == (
            "neurograph-tui query --url ssh://db-1 'source=\"orders\" time>=1785240034.600 time<=1785240034.601'"
        )


async def test_the_colour_of_a_profile_is_a_colour_or_a_name_of_the_theme(tmp_path: Path) -> None:
    app, _, _ = remote(tmp_path, remote_engines={"ssh://web-1": RemoteEngine(local=False, target="x", colour="error")})
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        overview = app._overview
        expected = app.theme_variables["error"].lower()
        colour = overview.style_of("engine").color
        assert colour is not None and colour.name.lower() == expected
        for given, wanted in (("#00ff00", "#00ff00"), ("no such colour", None)):
            overview._colour = given
            colour = overview.style_of("engine").color
            assert colour is not None and (wanted is None or colour.name == wanted)


@pytest.mark.parametrize(
    ("source", "hosts", "expected"),
    [
        ("web/sshd", ("web",), ("web", "sshd")),
        ("web/file:/var/log/x", ("web",), ("web", "file:/var/log/x")),
        ("file:/var/log/x", ("web",), ("", "file:/var/log/x")),
        ("sshd", ("web",), ("", "sshd")),
        ("web/sshd", (), ("", "web/sshd")),
    ],
)
def test_the_engine_in_the_name_of_a_source(source: str, hosts: tuple[str, ...], expected: tuple[str, str]) -> None:
    assert split_source(source, hosts) == expected


async def test_hostile_names_of_hosts_and_reasons_are_shown_harmless(tmp_path: Path) -> None:
    app, client, _ = remote(tmp_path, replace(LIVE, host="[/x]\x1b]0;t\x07"))
    async with app.run_test(size=WIDE) as pilot:
        assert "[/x]^[]0;t^G" in (await go(pilot))[0]
        client.link = replace(LOST, host="[/x]", why="no \x1b[2J[bold]route[/]")
        lines = await go(pilot)
        assert "no ^[[2J[bold]route[/]" in lines[1] and "\x1b" not in "".join(lines)


async def test_the_list_of_notices_keeps_when_the_connection_went_and_came(tmp_path: Path) -> None:
    app, client, _ = remote(tmp_path)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        client.link = LOST
        await settle(pilot)
        client.link = LIVE
        await settle(pilot)
        text = words(await go(pilot, "exclamation_mark"))
        assert "the connection was lost: Connection refused" in text and "connected again" in text
