"""Who is told of a download: a function that takes bytes (done, total), called from the thread that fetches."""

import asyncio
from collections.abc import Callable

from engine.contract.events import Progress

OnBytes = Callable[[int, int], None]
"""Called with the bytes that are here and those that there are in all, as far as they are known."""


def unwatched(_done: int, _total: int) -> None:
    """Nobody watches this download."""


def as_progress(tell: Callable[[Progress], object]) -> OnBytes:
    """`tell` gets the bytes as events of the phase “fetching”, in the event loop that runs now."""
    loop = asyncio.get_running_loop()

    def report(done: int, total: int) -> None:
        loop.call_soon_threadsafe(tell, Progress(done=done, total=total, phase="fetching"))

    return report
