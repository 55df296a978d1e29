"""Several engines in one ring."""

from __future__ import annotations

import pytest

from ng_tui.client.address import resolve
from ng_tui.client.failures import BadAddress
from ng_tui.client.interface import LinkState
from ng_tui.client.merged import MergedClient
from ng_tui.client.wire import Command, ErrorCode, Frame, SetModuleCommand

from .conftest import Start
from .rig import at, until

SWITCH = Command(set_module=SetModuleCommand("signal_system", False))


def test_two_engines(start: Start) -> None:
    (left, left_log), (right, right_log) = start(), start()
    client = MergedClient({"left": at(left), "right": at(right)})
    client.start()
    try:
        assert (client.names, client.focused, client.label) == (["left", "right"], "left", "left")
        until(lambda: {link.state for link in client.links().values()} == {LinkState.LIVE})
        left_log.write(40)
        right_log.write(25)
        view = client.ring.view("type:log.**")
        until(lambda: view.advance(1_000_000).matched == 65)
        rows = view.rows(0, 100)
        assert len({row.seq for row in rows}) == 65
        for name, count, log in (("left", 40, left_log), ("right", 25, right_log)):
            mine = [row for row in rows if row.source == f"{name}/file:{log.path}"]
            assert [row.text.split()[2] for row in mine] == [str(number) for number in range(count)]
        detail = client.ring.detail(rows[-1].seq, 3)
        assert detail is not None
        assert len(detail.neighbours) == 3

        number, frames = client.send(SWITCH), list[Frame]()
        client.focus("right")

        def heard() -> bool:
            frames.extend(client.frames())
            return any(frame.result is not None and frame.result.id == number for frame in frames)

        until(heard)

        def modules() -> dict[str, bool]:
            frames.extend(client.frames())
            found = [frame.modules for frame in frames if frame.modules is not None]
            return {module.id: module.enabled for module in found[-1]} if found else {}

        until(lambda: modules().get("signal_system") is True)
        client.frames()
        client.focus("left")
        # What it said last is there at once.
        latest = client.frames()
        for view_name in ("modules", "guardian", "constitution", "feedback", "incidents", "alerts", "metrics"):
            assert any(getattr(frame, view_name) is not None for frame in latest), view_name
        until(lambda: modules().get("signal_system") is False)
        assert client.send(SWITCH) > number

        left.kill()
        until(lambda: client.link.state is LinkState.WAITING)
        assert client.links()["right"].state is LinkState.LIVE
        refused = client.send(SWITCH)
        errors = [frame.error for frame in client.frames() if frame.error is not None]
        assert (errors[-1].id, errors[-1].code) == (refused, ErrorCode.NOT_READY)
        right_log.write(5)
        until(lambda: view.advance(1_000_000).matched == 70)
    finally:
        client.close()
        client.close()
    assert client.link.state is LinkState.ENDED


@pytest.mark.parametrize("name", ["", "a/b"])
def test_a_name_that_would_not_tell_sources_apart_is_refused(name: str) -> None:
    with pytest.raises(BadAddress):
        MergedClient({name: resolve("unix:/run/e.sock")})
