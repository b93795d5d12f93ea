"""How glibc keeps the memory of a process that lives long; another C library is left as it is."""

import ctypes
import sys

# As mallopt(3) numbers them.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGEST_KEPT, _MOST_KEPT = 32 << 20, 1 << 30
"""Bytes: 32 MiB is the most that glibc takes."""
_ARENAS, _LARGE = 2, 128 << 10


def keep_freed_memory() -> bool:
    """Freed memory is kept for what comes next, instead of being given back to the system after every operation.

    A step of a wave takes and frees tensors of a few megabytes by the hundred. As glibc begins, each of these is mapped
    and unmapped anew, and its pages are filled with zeros first: 350,000 page faults and a tenth of the time of a grid
    of 64. Takes the place of `keep_heap_small`'s threshold. Whether there is a C library that can be told so.
    """
    return _mallopt((_MMAP_THRESHOLD, _LARGEST_KEPT), (_TRIM_THRESHOLD, _MOST_KEPT))


def keep_heap_small() -> bool:
    """All threads take memory from the same two arenas, and large blocks never lie in them; called before any thread.

    As glibc begins, each thread of a pool gets an arena of its own, and once a large block was freed the next ones are
    put into it, so each arena grows to the largest sheet that was ever encoded there: memory seems to leak for hundreds
    of jobs. Whether there is a C library that can be told so.
    """
    return _mallopt((_ARENA_MAX, _ARENAS), (_MMAP_THRESHOLD, _LARGE))


def _mallopt(*settings: tuple[int, int]) -> bool:
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return bool(mallopt and all(mallopt(name, value) for name, value in settings))
