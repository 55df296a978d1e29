"""Records to many subscriptions, through the index and by trying every filter."""

from __future__ import annotations

from context import Context, say
from report import Row

TITLE = "time to find the subscriptions that want a record, one thread"
RECORDS = 200_000
SIZES = {1_000: 5_120, 10_000: 1_024, 100_000: 256}
"""How many subscriptions, and how many records the linear matcher gets."""


def measure(bench: Context) -> Row:
    """`Routes::deliver` at each size, with a linear matcher in the same process."""
    row = Row(
        "routing",
        TITLE,
        f"{RECORDS:,} records of many hosts in batches of 256, encoded right before; the median batch of five rounds. "
        "Subscriptions to metrics, groups, hosts, errors of a host, users, patterns, thresholds, and a few catch-alls. "
        "The linear matcher gets the first of the same records; both must find the same.",
    )
    for size, linear in SIZES.items():
        say(f"routing: {size:,} subscriptions")
        arguments = (str(size), str(RECORDS), str(linear))
        rounds = [bench.example("route_rate", *arguments) for _ in range(bench.repeats)]
        values = {key: [float(each[key]) for each in rounds] for key in ("deliver_ns", "flush_ns", "linear_ns")}
        note = f"{rounds[0]['matched_per_record']:.1f} of them match a record"
        ours = row.figure(f"{size:,} subscriptions, index", values["deliver_ns"], "ns/record", note)
        note = "to put the positions into the queues"
        row.figure(f"{size:,} subscriptions, handing over", values["flush_ns"], "ns/record", note)
        note = f"every filter in turn, {linear:,} records"
        peer = row.figure(f"{size:,} subscriptions, linear", values["linear_ns"], "ns/record", note, peer=True)
        row.ratio(f"{size:,} subscriptions, linear / index", peer, ours)
    return row
