"""The marks that a reader sets on records."""

from __future__ import annotations


class Marks(set[int]):
    """The `seq` of every marked record."""

    def toggle(self, seq: int) -> None:
        """Sets a mark, or clears it."""
        self.symmetric_difference_update({seq})

    def after(self, seq: int | None) -> int | None:
        """The next mark behind a record, or from the beginning; after the last comes the first. None without marks."""
        at = seq if seq is not None else -1
        return min((mark for mark in self if mark > at), default=min(self, default=None))
