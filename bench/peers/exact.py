"""Nanoseconds of one exact search among 4096 uniform vectors of eight numbers: `exact.py flat|numpy K QUERIES`.

`flat` is FAISS's IndexFlatL2 on one thread; `numpy` computes all distances and partitions them. Queries come one by
one, as events do. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
import numpy as np

VECTORS, DIMS, PARTS = 4096, 8, 20

method, k, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = np.random.default_rng(1)
vectors = chance.random((VECTORS, DIMS), dtype=np.float32)
queries = chance.random((count, 1, DIMS), dtype=np.float32)
search: Callable[[Any], Any]
if method == "flat":
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatL2(DIMS)
    index.add(vectors)

    def search(query: Any) -> Any:
        """The `k` nearest."""
        return index.search(query, k)

else:

    def search(query: Any) -> Any:
        """The `k` nearest."""
        apart = vectors - query
        squared = np.einsum("ij,ij->i", apart, apart)
        return np.sort(np.partition(squared, k - 1)[:k])


parts = []
for part in np.array_split(queries, PARTS):
    start = time.perf_counter()
    for query in part:
        search(query)
    parts.append((time.perf_counter() - start) / len(part))
print(json.dumps({"ns": float(np.median(parts)) * 1e9}))
