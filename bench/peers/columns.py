"""Lines in a column store: `columns.py duckdb|chdb FILE FOLDER WORD...` prints one JSON object.

The lines go into a table with their minute; then each word is counted as a part of a line in any case, and the lines by
minute. Milliseconds, the least of three rounds, for everything may be in memory.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def asked(ask: Callable[[], Any]) -> float:
    """Milliseconds of the fastest of three rounds."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        ask()
        best = min(best, time.perf_counter() - start)
    return best * 1e3


def with_duckdb(file: str, folder: Path) -> Callable[[str], Any]:
    """Loads the lines; gives what asks."""
    import duckdb

    connection = duckdb.connect(str(folder / "lines.duckdb"))
    connection.execute(
        "CREATE TABLE lines AS SELECT substr(line, 1, 16) AS minute, line FROM read_csv(?, header=false, "
        "columns={'line': 'VARCHAR'}, delim='\\x01', quote='', escape='', ignore_errors=true)",
        [file],
    )
    connection.execute("CHECKPOINT")
    return lambda query: connection.execute(query).fetchall()


def with_chdb(file: str, folder: Path) -> Callable[[str], Any]:
    """Loads the lines; gives what asks."""
    from chdb.session import Session

    session = Session(str(folder / "chdb"))
    session.query("CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic")
    session.query("CREATE TABLE bench.lines (minute String, line String) ENGINE = MergeTree ORDER BY tuple()")
    session.query(f"INSERT INTO bench.lines SELECT substr(line, 1, 16), line FROM file('{file}', LineAsString)")
    session.query("OPTIMIZE TABLE bench.lines FINAL")

    def ask(query: str) -> str:
        # Which parts have no line with a word is remembered otherwise, and the second round reads none.
        asked = f"{query.replace('FROM lines', 'FROM bench.lines')} SETTINGS use_query_condition_cache = 0"
        return str(session.query(asked))

    return ask


def main() -> None:
    """Loads and asks."""
    store, file, folder, *words = sys.argv[1:]
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    query = {"duckdb": with_duckdb, "chdb": with_chdb}[store](file, place)
    load_s = time.perf_counter() - start
    counts = {
        word: asked(lambda word=word: query(f"SELECT count() FROM lines WHERE line ILIKE '%{word}%'")) for word in words
    }
    minutes = asked(lambda: query("SELECT minute, count() FROM lines GROUP BY minute ORDER BY minute"))
    size = sum(one.stat().st_size for one in place.rglob("*") if one.is_file())
    print(json.dumps({"load_s": load_s, "bytes": size, "counts": counts, "minutes": minutes}))


main()
