"""Memory that was freed goes back to the system.

The allocator of glibc learns from the first large piece that is freed to keep pieces of that size, and what a flood of
requests has made it take stays with the process for good. The engine is a library here and cannot choose another
allocator for the process, as its own binary does; but what is learnt can be switched off.
"""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Parameters of mallopt(3)."""
LARGE = 64 * 1024
"""From this size on a piece is asked of the kernel by itself, and given back when it is freed; bytes."""
FREE_AT_THE_END = 1024 * 1024
"""More free memory than this at the end of the heap is given back; bytes."""
ARENAS = 2
"""Heaps of small pieces, which threads share."""


def give_back() -> None:
    """Sets the allocator of this process so; does nothing where it is not that of glibc. Before threads are started."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt") and hasattr(libc, "gnu_get_libc_version"):
        for parameter, value in ((M_MMAP_THRESHOLD, LARGE), (M_TRIM_THRESHOLD, FREE_AT_THE_END), (M_ARENA_MAX, ARENAS)):
            libc.mallopt(parameter, value)
