"""An engine as a process of its own, that is killed and started again on the same folders."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx
from process import peak_memory
from served import QUIET

T = TypeVar("T")
PATIENCE_S = 30.0
"""Seconds after which something that was to come is missing."""


class Ended(Exception):
    """The engine has ended by itself, or by what was injected."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the engine ended with {code}")
        self.code = code


def until(what: str, look: Callable[[], T], seconds: float = PATIENCE_S) -> T:
    """The first result that is true. Raises TimeoutError, which says what was waited for."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.01)
    return found


class Daemon:
    """Hears only what is sent to it, over its Unix socket; its ring is small, so that what is read comes from disk."""

    def __init__(self, binary: Path, folder: Path, *settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.history = folder / "state" / "history"
        self.peak_mib = 0.0
        """Largest resident memory that was seen, MiB."""
        self.restarts_ms: list[float] = []
        """From each start until a page is answered."""
        self.process: subprocess.Popen[bytes] | None = None
        self._socket = folder / "engine.sock"
        self._said = folder / "stderr"
        self.command = [str(binary), "--state-dir", str(folder / "state")]
        given = (f"server.socket={self._socket}", 'server.listen=["127.0.0.1:0"]', "ring.capacity=1024")
        for setting in (*QUIET, *given, *settings):
            self.command += ["--set", setting]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self, *wrapper: str) -> None:
        """Starts it, within a wrapper such as strace, and waits until it answers. Raises Ended, TimeoutError."""
        begun = time.monotonic()
        with self._said.open("ab") as said:
            self.process = subprocess.Popen([*wrapper, *self.command], stdout=said, stderr=said, cwd=self.folder)
        with self.client() as client:
            until("an engine that answers", lambda: self._answers(client))
        if not wrapper:
            self.restarts_ms.append((time.monotonic() - begun) * 1e3)

    def _answers(self, client: httpx.Client) -> bool:
        assert self.process is not None
        if (code := self.process.poll()) is not None:
            raise Ended(code)
        try:
            return (
                client.get("/health/ready").status_code == 200
                and client.get("/api/v1/events", params={"limit": 1}).status_code == 200
            )
        except httpx.TransportError:
            return False

    def client(self) -> httpx.Client:
        """A client over the Unix socket."""
        transport = httpx.HTTPTransport(uds=str(self._socket))
        return httpx.Client(transport=transport, base_url="http://localhost", timeout=15)

    @property
    def pid(self) -> int:
        """The engine itself, also within a wrapper; 0 when it is gone."""
        if self.process is None or self.process.poll() is not None:
            return 0
        place = Path(f"/proc/{self.process.pid}")
        try:
            if (place / "comm").read_text().strip() != "strace":
                return self.process.pid
            children = (place / "task" / str(self.process.pid) / "children").read_text().split()
        except OSError:
            return 0
        return int(children[0]) if children else 0

    def note_memory(self) -> None:
        """Looks how large it has become."""
        if pid := self.pid:
            self.peak_mib = max(self.peak_mib, peak_memory(pid))

    def kill(self) -> None:
        """Ends it as a crash would, and waits until it is gone."""
        self.note_memory()
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ends it in good order, and returns its exit code."""
        self.note_memory()
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self.process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            if pid := self.pid:
                os.kill(pid, number)
        try:
            return self.process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def metrics(self, client: httpx.Client) -> dict[str, float]:
        """Values of the families of history that have no labels."""
        lines = client.get("/metrics").text.splitlines()
        pairs = (line.rpartition(" ") for line in lines if line.startswith("neurograph_history_") and "{" not in line)
        return {name: float(value) for name, _, value in pairs}

    def panics(self) -> int:
        """How often it said that something in it has panicked, over all starts."""
        return self._said.read_text(errors="replace").count("panicked at")
