"""When a frame may be sent, by the answers of the terminal."""

from __future__ import annotations

import pytest

from ng_tui.terminal.pacing import ASKED_FROM, PATIENCE, URGENT_FRAMES, URGENT_S, WINDOW_S, Pacer

LARGE = ASKED_FROM


def answering(rtt: float, most_hz: float = 30) -> tuple[Pacer, float]:
    """A pacer whose terminal has answered once, and the time since then that everything has settled."""
    pacer = Pacer(most_hz)
    assert pacer.sent(0.0, LARGE)
    pacer.answered(rtt)
    return pacer, 100.0


@pytest.mark.parametrize(
    ("rtt", "period"), [(0.001, 1 / 30), (0.05, 0.1), (0.1, 0.2), (0.4, 0.8), (0.6, 1.0), (2.0, 1.0)]
)
def test_frames_come_half_as_often_as_the_line_could_carry_them(rtt: float, period: float) -> None:
    pacer, now = answering(rtt)
    pacer.sent(now, 10)
    assert pacer.wait(now) == pytest.approx(period)
    assert pacer.wait(now + period) == 0


def test_one_question_at_most_is_under_way() -> None:
    pacer, now = answering(0.01)
    assert pacer.sent(now, LARGE)
    assert pacer.wait(now + 1) == pytest.approx(PATIENCE - 1)
    assert not pacer.sent(now + 1, LARGE)
    pacer.answered(now + 1.5)
    assert pacer.wait(now + 3) == 0


def test_a_key_is_not_held_back_but_a_bounded_number_of_frames_is_free() -> None:
    pacer, now = answering(0.01)
    pacer.sent(now, LARGE)
    pacer.key(now + 1)
    for _ in range(URGENT_FRAMES):
        assert pacer.wait(now + 1) == 0
        pacer.sent(now + 1, LARGE)
    assert pacer.wait(now + 1) > 0
    pacer.key(now + 1)
    assert pacer.wait(now + 1 + URGENT_S) > 0


def test_a_terminal_that_never_answers_is_sent_everything() -> None:
    pacer = Pacer(30)
    for frame in range(100):
        assert pacer.wait(frame * 0.01) == 0
        pacer.sent(frame * 0.01, LARGE)


def test_one_that_stops_answering_is_waited_for_once_and_heard_again() -> None:
    pacer, now = answering(0.01)
    pacer.sent(now, LARGE)
    assert pacer.wait(now + PATIENCE - 0.1) > 0
    assert pacer.wait(now + PATIENCE) == 0
    pacer.sent(now + PATIENCE, LARGE)
    assert pacer.wait(now + PATIENCE + 0.01) == 0
    pacer.answered(now + PATIENCE + 0.2)
    pacer.sent(now + PATIENCE + 2, LARGE)
    assert pacer.wait(now + PATIENCE + 2.01) > 0


def test_answers_that_nobody_asked_for_say_nothing() -> None:
    pacer = Pacer(30)
    for _ in range(3):
        pacer.answered(1.0)
    assert pacer.meter.rtt_s is None and pacer.wait(1.0) == 0
    pacer, now = answering(0.01)
    pacer.answered(now)
    assert pacer.meter.rtt_s == pytest.approx(0.01)


def test_small_frames_are_not_asked_about() -> None:
    pacer = Pacer(30)
    assert not pacer.sent(0.0, ASKED_FROM - 1)


def test_the_meter_tells_plain_numbers() -> None:
    pacer, now = answering(0.08)
    for frame in range(50):
        pacer.sent(now + frame * 0.1, 100)
    end = now + 4.9
    assert pacer.meter.rtt_s == pytest.approx(0.08)
    assert pacer.meter.frames_per_s(end) == pytest.approx(10, abs=0.3)
    assert pacer.meter.bytes_per_s(end) == pytest.approx(1000, abs=30)
    assert pacer.meter.bytes_per_s(end + 2 * WINDOW_S) == 0


def test_an_answer_under_way_is_owed_for_a_while() -> None:
    pacer, now = answering(0.05)
    assert pacer.owed(now) == 0
    pacer.sent(now, LARGE)
    assert pacer.owed(now) == pytest.approx(0.25)
    assert pacer.owed(now + 0.3) == 0
    pacer.answered(now + 0.1)
    assert pacer.owed(now + 0.1) == 0
    silent = Pacer(30)
    silent.sent(0.0, LARGE)
    assert silent.owed(0.1) == 0
