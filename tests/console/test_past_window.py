"""Pages of history, however they come, are the events of the stream that pass the filter: none twice, none left out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ng_tui.screens.events import past_window
from ng_tui.screens.events.past_window import PastWindow
from ng_tui.screens.events.window import NOTICE
from tests.console.fake import ScriptedRing
from tests.console.past import ScriptedPast, passed

FILTERS = (
    "",
    "level>=warn",
    "charge | cache",
    "!metric (level:info | ~/#[0-9]*7$/)",
    "source:nginx seq>120",
    "verdict:reject,flag",
    "nowhere",
)


def seen(window: PastWindow) -> list[int]:
    """The places of all events that can be gone through."""
    return [row.seq for row in window.rows(0, window.count) if row.type != NOTICE]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 400),
    st.sampled_from(FILTERS),
    st.integers(1, 60),
    st.one_of(st.none(), st.integers(0, 450)),
    st.integers(2_000, 200_000),
    st.lists(st.tuples(st.integers(0, 500), st.booleans()), max_size=30),
)
def test_what_can_be_gone_through_is_a_part_of_a_plain_scan(
    count: int, filter: str, most: int, begin: int | None, kept: int, walk: list[tuple[int, bool]]
) -> None:
    ring = ScriptedRing()
    ring.add(count)
    past = ScriptedPast(ring.records, ring, most=most)
    expected = [record.seq for record in passed(ring.records, filter)]
    past_window.KEPT_BYTES, before = kept, past_window.KEPT_BYTES
    try:
        window = PastWindow(past, filter, begin)
        window.ask()
        while not window.is_there:
            window.tick()
        for place, late in walk:
            past.late = late
            top = min(place, max(0, window.count - 20))
            window.near(top, 20)
            window.tick()
            past.late = False
            past.deliver()
            window.tick()
            found = seen(window)
            if found:
                at = expected.index(found[0])
                assert found == expected[at : at + len(found)]
                assert [window.seq_at(window.index_of(seq)) for seq in found] == found
                assert all(window.has(seq) and window.detail(seq) is not None for seq in found)
            if window.is_oldest:
                assert not found or found[0] == expected[0]
            if window.is_newest:
                assert not found or found[-1] == expected[-1]
        if not walk:
            assert window.events or (window.is_oldest and window.is_newest and not expected)
    finally:
        past_window.KEPT_BYTES = before
