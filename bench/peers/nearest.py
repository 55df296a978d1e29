"""Events per second of processor time: the distance to the nearest of 4096 remembered 8-D vectors, query before insert.

`nearest.py FILE numpy|ckdtree|hnsw|trees EVENTS` reads lines `name=value` and prints one JSON object. A vector is the
value and seven before it, four events apart; the mean distance to three neighbours is one of the four channels that the
engine computes. `numpy` scans all. `ckdtree` asks a tree that is rebuilt after every `REBUILD` events and scans what
came since. `hnsw` asks a graph of hnswlib, takes the oldest vector out and the new one in. `trees` scores and learns by
the half-space trees of river, 25 of depth 15 over the same window, after scaling to the range of the first window.
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
    checksum = {"numpy": scan, "ckdtree": ask_tree, "hnsw": ask_graph, "trees": ask_half_spaces}[method](vectors)
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


def ask_graph(vectors: Vectors) -> float:
    """The same by a graph, which is approximate."""
    import hnswlib

    graph = hnswlib.Index(space="l2", dim=vectors.shape[1])
    graph.init_index(max_elements=WINDOW + 1, ef_construction=100, M=16, allow_replace_deleted=True)
    graph.set_num_threads(1)
    graph.add_items(vectors[:WINDOW], np.arange(WINDOW))
    total = 0.0
    for index in range(WINDOW, len(vectors)):
        total += float(np.sqrt(graph.knn_query(vectors[index], k=K)[1]).mean())
        graph.mark_deleted(index - WINDOW)
        graph.add_items(vectors[index : index + 1], [index], replace_deleted=True)
    return total


def ask_half_spaces(vectors: Vectors) -> float:
    """The sum of the anomaly scores."""
    from river.anomaly import HalfSpaceTrees

    low, high = vectors[:WINDOW].min(axis=0), vectors[:WINDOW].max(axis=0)
    scaled = np.clip((vectors - low) / (high - low), 0.0, 1.0)
    trees = HalfSpaceTrees(n_trees=25, height=15, window_size=WINDOW, seed=1)
    total = 0.0
    for index in range(WINDOW, len(scaled)):
        features = dict(enumerate(scaled[index].tolist()))
        total += trees.score_one(features)
        trees.learn_one(features)
    return total


main()
