"""The way to a Unix socket of another host: a socket here, whose connections go there through the program `ssh`."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from ng_tui.client.address import Address
from ng_tui.client.failures import ConnectionFailed
from ng_tui.client.listener import Listener
from ng_tui.i18n import tr

VARIABLE = "NEUROGRAPH_SSH"
"""Environment variable with another program than `ssh`, and options of it, as a shell would split them."""
OPTIONS = ("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10")
"""Never asks for a password: there is no terminal to ask on."""
REMOTE = "neurograph-tui"
"""The command on the other host."""
CHUNK = 64 << 10
LINES = 20
"""Lines of what ssh says that are kept."""
PATIENCE_S = 2.0
"""Time in which an ended ssh is expected to be gone, seconds."""


class Forwarder:
    """A Unix socket; whoever connects to it is connected to the engine's socket on the other host."""

    def __init__(self, command: list[str], folder: str) -> None:
        self.socket = os.path.join(folder, "s")
        """Path of the socket here."""
        self._command = command
        self._said: deque[str] = deque(maxlen=LINES)

    @property
    def said(self) -> str:
        """The last that ssh said, a line; empty while it said nothing. Not sanitised."""
        return self._said[-1] if self._said else ""

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._said.clear()
        try:
            child = await self._start()
        except OSError as error:
            self._said.append(f"{self._command[0]}: {error.strerror or error}")
            return
        assert child.stdin is not None and child.stdout is not None and child.stderr is not None
        listening = asyncio.create_task(self._listen(child.stderr))
        there = asyncio.create_task(_splice(reader, child.stdin))
        back = asyncio.create_task(_splice(child.stdout, writer))
        try:
            # When either side has ended, the connection has.
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            if back.done():
                # What it said last is why. A master connection of ssh may hold the pipe open for longer than that.
                await asyncio.wait({listening}, timeout=PATIENCE_S)
        finally:
            for task in (there, back):
                task.cancel()
            await _end(child)
            listening.cancel()
            await asyncio.gather(there, back, listening, return_exceptions=True)

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        # In a session of its own ssh cannot ask on the terminal of the console, nor is it hit by its ctrl+c.
        starting = asyncio.create_task(
            asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
        )
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            # It would run on, and nobody would know of it.
            with suppress(OSError):
                await _end(await starting)
            raise

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        # Read in pieces: a line may be longer than a stream reader takes.
        rest = b""
        while chunk := await stderr.read(4096):
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[-4096:]
            self._keep(lines)
        self._keep([rest])

    def _keep(self, lines: list[bytes]) -> None:
        self._said.extend(text for line in lines if (text := line.decode(errors="replace").strip()))


@asynccontextmanager
async def forward(address: Address, command: str | None = None) -> AsyncIterator[Forwarder]:
    """A forwarder for as long as the context lasts. `command` = the program in place of `ssh`, with its options.

    Raises ConnectionFailed when the socket cannot be made. Whether the other host can be reached shows with the first
    connection.
    """
    try:
        folder = tempfile.mkdtemp(prefix="neurograph-ssh-")
        forwarder = Forwarder(ssh_command(address, command), folder)
        try:
            listener = Listener(forwarder.socket, forwarder._forward)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as error:
        what = tr("a socket for ssh cannot be made: {error}", error=error)
        raise ConnectionFailed("NG-3313", what, where=address.name) from None
    try:
        yield forwarder
    finally:
        await listener.close()
        shutil.rmtree(folder, ignore_errors=True)


def ssh_command(address: Address, command: str | None = None, environment: Mapping[str, str] = os.environ) -> list[str]:
    """The words of the command that connects its stdin and stdout with the engine's socket on the other host."""
    program = shlex.split(command or environment.get(VARIABLE) or "ssh")
    port = [] if address.port is None else ["-p", str(address.port)]
    # The other host's shell reads the words behind the name of the host.
    socket = ["--socket", shlex.quote(address.socket)] if address.socket else []
    return [*program, *OPTIONS, *port, "--", address.host, REMOTE, "proxy", *socket]


async def _splice(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await source.read(CHUNK):
            target.write(chunk)
            await target.drain()


async def _end(child: asyncio.subprocess.Process) -> None:
    """Ends a child; one that does not go is killed."""
    if child.stdin is not None:
        child.stdin.close()
    with suppress(ProcessLookupError):
        child.terminate()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await child.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
