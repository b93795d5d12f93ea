"""Rows spread over the processor's cores, each core with rows of its own.

PyTorch spreads every single operation instead and waits for the slowest core after each: thousands of times a picture.
That costs little on an idle machine and nearly everything on one where anybody else works.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Barrier
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


def spread(work: Callable[..., T], *rows: Tensor, device: torch.device) -> list[T]:
    """`work(index, *part)` for every part of `rows` (tensors of equal length), in order.

    All of it as it is on a GPU, with a single thread, and where rows would keep fewer than half of the cores busy.
    """
    threads = torch.get_num_threads()
    busy = min(threads, len(rows[0]))
    if device.type != "cpu" or threads == 1 or 2 * busy < threads:
        return [work(0, *rows)]
    parts = zip(*(tensor.tensor_split(busy) for tensor in rows), strict=True)
    return list(_pool(threads).map(lambda part: _without_gradients(work, *part), enumerate(parts)))


def alone(work: Callable[[], T], device: torch.device) -> T:
    """`work()` on one core: for what is so little that waiting for the other cores would take longer than the work.

    PyTorch's threads wait by spinning: two took 90 to 535 ms for a training step of the embedded model, and up to 24 s
    where others worked on the machine as well; one took 86 ms.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or threads == 1:
        return work()
    return _pool(threads).submit(work).result()


def _without_gradients(work: Callable[..., T], index: int, part: Sequence[Tensor]) -> T:
    # The mode is a thread's own, so the caller's does not reach here.
    with torch.inference_mode():
        return work(index, *part)


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    """As many threads as cores, each of which PyTorch uses alone."""
    pool, barrier = ThreadPoolExecutor(threads, "rows"), Barrier(threads)

    def alone() -> None:
        torch.get_num_threads()  # a thread's first use of PyTorch sets its number, and must not do so later
        torch.set_num_threads(1)
        barrier.wait()

    for task in [pool.submit(alone) for _ in range(threads)]:
        task.result()
    # The number is also the default of threads to come, which are not ours to slow down.
    torch.set_num_threads(threads)
    return pool
