"""What is done on the processor while the device paints: pictures on their way home, and readied for those who look."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.painter import Pixels

T = TypeVar("T")
# Fewer are not worth a thread of their own; PIL takes 2.5 ms to ready one of 512 pixels.
LEAST = 4


class Beside:
    """Threads: `hands` of them for the pictures of one wave, and one more for the next wave's."""

    def __init__(self, hands: int) -> None:
        self._hands = hands
        self._pool = ThreadPoolExecutor(hands + 1, "beside")

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    async def spread(self, work: Callable[[Sequence[Pixels]], T], pictures: Sequence[Pixels]) -> list[T]:
        """`work` of some pictures by each hand, in order."""
        size = max(LEAST, -(-len(pictures) // self._hands))
        parts = [pictures[start : start + size] for start in range(0, len(pictures), size)]
        return await asyncio.gather(*(self.run(work, part) for part in parts))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
