"""Events of history as a file that other programs read: Parquet, CSV or JSON lines, by the ending of its name."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any

import msgspec

from ng_tui import _engine
from ng_tui.client.answers import Page
from ng_tui.client.ring import filter_refused
from ng_tui.client.wire import Record
from ng_tui.errors import EXIT_USAGE, ConsoleError, engine_refused
from ng_tui.i18n import tr
from ng_tui.text import safe

PAGE = 5_000
"""Events that are read, and written, at a time."""

COLUMNS: dict[str, tuple[str, Callable[[Record], Any]]] = {
    "seq": ("uint64", lambda one: one.seq),
    "time": ("timestamp", lambda one: one.time_ns),
    "received": ("timestamp", lambda one: one.received_ns),
    "level": ("name", lambda one: one.level.value),
    "type": ("name", lambda one: one.type),
    "source": ("name", lambda one: one.source),
    "text": ("text", lambda one: one.text),
    "value": ("float64", lambda one: one.value),
    "unit": ("name", lambda one: one.unit.value if one.unit is not None else None),
    "attrs": ("attrs", lambda one: list(one.attrs.items())),
    "outcome": ("name", lambda one: one.verdict.outcome.value),
    "pattern": ("uint32", lambda one: one.detection.pattern),
    "novelty": ("float64", lambda one: one.detection.novelty),
    "anomaly": ("float64", lambda one: one.detection.anomaly_score),
    "is_novel": ("bool", lambda one: one.detection.is_novel),
    "is_alert": ("bool", lambda one: one.detection.is_alert),
    "raw": ("text", lambda one: one.raw),
}
"""The columns of Parquet and CSV: kind of value, and where it is in a record. Times are nanoseconds since 1970, UTC."""

Put = Callable[[list[Record]], object]
"""Writes some records."""


def write(history: _engine.History, path: Path, filter_text: str) -> int:
    """Writes the events that pass, oldest first; `-` is standard output, as JSON lines. Returns how many there were.

    The file must not exist, and is there when it is whole. Raises ConsoleError.
    """
    form = FORMS.get(path.suffix.lower(), json_lines)
    pages, written = read(history, filter_text), 0
    first = next(pages, [])  # A filter that is refused leaves no file.
    with form(path) as put:
        for records in chain([first], pages):
            put(records)
            written += len(records)
    return written


def read(history: _engine.History, filter_text: str) -> Iterator[list[Record]]:
    """The events that pass, page by page. Raises ConsoleError."""
    at: int | None = 0
    while at is not None:
        try:
            page = msgspec.msgpack.decode(history.page(filter_text, at, PAGE), type=Page)
        except _engine.FilterError as error:
            raise filter_refused(error) from None
        except _engine.EngineError as error:
            raise engine_refused(error.args[0]) from None
        yield page.records
        at = page.next_seq


@contextmanager
def created(path: Path) -> Iterator[IO[bytes]]:
    """A new private file, which gets its name when it is whole. Raises ConsoleError."""
    if path.exists():
        raise ConsoleError("NG-5402", tr("the file exists already"), where=str(path), exit_code=EXIT_USAGE)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
        part.rename(path)
    except OSError as error:
        raise ConsoleError("NG-5402", error.strerror or str(error), where=str(path)) from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def json_lines(path: Path) -> Iterator[Put]:
    """One JSON object for each record."""
    with created(path) if str(path) != "-" else standard_output() as file:
        yield lambda records: file.write(b"".join(msgspec.json.encode(one) + b"\n" for one in records))


@contextmanager
def comma_separated(path: Path) -> Iterator[Put]:
    """One line for each record; what controls a terminal is made visible."""
    with created(path) as file:
        lines: list[str] = []
        writer = csv.writer(_Lines(lines))
        writer.writerow(COLUMNS)

        def put(records: list[Record]) -> None:
            for one in records:
                writer.writerow([plain(take(one)) for _, take in COLUMNS.values()])
            file.write("".join(lines).encode())
            lines.clear()

        yield put
        put([])


@contextmanager
def parquet(path: Path) -> Iterator[Put]:
    """Columns, compressed. Raises ConsoleError where pyarrow is not installed."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        hint = tr("pip install pyarrow, or name a file that ends in .csv or .jsonl")
        raise ConsoleError("NG-5403", tr("Parquet needs pyarrow"), where=str(path), hint=hint) from None
    schema = schema_of(pyarrow)
    with created(path) as file, ParquetWriter(file, schema, compression="zstd") as writer:

        def put(records: list[Record]) -> None:
            columns = {name: [take(one) for one in records] for name, (_, take) in COLUMNS.items()}
            writer.write_table(pyarrow.table(columns, schema=schema))

        yield put


FORMS: dict[str, Callable[[Path], AbstractContextManager[Put]]] = {".parquet": parquet, ".csv": comma_separated}
"""What is written, by the ending of a name; anything else is JSON lines."""


def schema_of(arrow: Any) -> Any:
    """The columns as Parquet knows them."""
    name = arrow.dictionary(arrow.int32(), arrow.string())
    kinds = {
        "uint64": arrow.uint64(),
        "uint32": arrow.uint32(),
        "float64": arrow.float64(),
        "bool": arrow.bool_(),
        "timestamp": arrow.timestamp("ns", tz="UTC"),
        "name": name,
        "text": arrow.string(),
        "attrs": arrow.map_(arrow.string(), arrow.string()),
    }
    return arrow.schema([(column, kinds[kind]) for column, (kind, _) in COLUMNS.items()])


class _Lines:
    """What `csv` writes to."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


def plain(value: Any) -> Any:
    """A value as CSV has it."""
    if isinstance(value, list):
        return " ".join(f"{safe(key)}={safe(text)}" for key, text in value)
    return safe(value) if isinstance(value, str) else value


@contextmanager
def standard_output() -> Iterator[IO[bytes]]:
    """Standard output, in place of a file."""
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()
