"""`proxy`: connects standard input and output with the engine's socket on this host, for ssh."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress

import click

from ng_tui.client.address import resolve
from ng_tui.client.failures import unreachable
from ng_tui.client.unix_socket import connect
from ng_tui.commands.context import Context
from ng_tui.commands.table import COMMANDS
from ng_tui.commands.targets import PROBE_S, local
from ng_tui.i18n import tr

CHUNK = 64 << 10


@click.command(name="proxy", help=COMMANDS["proxy"])
@click.option("--socket", "path", metavar="PATH", help=tr("The Unix socket; without it that of the configuration."))
@click.pass_obj
def command(context: Context, path: str | None) -> None:
    """Passes bytes on until the engine ends the connection."""
    # The configuration is read only when it is needed: a fault in it must not close the way in.
    found = (resolve(f"unix:{path}") if path is not None else local(context.config())).socket
    try:
        engine = connect(found, PROBE_S)
    except OSError as error:
        raise unreachable(error, f"unix:{found}") from None
    engine.settimeout(None)
    with engine:
        # It may wait for input for good; it must not keep the process.
        threading.Thread(target=send, args=(engine,), daemon=True).start()
        while chunk := engine.recv(CHUNK):
            write(chunk)


def send(engine: socket.socket) -> None:
    """Standard input to the engine; its end is passed on."""
    with suppress(OSError):
        while chunk := os.read(0, CHUNK):
            engine.sendall(chunk)
        engine.shutdown(socket.SHUT_WR)


def write(chunk: bytes) -> None:
    """All of it to standard output. Raises BrokenPipeError when the reader has left."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(1, rest) :]
