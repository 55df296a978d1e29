"""The one base class of errors that a person reads, and the exit codes of the command.

An error says what happened, where, and what to do. Its code is stable and the same in every language:
NG-1xxx usage, NG-2xxx configuration, NG-3xxx engine and connection, NG-4xxx refused, NG-5xxx input and files.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_CONNECTION = 3
EXIT_REFUSED = 4
EXIT_BUSY = 75
EXIT_CONFIG = 78
EXIT_INTERRUPTED = 130


class ConsoleError(Exception):
    """Something the person can act on. Shown without a traceback unless `--debug` is given."""

    def __init__(self, code: str, what: str, *, where: str = "", hint: str = "", exit_code: int = EXIT_FAILURE) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.where = where
        self.hint = hint
        self.exit_code = exit_code
        self.more: list[ConsoleError] = []

    @property
    def all(self) -> list[ConsoleError]:
        """The error and those that were found with it."""
        return [self, *self.more]

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"\n  {self.hint}" if self.hint else ""
        return f"{self.code} {place}{self.what}{hint}"


class FilterError(ConsoleError):
    """A filter was refused; `column` counts characters from 1."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__("NG-1101", message, where=f"column {column}", exit_code=EXIT_USAGE)
        self.column = column
        self.message = message


def engine_refused(faults: list[tuple[str, str, str, str, int]]) -> ConsoleError:
    """The console's form of faults that the engine found: (code, what, place, hint, exit code). The first one leads."""
    errors = [
        ConsoleError(code, what, where=place, hint=hint, exit_code=exit) for code, what, place, hint, exit in faults
    ]
    return together(errors)


def together(errors: list[ConsoleError]) -> ConsoleError:
    """Several errors as one, at least one; the first leads, and each stands there once."""
    first, *others = {id(one): one for error in errors for one in error.all}.values()
    first.more = others
    return first
