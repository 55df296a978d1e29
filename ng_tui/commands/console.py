"""Opens the console: on an engine in this process, or on those that run elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ng_tui.client.interface import EngineClient
from ng_tui.commands.context import Context, stdin_is_data
from ng_tui.config import Config
from ng_tui.connection import RemoteEngines
from ng_tui.errors import EXIT_USAGE, ConsoleError, together
from ng_tui.i18n import tr

if TYPE_CHECKING:
    from ng_tui.app import ConsoleApp
    from ng_tui.client.address import Address


def run(context: Context) -> None:
    """The console on the engine of this host when it serves, else on one in this process. Raises ConsoleError."""
    from ng_tui.client.embedded import EmbeddedClient
    from ng_tui.terminal import carry_on, collector

    carry_on.hold()
    collector.hold()
    piped = stdin_is_data()
    if not piped and not os.isatty(0):  # closed, or /dev/null
        use_controlling_terminal()
    config = context.config(stdin=piped)
    if not piped and not context.wants_own_engine:
        from ng_tui.commands.targets import LOCAL, serving

        if (found := serving(config)) is not None:
            attach(context, config, {LOCAL: found}, config.text("console.filter"))
            return
    # What was piped in or named is shown whole, and is there to be read again; only the host's own samples are too many
    # to read, and only its events would be gone.
    watched = config.values["sensors.host.enabled"][0] is True
    client = EmbeddedClient(config.layers, context.state_dir, keeps=watched, saved=config.texts("filters"))
    if piped:
        use_controlling_terminal()
    show(context, config, client, config.text("console.filter") if watched else "")


def attach(context: Context, config: Config, found: Mapping[str, Address], filter_text: str) -> None:
    """The console on engines that run elsewhere, by short names. Raises ConsoleError."""
    from ng_tui.client.merged import MergedClient
    from ng_tui.client.remote import RemoteClient
    from ng_tui.commands.targets import remote_engines
    from ng_tui.terminal import carry_on, collector

    carry_on.hold()
    collector.hold()
    if not os.isatty(0):
        use_controlling_terminal()
    capacity, saved = config.number("ring.capacity"), config.texts("filters")
    client: EngineClient
    address = next(iter(found.values()))
    if len(found) > 1:
        client = MergedClient(found, capacity=capacity, saved=saved)
    else:
        client = RemoteClient(address, capacity=capacity, saved=saved)
    named = found if len(found) > 1 else {client.label: address}
    show(context, config, client, filter_text, remote_engines(config, named))


def use_controlling_terminal() -> None:
    """Takes the keyboard from the controlling terminal; the engine has its own copy of the piped input already."""
    try:
        keyboard = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        hint = tr("use `neurograph-tui tail` where there is no terminal")
        raise ConsoleError(
            "NG-1003", tr("there is no terminal to read keys from"), hint=hint, exit_code=EXIT_USAGE
        ) from None
    if keyboard != 0:
        os.dup2(keyboard, 0)
        os.close(keyboard)
    if sys.__stdin__ is None:  # standard input was closed when the process began
        sys.stdin = sys.__stdin__ = os.fdopen(0, closefd=False)  # type: ignore[misc]


def show(
    context: Context,
    config: Config,
    client: EngineClient,
    filter_text: str = "",
    remote_engines: RemoteEngines | None = None,
) -> None:
    """Runs the console until it is left; ends the process with its exit code. Raises ConsoleError.

    `remote_engines` are those outside this process, by the label of their client.
    """
    try:
        console = app(context, config, client, filter_text, remote_engines)
        client.start()
        result = console.run()
    finally:
        client.close()
    sys.exit(console.return_code or result or 0)


def app(
    context: Context,
    config: Config,
    client: EngineClient,
    filter_text: str = "",
    remote_engines: RemoteEngines | None = None,
) -> ConsoleApp:
    """The console, not running. Raises ConsoleError when the configuration asks for what it cannot do."""
    from ng_tui import paths
    from ng_tui.options import Options
    from ng_tui.terminal.capabilities import GlyphSet, prepare_environment

    capabilities = prepare_environment(os.environ)
    if (glyphs := config.text("console.glyphs")) != "auto":
        capabilities = replace(capabilities, glyphs=cast(GlyphSet, glyphs))
    options = Options(
        state_dir=context.state_dir,
        theme=config.text("console.theme") or Options.theme,
        theme_dir=paths.themes_dir(),
        keys=config.texts("keys"),
        filter=filter_text,
        time_style=config.text("console.time_format"),
        ignored_lints=tuple(config.list("console.ignore_lints")),
        link=config.text("console.link"),
        remote_engines=remote_engines or {},
        capabilities=capabilities,
        debug=context.debug,
    )
    from ng_tui.app import ConsoleApp  # After `prepare_environment`, which says what Textual finds.

    try:
        return ConsoleApp(client, options)
    except ConsoleError as error:
        raise together([config.refused(one.where, one) for one in error.all]) from None
