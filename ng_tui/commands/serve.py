"""`serve`: an engine with its server in this process, without a screen."""

from __future__ import annotations

import queue
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec

from ng_tui import _engine
from ng_tui.client.embedded import local_zone
from ng_tui.commands.checks import warnings
from ng_tui.commands.context import Context
from ng_tui.commands.memory import give_back
from ng_tui.commands.table import COMMANDS
from ng_tui.config import Layer, resolve
from ng_tui.errors import ConsoleError, engine_refused
from ng_tui.i18n import tr
from ng_tui.text import safe

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOOK_S = 1.0
"""Seconds between two looks at whether the engine still runs."""


@click.command(
    name="serve",
    help=COMMANDS["serve"],
)
@click.option(
    "--listen",
    multiple=True,
    metavar="ADDR:PORT",
    help=tr("Serve HTTP and WebSocket here; may be given several times."),
)
@click.option("--socket", metavar="PATH", help=tr("Serve this Unix socket; none is no socket."))
@click.option("--insecure", is_flag=True, help=tr("Allow plain HTTP on addresses that other hosts reach."))
@click.option("--no-history", is_flag=True, help=tr("Keep no events on disk."))
@click.pass_obj
def command(context: Context, listen: tuple[str, ...], socket: str | None, insecure: bool, no_history: bool) -> None:
    """Serves until a signal comes."""
    layers = [*context.config().layers, *shorthands(listen, socket, insecure, no_history)]
    resolve(layers)
    for line in warnings(layers):
        print(safe(line), file=sys.stderr, flush=True)
    give_back()
    with signals() as came:
        try:
            server = _engine.Server(layers, str(context.state_dir), local_zone())
        except _engine.EngineError as error:
            raise engine_refused(error.args[0]) from None
        for line in server.narration():
            print(safe(line), file=sys.stderr, flush=True)
        number = wait(server, came)
        server.stop(number == signal.SIGHUP)
    if number is None:
        raise ConsoleError("NG-3104", tr("the engine has stopped"))


def shorthands(listen: tuple[str, ...], socket: str | None, insecure: bool, no_history: bool) -> list[Layer]:
    """The layers that the options stand for."""
    layers: list[Layer] = []
    if listen:
        listed = ", ".join(msgspec.json.encode(address).decode() for address in listen)
        layers.append(("value", "flag --listen", "server.listen", f"[{listed}]"))
    if socket is not None:
        layers.append(("value", "flag --socket", "server.socket", socket))
    if insecure:
        layers.append(("value", "flag --insecure", "server.insecure", "true"))
    if no_history:
        layers.append(("value", "flag --no-history", "history.enabled", "false"))
    return layers


@contextmanager
def signals() -> Iterator[queue.SimpleQueue[int]]:
    """The signals that end the server, as they come."""
    came: queue.SimpleQueue[int] = queue.SimpleQueue()
    before = {number: signal.signal(number, lambda number, _: came.put(number)) for number in SIGNALS}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait(server: _engine.Server, came: queue.SimpleQueue[int]) -> int | None:
    """Waits for a signal; None when the engine has failed."""
    while True:
        try:
            return came.get(timeout=LOOK_S)
        except queue.Empty:
            for line in server.news():
                print(safe(line), file=sys.stderr, flush=True)
            if server.has_failed():
                return None
