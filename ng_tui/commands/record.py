"""`record`: the event stream and the views of every second, in a file that `replay` shows again."""

from __future__ import annotations

import gzip
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, cast

import click
import msgspec

from ng_tui.commands.context import Context
from ng_tui.commands.live import source
from ng_tui.commands.options import Deadline, Duration, url_option
from ng_tui.commands.output import SafeLines, data_output
from ng_tui.commands.table import COMMANDS
from ng_tui.commands.troubles import Troubles, tell_odd
from ng_tui.errors import ConsoleError
from ng_tui.i18n import ntr, tr

BATCH = 256


@click.command(name="record", help=COMMANDS["record"])
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--filter", "filter_text", default="", metavar="FILTER", help=tr("Only events that pass this filter."))
@click.option("--for", "duration", type=Duration(), help=tr("Stop after this time, such as 10m."))
@click.option("--force", is_flag=True, help=tr("Overwrite an existing file."))
@url_option
@click.pass_obj
def command(
    context: Context, path: Path, filter_text: str, duration: float | None, force: bool, target: str | None
) -> None:
    """Records until the sources end, the time is over, or it is interrupted."""
    client = source(context, target)
    troubles = Troubles() if target is None else None
    deadline, records = Deadline(duration), 0
    try:
        stream = client.subscribe(filter_text)
        tell_odd(filter_text)
        with sink(path, force) as out:
            client.start()
            try:
                while not deadline.passed:
                    chunk = stream.read(BATCH, deadline.wait_ms(200), "frames")
                    frames = client.frames()
                    for frame in frames:
                        out.write(msgspec.json.encode(frame) + b"\n")
                    if troubles is not None:
                        troubles.tell(frames)
                    if chunk is None:
                        break
                    out.write(chunk)
                    records += chunk.count(b'{"seq":')
            except KeyboardInterrupt:
                pass  # The usual way to end a recording; what was written stays valid.
    finally:
        client.close()
    print(ntr("recorded {count} event", "recorded {count} events", records), file=sys.stderr)


def sink(path: Path, force: bool) -> AbstractContextManager[BinaryIO | SafeLines]:
    """Where the recording goes; stdout stays open afterwards. Raises ConsoleError."""
    return nullcontext(data_output(json=True)) if path == Path("-") else open_recording(path, force)


def open_recording(path: Path, force: bool) -> BinaryIO:
    """The file, readable by its owner only: logs hold secrets. Raises ConsoleError."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        file = os.fdopen(os.open(path, flags, 0o600), "wb")
    except FileExistsError:
        raise ConsoleError("NG-5203", tr("exists already"), where=str(path), hint=tr("--force overwrites it")) from None
    except OSError as error:
        raise ConsoleError("NG-5204", error.strerror or str(error), where=str(path)) from None
    return cast(BinaryIO, gzip.GzipFile(fileobj=file, mode="wb")) if path.suffix == ".gz" else file
