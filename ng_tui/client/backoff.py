"""How long to wait before the next attempt."""

from __future__ import annotations

from random import Random

FIRST_S = 0.5
"""Longest first wait, seconds."""
MOST_S = 30.0
"""Longest wait, seconds."""


class Backoff:
    """Waits that double up to a limit, each shortened by chance by up to a half: clients shall not come all at once.

    There are as many of them as anybody asks for.
    """

    def __init__(self, random: Random | None = None, *, first_s: float = FIRST_S, most_s: float = MOST_S) -> None:
        self._random = random or Random()
        self._first_s = first_s
        self._most_s = most_s
        self._longest_s = first_s

    def next_s(self) -> float:
        """The next wait, seconds."""
        longest = self._longest_s
        self._longest_s = min(longest * 2, self._most_s)
        return longest * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """The next wait is a first one again."""
        self._longest_s = self._first_s
