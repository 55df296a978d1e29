"""Lints: one for each thing that is not as it seems, in the line above the tail and on `!`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ng_tui.client.wire import HistoryView, MetricsView, ModuleStatus, SourceView, Trouble, TroubleKind
from ng_tui.lints import CHECKS, lints
from ng_tui.state import Series, SlowLine, State
from tests.console.sample_state import metrics, modules
from tests.console.trial_console import console, settle, shown


def healthy() -> State:
    """A state of which nothing is to be said."""
    view = metrics(0)
    ring = msgspec.structs.replace(view.ring, earlier=0)
    sources = [SourceView("host", "host", True, False, 100, 1.0, 0, 0, False, last_ok_ns=1)]
    view = msgspec.structs.replace(view, ring=ring, sources=sources, rejected_per_min=0)
    known = {one.id: msgspec.structs.replace(one, status=ModuleStatus.ACTIVE) for one in modules()}
    series = {"events": Series([10.0] * 60), "dropped": Series([3.0] * 60)}
    return State(metrics=view, modules=known, series=series)


def of(state: State) -> MetricsView:
    """Its metrics."""
    assert state.metrics is not None
    return state.metrics


def lose(state: State) -> None:
    state.series["dropped"].extend([1203.0])


def stop_history(state: State) -> None:
    trouble = "history is not written: no room is left \x1b[2J"
    state.metrics = msgspec.structs.replace(of(state), history=HistoryView(9, 9, 1, 0, 0, 0, trouble=trouble))


def fail(state: State) -> None:
    state.modules["grid"] = msgspec.structs.replace(state.modules["grid"], status=ModuleStatus.ERROR)


def switch_off(state: State) -> None:
    state.modules["grid"] = msgspec.structs.replace(state.modules["grid"], status=ModuleStatus.DISABLED)


def miss(state: State) -> None:
    trouble = Trouble(TroubleKind.UNREADABLE, 0, "cannot read \x1b[2J")
    of(state).sources[0] = msgspec.structs.replace(of(state).sources[0], trouble=trouble)


def silence(state: State) -> None:
    of(state).sources[0] = msgspec.structs.replace(of(state).sources[0], stale=True)


def reject(state: State) -> None:
    state.metrics = msgspec.structs.replace(of(state), rejected_per_min=450)


def fill(state: State) -> None:
    since_ns = of(state).time_ns - 100 * 10**9
    ring = msgspec.structs.replace(of(state).ring, earlier=1, since_ns=since_ns)
    state.metrics = msgspec.structs.replace(of(state), ring=ring)


def slow_down(state: State) -> None:
    state.slow_line = SlowLine(0.24, 2.0, 9000.0)


CASES: dict[str, tuple[Callable[[State], None], str]] = {
    "events-lost": (lose, "1 200 events were lost within a minute"),
    "history-stopped": (stop_history, "history is not written"),
    "module-failed": (fail, "grid failed"),
    "source-gone": (miss, "1 source is not read: host"),
    "module-off": (switch_off, "grid is off"),
    "most-rejected": (reject, "75% of the events are rejected"),
    "source-silent": (silence, "1 source is silent: host"),
    "ring-short": (fill, "memory holds the last 100 s"),
    "slow-link": (slow_down, "this terminal answers after 240ms"),
}


def test_every_check_has_a_case() -> None:
    assert list(CASES) == list(CHECKS)
    assert lints(healthy()) == []


@pytest.mark.parametrize("id", CASES)
def test_each_is_found_alone_and_can_be_ignored(id: str) -> None:
    state = healthy()
    spoil, text = CASES[id]
    spoil(state)
    [found] = lints(state)
    assert (found.id, found.text) == (id, text) and found.why.strip() and "\x1b" not in found.why
    assert lints(state, (id,)) == []
    state.lost_at = 1.0
    assert lints(state) == [], "what is no longer of now says nothing"


def test_what_a_host_does_not_have_is_not_missed() -> None:
    state = healthy()
    trouble = Trouble(TroubleKind.UNREADABLE, 0, "journalctl is not installed")
    of(state).sources.append(SourceView("journald", "journald", True, False, 0, 0.0, 0, 0, False, trouble=trouble))
    assert lints(state) == []
    waiting = Trouble(TroubleKind.WAITING, 0, "waiting for app.log")
    of(state).sources.append(SourceView("file:app.log", "files", True, False, 0, 0.0, 0, 0, False, trouble=waiting))
    assert [lint.text for lint in lints(state)] == ["1 source is not read: file:app.log"]


async def test_the_gravest_stands_above_the_tail_and_all_on_the_key(tmp_path: Path) -> None:
    app, _ = console(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.state.metrics = of(healthy())
        app.state.modules = healthy().modules
        app.state.series["dropped"] = Series([0.0])
        switch_off(app.state)
        miss(app.state)
        app.state.revision += 1
        await settle(pilot)
        line = shown(app).split("\n")[2]
        assert "1 source is not read: host" in line and "1 more" in line and "! explains" in line
        await pilot.press("exclamation_mark")
        await settle(pilot)
        text = shown(app)
        assert "(source-gone)" in text and "grid is off" in text and "(module-off)" in text
