"""What `freeze` and `learn` share: which source a name means, and whether there is anything to change."""

from __future__ import annotations

import time

from ng_tui.client.wire import Command, SetLearningCommand
from ng_tui.commands.context import Context
from ng_tui.commands.live import change, elsewhere, not_served, say
from ng_tui.errors import EXIT_USAGE, ConsoleError
from ng_tui.i18n import tr
from ng_tui.state import State

FROZEN = "frozen: "
"""How the names of the gauges of `intuition_engine` begin that list the frozen sources."""
VIEW_S = 1.1
"""An engine tells its views anew within so many seconds."""


def set_learning(
    context: Context, source: str, target: str | None, *, learning: bool, future: bool | None = None
) -> None:
    """Freezes a source or lets it learn, now and at later starts, and says so. Raises ConsoleError."""

    def plan(state: State) -> tuple[Command | None, str | None]:
        known, frozen = sources(state)
        name = meant(source, known | frozen)
        if name in frozen and not learning:
            return None, tr("{name} is frozen already", name=name)
        if learning and name in known - frozen:
            return None, tr("{name} learns already", name=name)
        return Command(set_learning=SetLearningCommand(source=name, learning=learning, future=future)), None

    try:
        try:
            say(change(context, plan, target))
        except ConsoleError as error:
            if not is_unknown(error) or ":" in source or elsewhere(context, target) is None:
                raise
            # Its views are of the last second: a source may have come since.
            time.sleep(VIEW_S)
            say(change(context, plan, target))
    except ConsoleError as error:
        if not is_unknown(error):
            raise
        hint = "" if learning else tr("--future freezes it for when it comes")
        if target is None and (nobody := not_served(context)) is not None:
            # Only an engine that runs knows its sources, so no other name can be the right one.
            nobody.what = tr("{what}; whether {source} is a source is not known", what=nobody.what, source=source)
            nobody.hint = hint
            raise nobody from None
        error.hint = hint
        raise


def is_unknown(error: ConsoleError) -> bool:
    """The engine knows no source of the name."""
    return error.what.startswith("no source is called")


def sources(state: State) -> tuple[set[str], set[str]]:
    """The names of the sources that an engine has, and of those that are frozen."""
    detection = state.modules.get("intuition_engine")
    gauges = [gauge.name for gauge in detection.gauges] if detection is not None else []
    frozen = {name.removeprefix(FROZEN) for name in gauges if name.startswith(FROZEN)}
    return {source.name for source in state.metrics.sources} if state.metrics is not None else set(), frozen


def meant(text: str, names: set[str]) -> str:
    """The source of this name, or the only one that has it behind its kind, as `http:shop` is shop; else the text
    itself. Raises ConsoleError when there are several.
    """
    if text in names:
        return text
    found = sorted(name for name in names if text and name.partition(":")[2] == text)
    if len(found) > 1:
        what = tr("{text} is the name of several sources: {names}", text=text, names=", ".join(found))
        raise ConsoleError("NG-1008", what, hint=tr("name one of them as it stands there"), exit_code=EXIT_USAGE)
    return found[0] if found else text
