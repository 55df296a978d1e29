"""Runs an engine for a moment, to show what it measures."""

from __future__ import annotations

import sys
import time

from ng_tui.client.wire import Command
from ng_tui.commands.context import Context
from ng_tui.i18n import tr
from ng_tui.state import State


def observe(context: Context, seconds: float) -> State:
    """What an engine on this host measures within `seconds`. Its state is only read. Raises ConsoleError."""
    client, state = context.client(own_state=False), State()
    print(tr("measuring for {seconds:g} s …", seconds=seconds), file=sys.stderr)
    try:
        client.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end or state.guardian is None:
            state.absorb(client.frames(timeout_ms=100))
    finally:
        client.close()
    return state


def change(context: Context, command: Command) -> None:
    """Carries out a command on the saved state, without any sensor. Raises ConsoleError."""
    client = context.client(own_state=True)
    try:
        client.ask(command)
    finally:
        client.close()
