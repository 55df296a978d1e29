"""When a frame may be sent: by the answers of the terminal, so that nothing ever waits in the line.

Behind a frame of some size the terminal is asked where its cursor is. It answers when it has read that far, so one
question at most is under way. A terminal that never answered is sent everything at once; one that stops answering is
waited for `PATIENCE` seconds, once.
"""

from __future__ import annotations

import math
from collections import deque

QUESTION = "\x1b[6n"
"""Asks for the place of the cursor."""

PATIENCE = 3.0
"""Seconds after which an answer does not come any more."""

SLOWEST_HZ = 1.0
"""Frames a second that are sent however slow the line is."""

ASKED_FROM = 256
"""Bytes of a frame from which the terminal is asked; a clock is no burden."""

URGENT_S = 0.3
URGENT_FRAMES = 3
"""How long, and how many frames, a key is answered without waiting: what it does may take several."""

LONGEST_GOODBYE_S = 1.0
"""Seconds that the terminal is kept at most for the sake of an answer that is under way."""

WINDOW_S = 5.0
"""Seconds that a mean is taken over."""

PIECE_S = 0.04
"""Seconds of the line that a piece of a frame takes besides its way: so long, and no longer, a key waits behind it."""

PIECES = (512, 8192)
"""Bytes of the smallest piece, and from which frames are not cut any more."""

MEASURED_FROM = 1024
"""Bytes of a frame from which it says how many the line takes a second."""


class LinkMeter:
    """How fast the line to the terminal is, in plain numbers."""

    def __init__(self) -> None:
        self.rtt_s: float | None = None
        """Seconds from a frame to the answer behind it, smoothed; None before the first."""
        self._frames: deque[tuple[float, int]] = deque()
        self.shortest_s = math.inf
        """Seconds that even a short frame takes there and back."""
        self._large: tuple[int, float] | None = None
        self._capacity: float | None = None

    def sent(self, now: float, size: int) -> None:
        """A frame of `size` bytes was written."""
        self._frames.append((now, size))
        self._drop(now)

    def answered(self, seconds: float, size: int = 0) -> None:
        """An answer behind a frame of `size` bytes took so long."""
        self.rtt_s = seconds if self.rtt_s is None else 0.7 * self.rtt_s + 0.3 * seconds
        self.shortest_s = min(seconds, 1.01 * self.shortest_s)
        if size >= MEASURED_FROM:
            self._large = (size, seconds)
        if self._large is not None:
            size, seconds = self._large
            taken = seconds - self.shortest_s
            measured = size / taken if taken > 0 else math.inf
            known = self._capacity
            self._capacity = measured if known is None or math.isinf(known) else 0.5 * (known + measured)

    @property
    def capacity(self) -> float | None:
        """Bytes a second that the line takes, beside what even a short frame takes; None before it was measured."""
        return self._capacity

    def frames_per_s(self, now: float) -> float:
        """Frames a second."""
        self._drop(now)
        return len(self._frames) / WINDOW_S

    def bytes_per_s(self, now: float) -> float:
        """Bytes a second."""
        self._drop(now)
        return sum(size for _, size in self._frames) / WINDOW_S

    def _drop(self, now: float) -> None:
        while self._frames and self._frames[0][0] < now - WINDOW_S:
            self._frames.popleft()


class Pacer:
    """Decides when the next frame is due. It reads no clock: every call says what time it is."""

    def __init__(self, most_hz: float) -> None:
        self.meter = LinkMeter()
        self._shortest = 1.0 / most_hz
        self._asked_at: float | None = None
        self._asked_size = 0
        self._has_answered = False
        self._sent_at = -math.inf
        self._urgent_until = -math.inf
        self._urgent_left = 0

    def key(self, now: float) -> None:
        """A key or the mouse came: what it does is not held back."""
        self._urgent_until, self._urgent_left = now + URGENT_S, URGENT_FRAMES

    def wait(self, now: float, *, goes_on: bool = False) -> float:
        """Seconds until a frame may be sent; 0 is now. With `goes_on` it is the next piece of one."""
        if self.is_urgent(now) and self.limit is None:
            return 0.0
        if self._asked_at is not None:
            patience = self._asked_at + PATIENCE - now
            if patience <= 0:
                self._asked_at, self._has_answered = None, False
            elif self._has_answered:
                return patience
        if goes_on or self.is_urgent(now):
            return 0.0
        return max(0.0, self._sent_at + self._period() - now)

    @property
    def limit(self) -> int | None:
        """Bytes of the pieces into which a frame is cut, so that no key waits behind the whole of it.

        None on a line that takes a screen in no time.
        """
        capacity = self.meter.capacity
        if capacity is None or not self._has_answered:
            return None
        least, most = PIECES
        piece = capacity * (PIECE_S + self.meter.shortest_s)
        return None if piece >= most else max(least, int(piece))

    def is_urgent(self, now: float) -> bool:
        """The next frame shows what a key did."""
        return self._urgent_left > 0 and now < self._urgent_until

    def sent(self, now: float, size: int) -> bool:
        """A frame is written. True when the terminal is to be asked behind it."""
        self.meter.sent(now, size)
        self._sent_at = now
        if self.is_urgent(now):
            self._urgent_left -= 1
        if size < ASKED_FROM or self._asked_at is not None:
            return False
        self.asked(now, size)
        return True

    def asked(self, now: float, size: int = 0) -> None:
        """The terminal is asked, behind a frame of `size` bytes."""
        self._asked_at, self._asked_size = now, size

    def answered(self, now: float) -> None:
        """The terminal said where its cursor is. What nobody asked for says nothing."""
        if self._asked_at is None:
            return
        self.meter.answered(now - self._asked_at, self._asked_size)
        self._asked_at, self._has_answered = None, True

    def owed(self, now: float) -> float:
        """Seconds for which an answer may still come; 0 when none is under way. It would be typed into the shell."""
        rtt = self.meter.rtt_s
        if self._asked_at is None or rtt is None:
            return 0.0
        return max(0.0, self._asked_at + min(LONGEST_GOODBYE_S, 0.1 + 3 * rtt) - now)

    def _period(self) -> float:
        """Seconds between two frames: at most half of the time the line is under way with one."""
        rtt = self.meter.rtt_s
        if rtt is None or not self._has_answered:
            return 0.0
        return min(1.0 / SLOWEST_HZ, max(self._shortest, 2.0 * rtt))
