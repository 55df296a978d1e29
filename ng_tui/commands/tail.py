"""`tail`: the event stream as lines."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click
import msgspec

from ng_tui.client.replay import ReplayClient
from ng_tui.client.wire import Detection, Frame, Gap, Outcome, Record, Row
from ng_tui.commands.context import Context
from ng_tui.commands.live import source
from ng_tui.commands.options import Deadline, Duration, order_option, order_setting, url_option
from ng_tui.commands.output import SafeLines, data_output
from ng_tui.commands.table import COMMANDS
from ng_tui.commands.troubles import Troubles, tell_odd
from ng_tui.i18n import ntr, tr
from ng_tui.text import fmt_time, safe

BATCH = 1024
_frames = msgspec.msgpack.Decoder(list[Frame])


@click.command(
    name="tail",
    help=COMMANDS["tail"],
)
@click.argument("names", nargs=-1, type=click.Path(readable=False), metavar="[FILE]...")
@click.option("--filter", "filter_text", default="", metavar="FILTER", help=tr("Only events that pass this filter."))
@click.option("--json", "as_json", is_flag=True, help=tr("One JSON object for each record."))
@click.option("--raw", is_flag=True, help=tr("The bytes of each event as they arrived; made harmless on a terminal."))
@click.option("--explain", is_flag=True, help=tr("Below each new or unusual event say why."))
@click.option("-f", "--follow", is_flag=True, hidden=True, expose_value=False)
@click.option("--for", "duration", type=Duration(), help=tr("Stop after this time, such as 10s."))
@order_option
@click.option("--limit", type=click.IntRange(min=1), help=tr("Stop after this many events."))
@url_option
@click.pass_obj
def command(
    context: Context,
    names: tuple[str, ...],
    filter_text: str,
    as_json: bool,
    raw: bool,
    explain: bool,
    duration: float | None,
    order: str | None,
    limit: int | None,
    target: str | None,
) -> None:
    """Streams until the sources end, the time is over, or the limit is reached."""
    if as_json + raw + explain > 1:
        raise click.UsageError(tr("--json, --raw and --explain exclude each other"))
    if names and target is not None:
        raise click.UsageError(tr("files are read by an engine of its own, not by that of --url"))
    context.files += names
    context.settings = (*order_setting(order), *context.settings)
    if raw:
        # As they arrived, colours too.
        context.settings = ("reading.colours=keep", *context.settings)
    client = source(context, target)
    troubles = Troubles() if target is None else None
    form = "records" if as_json else "raw" if raw else "msgpack"
    deadline, left = Deadline(duration), limit
    out = sys.stdout.buffer if form == "msgpack" else data_output(json=as_json)
    try:
        stream = client.subscribe(filter_text)
        tell_odd(filter_text)
        client.start()
        while not deadline.passed and left != 0:
            chunk = stream.read(BATCH if left is None else min(left, BATCH), deadline.wait_ms(200), form)
            if troubles is not None:
                troubles.tell(client.frames())
            if chunk is None:
                break
            if not chunk:
                continue
            count = write(chunk, form, out, explain=explain)
            out.flush()
            if left is not None:
                left -= count
    finally:
        client.close()


def write(chunk: bytes, form: str, out: BinaryIO | SafeLines, *, explain: bool = False) -> int:
    """Writes a chunk and returns the number of records in it."""
    if form == "records":
        out.write(chunk)
        return chunk.count(b"\n") - chunk.startswith(b'{"gap":') - chunk.count(b'\n{"gap":')
    if form == "raw":
        out.write(chunk)
        return chunk.count(b"\n")
    count = 0
    for frame in _frames.decode(chunk):
        if frame.gap is not None:
            print(missing(frame.gap), file=sys.stderr)
        for record in frame.records or ():
            out.write((line(record) + "\n").encode())
            if explain and (record.detection.is_alert or record.detection.is_novel):
                out.write(f"    {explanation(record.detection)}\n".encode())
            count += 1
    return count


def explanation(detection: Detection) -> str:
    """Why an event is new or unusual: the reason, what each channel adds, and the nearest event that is remembered."""
    channels = "  ".join(f"{channel.name} {channel.share:.1f}" for channel in detection.channels)
    nearest = tr("nearest #{seq}", seq=detection.nearest) if detection.nearest is not None else ""
    why = detection.why or tr("first of its kind")
    return "; ".join(safe(part) for part in (why, channels, nearest) if part)


def missing(gap: Gap) -> str:
    """Says how many events are missing, and why."""
    return ntr(
        "-- {count} event missing: {reason} --", "-- {count} events missing: {reason} --", gap.count, reason=gap.reason
    )


def write_ring(client: ReplayClient, filter_text: str, as_json: bool, duration: float | None) -> None:
    """Plays a recording to its end and writes the records that pass the filter. Raises FilterError."""
    view, after, deadline = client.ring.view(filter_text), 0, Deadline(duration)
    out = data_output(json=True) if as_json else sys.stdout.buffer
    while not deadline.passed:
        for frame in client.frames():
            if frame.notice is not None:
                print(safe(frame.notice.text), file=sys.stderr)
            if frame.gap is not None:
                print(missing(frame.gap), file=sys.stderr)
        view.advance(1_000_000)
        while rows := view.rows(view.index_of(after), BATCH):
            after = rows[-1].seq + 1
            for row in rows:
                line = (client.ring.export(row.seq) or b"") if as_json else row_line(row).encode()
                out.write(line + b"\n")
        out.flush()
        if client.ended:
            return
        client.wait()


def row_line(row: Row) -> str:
    """One row of the ring for a person."""
    marks = f"[{row.outcome}] " if row.outcome is not Outcome.ADMIT else ""
    marks += tr("[anomaly] ") if row.is_alert else tr("[new] ") if row.is_novel else ""
    return f"{fmt_time(row.time_ns, 'iso', now_ns=row.time_ns)} {row.level:<6} {row.source}: {marks}{row.text}"


def line(record: Record) -> str:
    """One record for a person: time, level, source, what Guardian and the detector say, and the message."""
    marks = ""
    if record.verdict.outcome is not Outcome.ADMIT and record.verdict.hit is not None:
        marks += f"[{record.verdict.outcome}: {record.verdict.hit.rule}] "
    if record.detection.is_alert:
        marks += tr("[anomaly] ")
    elif record.detection.is_novel:
        marks += tr("[new] ")
    when = fmt_time(record.time_ns, "iso", now_ns=record.received_ns)
    return f"{when} {record.level:<6} {safe(record.source)}: {marks}{safe(record.text)}"
