"""RFC 6455, case by case."""

from __future__ import annotations

from collections import Counter

import pytest

from .autobahn_cases import CASES, play
from .cases.model import Case
from .cases.utf8 import SEQUENCES, is_utf8


def test_the_list_is_complete() -> None:
    assert len({case.id for case in CASES}) == len(CASES) == 247
    sections = Counter(case.id.partition(".")[0] for case in CASES)
    assert sections == {"1": 16, "2": 11, "3": 7, "4": 10, "5": 20, "6": 145, "7": 37, "10": 1}


@pytest.mark.parametrize(("what", "valid", "payloads"), SEQUENCES)
def test_the_sequences_are_what_their_group_says(what: str, valid: bool | None, payloads: list[bytes]) -> None:
    assert len(set(payloads)) == len(payloads)
    found = {is_utf8(payload) for payload in payloads}
    assert found == ({True, False} if valid is None else {valid}), what


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
async def test_case(case: Case, echo_url: str) -> None:
    wrong = await play(case, echo_url)
    assert not wrong, f"{case.id}: {case.about}\n" + "\n".join(wrong)
