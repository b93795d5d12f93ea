"""Freed memory is kept for what comes next, instead of being given back to the system after every operation.

A step of a wave takes and frees tensors of a few megabytes by the hundred. As glibc begins, each of these is mapped and
unmapped anew, and its pages are filled with zeros first: 350,000 page faults and a tenth of the time of a grid of 64.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_KEPT, _MOST_KEPT = 32 << 20, 1 << 30
"""Bytes: 32 MiB is the most that glibc takes (mallopt(3))."""


def keep_freed_memory() -> bool:
    """For the whole process; whether there is a C library that can be told so."""
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return bool(mallopt and mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT) and mallopt(_TRIM_THRESHOLD, _MOST_KEPT))
