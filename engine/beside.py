"""Threads for what the processor does with pictures while the device paints: copies, inputs for judge and checker."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.painter import Pixels

T = TypeVar("T")
# Fewer pictures are not worth a thread of their own: PIL readies one of 512 pixels in 2.5 ms.
LEAST = 4


class Beside:
    """`hands` threads for the pictures of one wave, and one more for those of the next."""

    def __init__(self, hands: int) -> None:
        self._hands = hands
        self._pool = ThreadPoolExecutor(hands + 1, "beside")

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    async def spread(self, work: Callable[[Sequence[Pixels]], T], pictures: Sequence[Pixels]) -> list[T]:
        """`work` on the pictures, a part of them in each thread; what it returned for the parts, in order."""
        size = max(LEAST, -(-len(pictures) // self._hands))
        parts = [pictures[start : start + size] for start in range(0, len(pictures), size)]
        return await asyncio.gather(*(self.run(work, part) for part in parts))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
