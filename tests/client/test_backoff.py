"""Waits between attempts."""

from __future__ import annotations

from random import Random

from ng_tui.client.backoff import FIRST_S, MOST_S, Backoff


def test_waits_double_up_to_the_limit_and_go_on_forever() -> None:
    backoff = Backoff(Random(1))
    waits = [backoff.next_s() for _ in range(10_000)]
    longest = FIRST_S
    for wait in waits:
        assert longest / 2 <= wait <= longest
        longest = min(longest * 2, MOST_S)
    assert (FIRST_S, MOST_S) == (0.5, 30.0)
    assert sum(waits[-1000:]) / 1000 > 0.7 * MOST_S


def test_two_clients_do_not_wait_equally_long() -> None:
    assert Backoff(Random(1)).next_s() != Backoff(Random(2)).next_s()
    assert Backoff(Random(1)).next_s() == Backoff(Random(1)).next_s()


def test_after_a_good_connection_the_first_wait_is_short_again() -> None:
    backoff = Backoff(Random(1))
    for _ in range(8):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= FIRST_S
