"""One exact search for neighbours, without anything around it."""

from __future__ import annotations

from context import Context, run_json, say
from peer_venv import SCRIPTS
from report import Figure, Row

TITLE = "time of one exact search for the nearest of 4 096 vectors of eight numbers, one thread"
QUERIES, PEER_QUERIES = 20_000, 2_000


def measure(bench: Context) -> Row:
    """Our kernel in every machine code that the processor has, beside FAISS and NumPy."""
    row = Row(
        "kernel",
        TITLE,
        f"Uniform vectors, {QUERIES:,} uniform queries one by one (peers: {PEER_QUERIES:,}), nothing known from the "
        "query before, no bound; the median of 20 parts. All kernels must find the same distances.",
    )
    say("kernel: ours")
    rounds = [bench.example("kernel_rate", str(QUERIES)) for _ in range(bench.repeats)]
    best = rounds[0]["kernel"]
    names = [name for name in ("avx512", "avx2", "scalar") if f"{name}_3_ns" in rounds[0]]
    ours: dict[int, Figure] = {}
    for k in (3, 64):
        if len({each[f"{name}_{k}_sum"] for each in rounds for name in names}) > 1:
            raise RuntimeError(f"the kernels differ at k = {k}")
        for name in names:
            figure = row.figure(f"k = {k}, {name}", [float(each[f"{name}_{k}_ns"]) for each in rounds], "ns/query")
            if name == best:
                ours[k] = figure
    for method, package in (("flat", "faiss-cpu"), ("numpy", "numpy")):
        if missing := bench.peers.install("numpy", package):
            row.missing.append(missing)
            continue
        say(f"kernel: {package}")
        for k, figure in ours.items():
            command = [str(bench.peers.python), str(SCRIPTS / "exact.py"), method, str(k), str(PEER_QUERIES)]
            values = [float(run_json(command)["ns"]) for _ in range(bench.repeats)]
            name = f"k = {k}, {package} {bench.peers.version(package)}"
            peer = row.figure(name, values, "ns/query", "IndexFlatL2" if method == "flat" else "", peer=True)
            row.ratio(f"k = {k}, {package} / ours", peer, figure)
    return row
