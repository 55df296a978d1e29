"""The dashboard: every number has a source, every panel can be reached, and it fits."""

from __future__ import annotations

import msgspec
import pytest

from ng_tui.client.wire import Frame, Trouble, TroubleKind, Unit
from ng_tui.kit.glyphs import use_glyphs
from ng_tui.kit.panel import Panel
from ng_tui.screens.metrics.flow import sources
from ng_tui.screens.metrics.host import host
from ng_tui.screens.metrics.pane import MetricsPane
from ng_tui.state import State

from .sample_state import gauge, metrics, sample_state
from .trial import Trial, screen_text

pytestmark = pytest.mark.asyncio


async def test_all_panels_fit_80_by_24() -> None:
    app = Trial(MetricsPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        text = screen_text(app)
        for word in ("Events/s", "Latency", "Host", "Queues", "Sources", "total", "1.9ms", "49k/100k", "! 37 lost"):
            assert word in text
        for word in ("● live", "◔ stale", "○ ended", "3 refused", "new/min", "42.0%"):
            assert word in text
        act = next(line for line in text.splitlines() if "  act " in line)
        assert act.count("—") == 3


@pytest.mark.parametrize("size", [(80, 20), (120, 36), (60, 11), (40, 6), (20, 3)])
async def test_empty_state_says_so(size: tuple[int, int]) -> None:
    app = Trial(MetricsPane(), State())
    async with app.run_test(size=size) as pilot:
        await pilot.press("plus", "minus", "M", "M", "tab", "down", "up", "left", "right", "j", "k", "escape")
        await pilot.pause()
        assert "not measured yet" in screen_text(app)
        assert "0/s" not in screen_text(app)


async def test_zoom() -> None:
    app = Trial(MetricsPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        spans = []
        for key in ("plus", "equals_sign", "minus", "minus", "minus", "minus"):
            await pilot.press(key)
            await pilot.pause()
            spans.append(screen_text(app).splitlines()[0].split(" ─ ")[0].split()[-1])
        assert spans == ["1m", "1m", "5m", "15m", "60m", "60m"]


async def test_maximise_and_back() -> None:
    app = Trial(MetricsPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press("tab", "tab", "M")
        await pilot.pause()
        assert [panel.display for panel in app.query(Panel)].count(True) == 1
        assert screen_text(app).splitlines()[0].startswith("▌ Host")
        await pilot.press("tab")
        await pilot.pause()
        assert screen_text(app).splitlines()[0].startswith("▌ Queues")
        assert "level>=warn source:syslog" in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert all(panel.display for panel in app.query(Panel))


async def test_arrows_go_to_neighbours() -> None:
    app = Trial(MetricsPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        order = []
        for key in ("right", "down", "left", "down", "down", "tab", "left"):
            await pilot.press(key)
            await pilot.pause()
            order.append(list(app.query(Panel)).index(app.focused))  # type: ignore[arg-type]
        assert order == [1, 3, 2, 4, 4, 0, 4]


async def test_narrow_shows_throughput_and_the_chosen_panel() -> None:
    app = Trial(MetricsPane(), sample_state())
    async with app.run_test(size=(60, 11)) as pilot:
        for word in ("Latency", "Latency", "Host", "Queues", "Sources"):
            await pilot.pause()
            assert "Events/s" in screen_text(app)
            assert word in screen_text(app)
            await pilot.press("tab")


async def test_what_does_not_fit_can_be_scrolled_to() -> None:
    app = Trial(MetricsPane(), sample_state())
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press("right", "down", "j", "j", "j", "j", "j", "j")
        await pilot.pause()
        assert "Queues 6–10 of 10" in screen_text(app)


@pytest.mark.parametrize("size", [(60, 11), (80, 20), (120, 36)])
async def test_hostile_source_names(size: tuple[int, int]) -> None:
    app = Trial(MetricsPane(), sample_state(20, hostile=True))
    async with app.run_test(size=size) as pilot:
        await pilot.press("left")
        await pilot.pause()
        text = screen_text(app)
        assert "[/foo]" in text
        assert "\x1b" not in text


async def test_only_the_panel_that_changed_is_repainted(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Trial(MetricsPane(), sample_state(30))
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        painted: list[Panel] = []
        for panel in app.query(Panel):
            monkeypatch.setattr(panel, "refresh", lambda *_, panel=panel, **__: painted.append(panel))
        app.state.absorb([Frame(metrics=metrics(0))])
        app.pane.present(app.state)
        assert painted == []
        view = metrics(0)
        view.queues[0].len += 1
        app.state.absorb([Frame(metrics=view)])
        app.pane.present(app.state)
        assert [list(app.query(Panel)).index(panel) for panel in painted] == [3]


async def test_host_shows_only_what_was_measured() -> None:
    state = State()
    view = metrics(0)
    view.gauges = [
        gauge("net.eth0.rx", 2048.0, Unit.BYTES_PER_SECOND),
        gauge("queue", 3.0),
        gauge("cpu.total", float("nan"), Unit.PERCENT),
    ]
    state.absorb([Frame(metrics=view)])
    rows = ["".join(text for text, _ in line) for line in host(state, 60, 10, 60)]
    assert len(rows) == 3
    assert rows[0].split()[0] == "cpu"
    assert "—" in rows[0]
    assert "2.0 KiB/s" in rows[1]


async def test_ascii_screen_is_ascii() -> None:
    use_glyphs("ascii")
    try:
        app = Trial(MetricsPane(), sample_state())
        async with app.run_test(size=(80, 20)) as pilot:
            await pilot.pause()
            assert screen_text(app).isascii()
    finally:
        use_glyphs("braille")


async def test_a_source_that_is_not_read_says_why_in_full_and_is_never_live() -> None:
    path = "/var/log/" + "very-long-name-" * 12 + "[/b].log"
    failed = "sensor files failed: index out of range (at scan.rs:7); it is started again in 4 s"
    waiting = f"waiting for {path}: it does not exist yet"
    shown = metrics(0)
    by_name = {one.name: one for one in shown.sources}
    by_name["host"].trouble = Trouble(TroubleKind.FAILED, shown.time_ns - 3_000_000_000, failed)
    by_name["journald"].trouble = Trouble(TroubleKind.FAILED, shown.time_ns - 3_000_000_000, failed)
    by_name["file:/var/log/syslog"].trouble = Trouble(TroubleKind.WAITING, shown.time_ns, waiting)
    state = sample_state()
    state.absorb([Frame(metrics=shown)])
    app = Trial(MetricsPane(), state)
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.press("left", "M")
        await pilot.pause()
        text = screen_text(app)
        assert "● live" not in text
        assert text.count("! failed") == 2
        # Lines break anywhere, also where a blank stood.
        words = "".join(text.split())
        assert words.count("".join(failed.split())) == 1
        assert "".join(waiting.split()) in words
        lines = sources(State(metrics=shown), 80)
        tags = [tag for line in lines for part, tag in line if "failed: index" in part or part.startswith("! failed")]
        assert tags == ["bad", "bad", "bad"]


async def test_a_row_for_several_sources_says_how_many() -> None:
    shown = metrics(0)
    host_row = next(one for one in shown.sources if one.name == "host")
    ended = msgspec.structs.replace(host_row, name="sources that ended", ended=True, stands_for=6872)
    others = msgspec.structs.replace(host_row, name="sources not shown", stands_for=3)
    shown.sources += [ended, others]
    rows = ["".join(part for part, _ in line) for line in sources(State(metrics=shown), 80)]
    assert any("6.9k that ended" in row for row in rows), rows
    assert any("3 not shown" in row for row in rows), rows
