"""The command `neurograph-tui`. Bare, it opens the console; without a full-screen terminal on stdout it is `tail`.

Data goes to stdout, narration to stderr. Commands import what they need when they run, so that `--help` is fast.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path

import click

from ng_tui import __version__
from ng_tui.commands.options import not_utf8, odd_byte, order_option, order_setting, require_utf8
from ng_tui.commands.table import COMMANDS
from ng_tui.errors import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, ConsoleError
from ng_tui.i18n import tr


class Lazy(click.Group):
    """A group that imports a command when it is used or its help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, without importing anything."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f"ng_tui.commands.{cmd_name}")
        command: click.Command = module.command
        require_utf8(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of the commands, without importing any."""
        room = formatter.width - 6 - max(map(len, COMMANDS))
        with formatter.section(tr("Commands")):
            texts = {name: click.Command(name, help=text) for name, text in COMMANDS.items()}
            formatter.write_dl([(name, one.get_short_help_str(room)) for name, one in texts.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names; words that can only be files are opened."""
        if args[0] not in COMMANDS and is_file_name(args[0]):
            names = click.Argument(["names"], nargs=-1, type=click.Path(readable=False))
            order = click.Option(["--order"], type=click.Choice(["time", "arrival"]))
            return args[0], click.Command("files", params=[names, order], callback=open_files), args
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command. A reader that has seen enough of our output is no failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            discard_output()
            return EXIT_OK


@click.group(cls=Lazy, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="neurograph-tui")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help=tr("Read this configuration file after the usual ones."),
)
@click.option("--policy", type=click.Path(path_type=Path), help=tr("Read Guardian's rules from this TOML file."))
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(readable=False),
    metavar="GLOB",
    help=tr("Follow these files from their beginning, instead of the usual sensors."),
)
@order_option
@click.option("--set", "settings", multiple=True, metavar="TABLE.KEY=VALUE", help=tr("Change one setting."))
@click.option("--state-dir", type=click.Path(path_type=Path), help=tr("Keep flags, rule modes and exports here."))
@click.option("--embedded", is_flag=True, help=tr("Run an engine of its own, also when one serves on this host."))
@click.option("--debug", is_flag=True, help=tr("Show tracebacks."))
@click.pass_context
def cli(
    ctx: click.Context,
    config_file: Path | None,
    policy: Path | None,
    files: tuple[str, ...],
    order: str | None,
    settings: tuple[str, ...],
    state_dir: Path | None,
    embedded: bool,
    debug: bool,
) -> None:
    """Watch and steer a live event engine: what is new, what is wrong, which part do I switch off.

    \b
    neurograph-tui                     this host, live; the engine that serves here, if one does
    neurograph-tui connect ssh://host  another host
    neurograph-tui app.log /srv/logs   files and folders, from their beginning
    cat big.log | neurograph-tui       what is piped in
    neurograph-tui tail --json         the same as lines
    """
    from ng_tui._engine import local_zone
    from ng_tui.commands.context import Context

    if not local_zone()[1]:
        tell(tr("TZ={zone} is no time zone: local times are UTC", zone=os.environ.get("TZ", "")))
    settings = (*order_setting(order), *settings)
    ctx.obj = Context(config_file, policy, files, settings, state_dir, debug, embedded)
    if ctx.invoked_subcommand is None:
        watch(ctx)


require_utf8(cli)


def watch(ctx: click.Context) -> None:
    """Opens the console; where there is no terminal for it, prints the events as lines."""
    from ng_tui.commands import console, tail

    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        console.run(ctx.obj)
    else:
        ctx.invoke(tail.command)


def is_file_name(word: str) -> bool:
    """A word that names something there is, or that has what names of files have and names of commands have not."""
    return os.path.lexists(word) or any(character in word for character in "./*?[")


@click.pass_context
def open_files(ctx: click.Context, names: tuple[str, ...], order: str | None) -> None:
    """Watches files, folders and globs as `--file` does."""
    ctx.obj.files += names
    ctx.obj.settings = (*order_setting(order), *ctx.obj.settings)
    watch(ctx)


def tell(text: str) -> None:
    """Narrates a line."""
    from ng_tui.text import safe

    print(safe(text), file=sys.stderr)


def complain(error: ConsoleError) -> None:
    """Prints an error and those that came with it."""
    from ng_tui.text import safe_lines

    for one in error.all:
        print(safe_lines(str(one)), file=sys.stderr)


def show(error: click.ClickException) -> None:
    """Prints a usage error; what was typed or pasted stands in it."""
    from io import StringIO

    from ng_tui.text import safe_lines

    text = StringIO()
    error.show(text)
    print(safe_lines(text.getvalue().rstrip()), file=sys.stderr)


def main() -> None:
    """The entry point of the installed command."""
    debug = "--debug" in sys.argv
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        claim_streams()
        code = cli.main(standalone_mode=False)
        code = code if isinstance(code, int) else EXIT_OK
        sys.stdout.flush()
    except ConsoleError as error:
        if debug:
            raise
        complain(error)
        code = error.exit_code
    except click.UsageError as error:
        show(error)
        code = EXIT_USAGE
    except click.ClickException as error:
        show(error)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = EXIT_INTERRUPTED
    except UnicodeEncodeError as error:
        # Options are looked at when they are read; what is left are names of files, and the environment.
        if debug or (byte := odd_byte(error.object)) is None:
            raise
        complain(not_utf8(byte, error.object))
        code = EXIT_USAGE
    except OSError as error:
        # Files are opened where their errors are told; what is left is our own output.
        if debug:
            raise
        discard_output()
        complain(ConsoleError("NG-1009", tr("cannot write: {why}", why=error.strerror or str(error))))
        code = EXIT_FAILURE
    sys.exit(code)


def claim_streams() -> None:
    """Puts something in the place of the standard streams that were closed, so that no file of ours takes it."""
    no_output = sys.stdout is None
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    if no_output:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def discard_output() -> None:
    """What could not be written is not tried again at the exit, where Python would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main()
