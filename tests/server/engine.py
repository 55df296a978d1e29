"""A real engine with its server, as a process of its own, on ports and folders that nobody else uses."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("NEUROGRAPH_ENGINE", ROOT / "target" / "debug" / "neurograph-engine"))
"""Built by `make test`."""


class Engine:
    """Runs until `stop` or `kill`. The settings are lines of `--set`."""

    def __init__(
        self,
        folder: Path,
        *settings: str,
        environment: dict[str, str] | None = None,
        files: tuple[int, int] | None = None,
    ) -> None:
        """`files` are the soft and the hard limit of open files, those of this process when absent."""
        self.folder = folder
        self.socket = folder / "engine.sock"
        self._settings = settings
        self._files = files
        self._environment = {**os.environ, "XDG_CONFIG_HOME": str(folder), **(environment or {})}
        self.start()

    def start(self) -> None:
        """Starts the process and waits until it is ready."""
        given = "".join(self._settings)
        arguments = [str(BINARY), "--state-dir", str(self.folder / "state"), "--set", f"server.socket={self.socket}"]
        if "server.listen" not in given:
            arguments += ["--set", 'server.listen=["127.0.0.1:0"]']
        for setting in self._settings:
            arguments += ["--set", setting]
        if self._files:
            arguments = ["prlimit", "--nofile={}:{}".format(*self._files), *arguments]
        self.process = subprocess.Popen(arguments, stderr=subprocess.PIPE, env=self._environment, cwd=self.folder)
        self.urls: list[str] = []
        self.said: list[str] = []
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.decode().rstrip())
            if self.said[-1].startswith("serving http"):
                self.urls.append(self.said[-1].removeprefix("serving "))
                break
        else:
            raise AssertionError(f"the engine did not start: {self.said}")
        with self.admin() as http:
            deadline = time.monotonic() + 10
            while http.get("/health/ready").status_code != 200:
                assert time.monotonic() < deadline, "the engine is not ready after ten seconds"

    @property
    def url(self) -> str:
        """The address of HTTP."""
        return self.urls[0]

    @property
    def ws(self) -> str:
        """The address of the WebSocket."""
        return self.url.replace("http", "ws", 1) + "/ws"

    def admin(self) -> httpx.Client:
        """A client over the Unix socket, where this user is admin."""
        return httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://localhost", timeout=10
        )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends the process and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=15)
        if self.process.stderr is not None and not self.process.stderr.closed:
            self.said += [line.decode().rstrip() for line in self.process.stderr]
            self.process.stderr.close()
        return code

    def kill(self) -> None:
        """Ends the process as a crash would."""
        self.stop(signal.SIGKILL)
