"""Writes data to stdout. A terminal gets the same data in a form that it cannot obey."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click

from ng_tui.text import safe, safe_json


def put_json(data: bytes) -> None:
    """Prints one JSON value."""
    click.echo(safe_json(data) if sys.stdout.isatty() else data)


class SafeLines:
    """Stands before a terminal: lines of JSON are escaped, other lines shown as `safe` shows them."""

    def __init__(self, out: BinaryIO, *, json: bool) -> None:
        self._out, self._json = out, json

    def write(self, chunk: bytes) -> None:
        """Writes whole lines."""
        if self._json:
            self._out.write(safe_json(chunk))
            return
        for line in chunk.removesuffix(b"\n").split(b"\n"):
            # Bytes that are no text become U+FFFD.
            self._out.write(safe(line.decode("utf-8", "replace")).encode() + b"\n")

    def flush(self) -> None:
        """Passes on what was written."""
        self._out.flush()


def data_output(*, json: bool = False) -> BinaryIO | SafeLines:
    """Where lines of data go: stdout as it is, or through `SafeLines` when it is a terminal."""
    return SafeLines(sys.stdout.buffer, json=json) if sys.stdout.isatty() else sys.stdout.buffer
