"""What an engine measures, and commands to it: over a short connection, or from an engine that runs for a moment."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import click

from ng_tui.client.address import Address
from ng_tui.client.embedded import EmbeddedClient
from ng_tui.client.wire import Command, Hello
from ng_tui.commands.context import Context, stdin_is_data
from ng_tui.commands.targets import knock, local, resolve, running, serving
from ng_tui.errors import ConsoleError
from ng_tui.i18n import tr
from ng_tui.state import State
from ng_tui.text import safe

if TYPE_CHECKING:
    from ng_tui.client.remote import RemoteClient

NUMBER = click.IntRange(0, (1 << 64) - 1)
"""Of an event, a judgement, a silence."""
ANSWER_S = 5.0
"""Seconds in which an engine must answer."""

Shown = Literal["modules", "guardian", "feedback", "incidents", "metrics"]
"""A view that is observed."""
RIGHTS: dict[Shown, str] = {
    "modules": "read:modules",
    "guardian": "read:guardian",
    "feedback": "read:signals",
    "incidents": "read:signals",
    "metrics": "read:metrics",
}
"""The right that each needs."""
SEEN: tuple[Shown, ...] = ("modules", "guardian", "metrics")
"""What a plan is made from."""

Plan = Callable[[State], tuple[Command | None, str | None]]
"""Makes of what an engine shows the command for it, none when it would change nothing, and what to say in place of its
answer."""


def observe(context: Context, seconds: float, target: str | None, view: Shown, *also: Shown) -> State:
    """What the engine of `target` measures: `view`, and `also` what we have the right to see. Raises ConsoleError.

    Without a target it is the engine that serves on this host, else one that runs in this process for `seconds` and
    only reads the saved state; for 0 seconds it hears nothing.
    """
    if (found := elsewhere(context, target)) is not None:
        return asyncio.run(_observe(found, view, also))
    client, state = context.client(own_state=False), State()
    if seconds:
        measuring = tr("measuring one in this process for {seconds:g} s …", seconds=seconds)
        told = not_served(context) if target is None else None
        text = f"{told.what}; {measuring}" if told is not None else tr("measuring for {seconds:g} s …", seconds=seconds)
        print(safe(text), file=sys.stderr)
    try:
        if seconds:
            client.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end or not all(getattr(state, one) for one in (view, *also)):
            state.absorb(client.frames(timeout_ms=100))
    finally:
        client.close()
    return state


def change(context: Context, command: Command | Plan, target: str | None, *, must_serve: bool = False) -> str | None:
    """Has an engine carry out a command: that of `target`, or the one that serves on this host. When none does, the
    saved state is changed, without any sensor, and that is told; not with `must_serve`. Returns what it came to, where
    the plan does not say it. Raises ConsoleError.
    """
    client: EmbeddedClient | RemoteClient
    found = running(context.config(), target) if must_serve else elsewhere(context, target)
    if found is not None:
        from ng_tui.client.remote import RemoteClient

        client = RemoteClient(found)
    else:
        client = context.client(own_state=True)
    try:
        planned = (command, None) if isinstance(command, Command) else command(seen(client))
        answer = client.ask(planned[0]) if planned[0] is not None else None
    finally:
        client.close()
    if found is None and (nobody := not_served(context)) is not None:
        print(safe(tr("{what}; this holds from the next start", what=nobody.what)), file=sys.stderr)
    return planned[1] or answer


def seen(client: EmbeddedClient | RemoteClient) -> State:
    """What an engine shows of itself to us, without what comes too late or is not for us. Raises ConsoleError."""
    if not isinstance(client, EmbeddedClient):
        client.connect(ANSWER_S)
    state = State()
    missing = [view for view in SEEN if not client.link.refusal(RIGHTS[view])]
    deadline = time.monotonic() + ANSWER_S
    while any(not getattr(state, view) for view in missing) and time.monotonic() < deadline:
        state.absorb(client.frames(timeout_ms=100))
    return state


def not_served(context: Context) -> ConsoleError | None:
    """Why no engine serves on this host; None when one does, or the command line asks for one in this process."""
    if context.wants_own_engine:
        return None
    try:
        return knock(local(context.config()).socket)
    except ConsoleError as error:
        return error


def say(message: str | None) -> None:
    """Prints what a command came to."""
    if message is not None:
        print(safe(message))


def source(context: Context, target: str | None) -> EmbeddedClient | RemoteClient:
    """Where records come from: the engine of a target, or one of its own in this process. Raises ConsoleError."""
    if target is None:
        return context.client(own_state=False, stdin=stdin_is_data())
    from ng_tui.client.remote import RemoteClient

    return RemoteClient(resolve(context.config(), target))


def elsewhere(context: Context, target: str | None) -> Address | None:
    """The engine outside this process that a command is for, if it is for one. Raises ConsoleError."""
    if target is not None:
        return resolve(context.config(), target)
    return None if context.wants_own_engine else serving(context.config())


async def _observe(address: Address, view: Shown, also: Sequence[Shown]) -> State:
    from ng_tui.client.failures import Refused
    from ng_tui.client.reach import reach
    from ng_tui.client.session import PROTO, decode, session

    state = State()
    async with reach(address) as way, session(way, Hello(PROTO, views_only=True)) as connection:
        if RIGHTS[view] not in connection.welcome.rights:
            role = connection.welcome.role.value
            what = tr("the role {role} does not have the right {right}", role=role, right=RIGHTS[view])
            raise Refused(what, where=address.name, known=role != "anonymous")
        wanted = [view, *(one for one in also if RIGHTS[one] in connection.welcome.rights)]
        try:
            async with asyncio.timeout(ANSWER_S):
                while not all(getattr(state, one) for one in wanted):
                    state.absorb([decode(await connection.receive(), way)])
        except TimeoutError:
            raise ConsoleError("NG-3202", tr("the engine did not answer in time"), where=address.name) from None
    return state
