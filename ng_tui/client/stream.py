"""A stream of records from an engine elsewhere, read like one of an engine in this process."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections import deque
from contextlib import aclosing

import msgspec

from ng_tui.client.address import Address
from ng_tui.client.background import Background
from ng_tui.client.follow import Follower, ResumePoint
from ng_tui.client.reach import reach
from ng_tui.client.session import PROTO, Session, decode
from ng_tui.client.wire import Frame, Hello, Record
from ng_tui.errors import ConsoleError
from ng_tui.i18n import tr

MOST = 8192
"""Records that wait for the reader; when there are more, the connection is not read on, and the engine waits."""


class RemoteStream:
    """Records as they come, over connections of its own. What is missing is told as a gap."""

    def __init__(self, background: Background, address: Address, filter: str) -> None:
        self._background = background
        self._address = address
        self._filter = filter
        self._place = ResumePoint()
        self._frames: deque[Frame] = deque()
        self._held = 0
        self._changed = threading.Condition()
        self._is_open = False
        self._has_ended = False
        self._failure: ConsoleError | None = None
        self._room = asyncio.Event()
        background.submit(self._run())

    def wait(self, timeout_s: float) -> None:
        """Waits until the engine has taken the filter. Raises ConsoleError when it does not, or cannot be reached."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_open or self._has_ended, timeout_s):
                raise ConsoleError("NG-3202", tr("the engine did not answer in time"), where=self._address.name)
        if self._failure is not None:
            raise self._failure

    def read(self, max: int, timeout_ms: int, form: str) -> bytes | None:
        """Up to `max` records within `timeout_ms`, in a form as `_engine.Subscription.read` has; None at the end.

        Raises ConsoleError when the engine ends the stream.
        """
        frames: list[Frame] = []
        with self._changed:
            self._changed.wait_for(lambda: bool(self._frames) or self._has_ended, timeout_ms / 1000)
            if not self._frames and self._has_ended:
                if self._failure is not None:
                    raise self._failure
                return None
            count = 0
            while self._frames and count < max:
                frame = self._frames.popleft()
                records = frame.records or []
                if len(records) > max - count:
                    self._frames.appendleft(Frame(records=records[max - count :]))
                    frame = Frame(records=records[: max - count])
                frames.append(frame)
                count += len(frame.records or ())
            self._held -= count
        self._background.call(self._room.set)
        return encode(frames, form)

    async def _run(self) -> None:
        try:
            async with reach(self._address) as way:
                follower = Follower(way, self._hello, self._greeted, forever=False, patience_s=60.0)
                async with aclosing(aiter(follower)) as messages:
                    async for message in messages:
                        frame = decode(message, way)
                        self._place.take(frame)
                        if frame.records or frame.gap is not None:
                            await self._put(frame)
        except ConsoleError as error:
            self._failure = error
        finally:
            with self._changed:
                self._has_ended = True
                self._changed.notify_all()

    def _hello(self) -> Hello:
        place = self._place
        return Hello(PROTO, filter=self._filter, vectors=True, resume_from=place.next_seq, run=place.run)

    def _greeted(self, session: Session) -> bool:
        self._place.greet(session.welcome)
        session.alive.add_done_callback(self._opened)
        return True

    def _opened(self, alive: asyncio.Future[float]) -> None:
        if alive.cancelled() or alive.exception() is not None:
            return
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    async def _put(self, frame: Frame) -> None:
        while self._held > MOST:
            self._room.clear()
            if self._held > MOST:
                await self._room.wait()
        with self._changed:
            self._frames.append(frame)
            self._held += len(frame.records or ())
            self._is_open = True
            self._changed.notify_all()


def encode(frames: list[Frame], form: str) -> bytes:
    """Frames as `_engine.Subscription.read` writes them."""
    if form == "msgpack":
        return msgspec.msgpack.encode(frames)
    if form == "frames":
        return b"".join(msgspec.json.encode(frame) + b"\n" for frame in frames)
    if form == "raw":
        return b"".join(raw_of(record) + b"\n" for frame in frames for record in frame.records or ())
    assert form == "records", form
    out = []
    for frame in frames:
        lines: list[Record] | list[Frame] = frame.records if frame.records is not None else [frame]
        out += [msgspec.json.encode(line) + b"\n" for line in lines]
    return b"".join(out)


def raw_of(record: Record) -> bytes:
    """The bytes of an event as they arrived."""
    if record.raw_base64 is not None:
        return base64.b64decode(record.raw_base64)
    return (record.raw if record.raw is not None else record.text).encode()
