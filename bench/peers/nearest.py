"""Events per second of processor time: the distance to the nearest of 4096 remembered 8-D vectors, query before insert.

`nearest.py FILE numpy|ckdtree EVENTS` reads lines `name=value` and prints one JSON object. A vector is the value and
seven before it, four events apart; the mean distance to three neighbours is one of the four channels that the engine
computes. `numpy` scans all. `ckdtree` asks a tree that is rebuilt after every `REBUILD` events and scans what came
since.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

WINDOW, K, SPAN = 4096, 3, 28
REBUILD = 256

Vectors: TypeAlias = NDArray[np.float64]


def main() -> None:
    """Fills the window, then measures."""
    path, method, events = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with path.open() as file:
        lines = list(islice(file, WINDOW + SPAN + events))
    values = np.array([float(line.partition("=")[2]) for line in lines])
    vectors = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(values, SPAN + 1)[:, ::-4])
    start = time.process_time()
    checksum = (scan if method == "numpy" else ask_tree)(vectors)
    taken = len(vectors) - WINDOW
    print(json.dumps({"events": taken, "per_second": taken / (time.process_time() - start), "checksum": checksum}))


def nearest(memory: Vectors, vector: Vectors) -> Vectors:
    """Squared distances to the nearest."""
    apart = memory - vector
    squared = np.einsum("ij,ij->i", apart, apart)
    return np.partition(squared, K - 1)[:K] if len(squared) > K else squared


def scan(vectors: Vectors) -> float:
    """The sum of the mean distances, by scanning the whole memory for every event."""
    total = 0.0
    for index in range(WINDOW, len(vectors)):
        total += float(np.sqrt(nearest(vectors[index - WINDOW : index], vectors[index])).mean())
    return total


def ask_tree(vectors: Vectors) -> float:
    """The same by a tree. It is built over the window as it was and may hold up to `REBUILD` vectors too many."""
    total, built, tree = 0.0, 0, None
    for index in range(WINDOW, len(vectors)):
        if tree is None or index - built >= REBUILD:
            tree, built = cKDTree(vectors[index - WINDOW : index]), index
        squared = tree.query(vectors[index], k=K)[0] ** 2
        if built < index:
            squared = np.concatenate([squared, nearest(vectors[built:index], vectors[index])])
        total += float(np.sqrt(np.sort(squared)[:K]).mean())
    return total


main()
