"""How long one event takes, at a steady rate."""

from __future__ import annotations

from context import Context, say
from report import Row

TITLE = "latency of single events through Engine::step at a fixed rate, one thread"
RATE, EVENTS = 200_000, 120_000


def measure(bench: Context) -> Row:
    """Every kind of stream, and a loop around nothing."""
    row = Row(
        "latency",
        TITLE,
        f"{EVENTS:,} events of each kind, the first quarter to warm up; scored, profile full. Due every "
        f"{1_000_000 / RATE:.0f} us whatever became of the ones before: from due to done, and in brackets from begun "
        "to done. A stream that is slower than the rate is ever later from due to done. `nothing` is the same loop "
        "around nothing.",
    )
    say("latency")
    rounds = [bench.example("step_latency", str(RATE), str(EVENTS)) for _ in range(bench.repeats)]
    for name in rounds[0]:
        for share in ("p50", "p99"):
            begun = sorted(float(each[name][f"step_{share}_us"]) for each in rounds)[len(rounds) // 2]
            values = [float(each[name][f"{share}_us"]) for each in rounds]
            row.figure(f"{name}, {share}", values, "us", f"({begun:.2f} us)", peer=name == "nothing")
    return row
