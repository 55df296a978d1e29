"""A slow line to the terminal is said, with a better way, and its numbers change no more than once a second."""

from __future__ import annotations

from textual.app import App, ComposeResult

from ng_tui.frame.line_watch import FINE_S, SLOW_S, LineWatch
from ng_tui.frame.overview import Overview
from ng_tui.state import SlowLine, State
from ng_tui.terminal.pacing import LinkMeter
from ng_tui.theme import default_variables, load_themes
from tests.console.trial_console import shown
from tests.console.views import metrics

SSH = {"SSH_CONNECTION": "10.0.0.9 51234 10.0.0.4 22"}


def meter(rtt_s: float) -> LinkMeter:
    """A line that takes so long there and back."""
    found = LinkMeter()
    found.rtt_s = rtt_s
    return found


def test_a_slow_line_is_told_once_with_a_better_way() -> None:
    told: list[str] = []
    watch = LineWatch(told.append, SSH)
    assert watch.look(None, 1.0) is None and watch.look(LinkMeter(), 2.0) is None
    line = meter(SLOW_S)
    line.sent(9.5, 4000)
    found = watch.look(line, 10.0)
    assert found == SlowLine(SLOW_S, line.frames_per_s(10.0), line.bytes_per_s(10.0)) and found.bytes_per_s > 0
    assert "ssh://10.0.0.4" in told[0] and "neurograph-tui serve" in told[0]
    assert watch.look(meter(0.3), 10.5) is found, "a look a second is enough"
    between = (SLOW_S + FINE_S) / 2
    assert watch.look(meter(between), 12.0) == SlowLine(between, 0.0, 0.0), "it does not come and go at the border"
    assert watch.look(meter(FINE_S / 2), 14.0) is None
    assert watch.look(meter(between), 16.0) is None
    assert watch.look(meter(1.0), 18.0) is not None
    assert len(told) == 1


def test_without_ssh_no_other_way_is_named() -> None:
    told: list[str] = []
    assert LineWatch(told.append, {}).look(meter(1.0), 10.0) is not None
    assert told == []


def test_the_host_of_an_address_of_ipv6_stands_in_brackets() -> None:
    told: list[str] = []
    LineWatch(told.append, {"SSH_CONNECTION": "fd00::9 51234 fd00::4 22"}).look(meter(1.0), 10.0)
    assert "ssh://[fd00::4]" in told[0]


class FirstLine(App[None]):
    """A console of its first line alone."""

    def __init__(self) -> None:
        super().__init__()
        self.overview = Overview()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return default_variables(load_themes(None))

    def compose(self) -> ComposeResult:
        yield self.overview


async def test_the_first_line_shows_a_slow_line_and_changes_once_a_second() -> None:
    app, state = FirstLine(), State(metrics=metrics(0))
    async with app.run_test(size=(160, 24)) as pilot:

        async def present(slow_line: SlowLine | None, now_ns: int) -> str:
            state.slow_line = slow_line
            app.overview.present(state, now_ns)
            await pilot.pause()
            return shown(app).split("\n")[0]

        assert "fps" not in await present(None, 0)
        first = await present(SlowLine(0.24, 2.0, 9216.0), 10**9)
        assert "line 240ms 2.0 fps 9.0 KiB/s" in first
        assert await present(SlowLine(0.31, 1.5, 1024.0), 10**9 + 1) == first
        assert "line 310ms 1.5 fps 1.0 KiB/s" in await present(SlowLine(0.31, 1.5, 1024.0), 2 * 10**9)
