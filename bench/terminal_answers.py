"""What a terminal answers to the questions of a program."""

from __future__ import annotations

ANSWERS = {
    b"\x1b[6n": b"\x1b[1;1R",  # Where the cursor is. Who asks behind a frame wants to know that it was read.
    b"\x1b[c": b"\x1b[?62;c",  # What the terminal is.
    b"\x1b[0c": b"\x1b[?62;c",
}
_LONGEST = max(map(len, ANSWERS))


class Answers:
    """Finds the questions in what was written, also those that are cut between two pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def to(self, piece: bytes) -> bytes:
        """What to answer to the questions that end in this piece, in the order of the table."""
        told, seen = b"", self._rest + piece
        for question, answer in ANSWERS.items():
            # One that ended before this piece was answered with that.
            told += answer * (seen.count(question) - self._rest.count(question))
        self._rest = seen[1 - _LONGEST :]
        return told
