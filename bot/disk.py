"""What is done while the disk is full or failing: writes that nothing makes up for are tried until they succeed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")

# Seconds between the tries of something that can be given up, about a quarter of an hour; and of what cannot.
WAITS = (1.0, 2.0, 5.0, 10.0, *[30.0] * 30)
LONGEST_S = 30.0


class NotKept(OSError):
    """The database could not be written or read, because the disk under it is full or failing."""


async def seen_through(work: Awaitable[T]) -> T:
    """The result of work that is done in threads. A cancel waits for its end: the threads go on anyway, and only then
    is it known what they did."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


async def until_kept(write: Callable[[], Awaitable[T]]) -> T:
    """The result of a write that no other one makes up for, such as that a message was posted."""
    wait = 0.5
    while True:
        try:
            return await write()
        except NotKept as error:
            log.warning("the database cannot be written, next try in %s s: %s", wait, error)
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_S)
