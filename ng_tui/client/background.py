"""An event loop on a thread of its own, for callers that know no `await`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE_S = 10.0
"""Time in which everything is expected to be ended by `close`, seconds."""


class Background:
    """Runs coroutines until it is closed. Works wherever another loop is running, as in a notebook."""

    def __init__(self, name: str) -> None:
        self._started = threading.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        self._started.wait()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Starts a coroutine; its result comes with the future."""
        return asyncio.run_coroutine_threadsafe(self._keep(work), self._loop)

    def call(self, what: Callable[..., object], *arguments: object) -> None:
        """Calls a function on the thread, later; not any more once closed."""
        try:
            self._loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:
            if not self._loop.is_closed():
                raise

    def close(self) -> None:
        """Cancels what still runs, and waits for its end; may be called twice."""
        self.call(self._stop.set)
        self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._wait())

    async def _wait(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._started.set()
        await self._stop.wait()
        # One after the other from the outside in: what these have begun they end themselves.
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            return await work
        finally:
            self._tasks.discard(task)
