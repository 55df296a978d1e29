"""What holds for any input: every reading is one record, and the same input gives the same records."""

from __future__ import annotations

import json
import random

import pytest

from .conftest import Run, records


def hostile_lines(count: int) -> list[bytes]:
    """Lines of every kind that an encoder knows, spoiled at random places."""
    chance = random.Random(7)
    kinds = [
        b"2026-01-02T03:04:05Z ERROR worker[12]: cannot open /var/lib/x: No such file user=alice ms=12",
        b'{"ts":"2026-01-02T03:04:05Z","level":"warn","msg":"slow \\u0441","ms":812,"deep":{"a":[1,2,{"b":null}]}}',
        b"cpu.total=12.5 %",
        b"2026-01-02 03:04:05,17.25",
        b"v=[1,2,3,4,5,6,7,1e39]",
        b'{"MESSAGE":[104,105],"PRIORITY":"3","__REALTIME_TIMESTAMP":"1767323045000000"}',
        b'{"type":"stream.gap","count":1e400,"level":[]}',
        "<34>1 2026-01-02T03:04:05Z höst app - - - ünïcode \u202e text".encode(),
        b"\x1b[31mred\x1b[0m \x1b]52;c;aGk=\x07 \xff\xfe",
        b"",
    ]
    lines = []
    for _ in range(count):
        line = bytearray(chance.choice(kinds))
        for _ in range(chance.randrange(4)):
            if line:
                line[chance.randrange(len(line))] = chance.choice(b'\x00\x1b\x7f\x80\xff{}[]"\\=:<> \t09aZ')
        if chance.random() < 0.3:
            del line[chance.randrange(len(line) + 1) :]
        lines.append(bytes(line))
    return lines


def test_every_reading_is_one_record_whatever_it_holds(run: Run) -> None:
    # A stamp before each: a line without one may go on with the line before it.
    lines = [b"2026-01-02T03:04:05Z " + line for line in hostile_lines(5000) if not line.endswith(b"\r")]
    data = b"".join(line + b"\n" for line in lines)
    shown = run("tail", "--json", input=data)
    assert shown.returncode == 0, shown.stderr
    found = records(shown.stdout)
    assert [record["seq"] for record in found] == list(range(len(found)))
    assert len([record for record in found if record["source"] == "stdin"]) == len(lines)
    assert run("tail", "--raw", "--filter", "source:stdin", input=data).stdout == data


@pytest.mark.parametrize("kernel", ["scalar", "avx2", "avx512"])
def test_the_same_input_gives_the_same_records_in_every_process(
    run: Run, monkeypatch: pytest.MonkeyPatch, kernel: str
) -> None:
    """Bit for bit, with either kernel of the distance search; only the time of arrival is the clock's."""
    chance = random.Random(3)
    lines = []
    for second in range(3000):
        when = f"2026-01-02T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        lines += [
            f"{when} INFO worker: job {second} done in {chance.randrange(9)} ms",
            f"{when},{100 + chance.gauss(0, 1):.3f}",
            json.dumps(
                {
                    "ts": when,
                    "level": "info",
                    "msg": "request",
                    "ms": chance.randrange(900),
                    "path": chance.choice(["/a", "/b"]),
                }
            ),
        ]
        if second == 2500:
            lines.append(f"{when} ERROR kernel: out of memory")
    data = "\n".join(lines).encode()

    def outcome() -> list[dict[str, object]]:
        result = run("tail", "--json", input=data)
        assert result.returncode == 0, result.stderr
        found = [record for record in records(result.stdout) if record["source"] == "stdin"]
        # What the engine says itself stands between them, behind the batch that it is about.
        places = {record["seq"]: place for place, record in enumerate(found)}
        for record in found:
            detection: dict[str, object] = record["detection"]  # type: ignore[assignment]
            detection["nearest"] = places.get(detection["nearest"])
            record["seq"] = places[record["seq"]]
        return [{key: value for key, value in record.items() if key != "received_ns"} for record in found]

    usual = outcome()
    assert len(usual) == len(lines)
    assert any(record["detection"]["is_alert"] for record in usual)  # type: ignore[index]
    monkeypatch.setenv("NG_SIMD", kernel)
    assert outcome() == usual
