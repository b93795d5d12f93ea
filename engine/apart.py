"""Blocking work that may wait for a network, each piece in a thread of its own.

So it holds up no other work, and no end of the process: a cancel leaves the thread behind.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, NoReturn, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_under_way: set[Future[Any]] = set()


async def apart(work: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
    """The result of `work`. After a cancel nobody waits for it any more, but its thread goes on to the end."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()
    _under_way.add(future)

    def run() -> None:
        try:
            future.set_result(work(*arguments, **keywords))
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            future.set_exception(error)
        finally:
            _under_way.discard(future)

    Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(future)


def busy() -> bool:
    """Whether such work is under way. It counts until its result is handed to whoever awaits it."""
    return bool(_under_way)


def leave(status: int) -> NoReturn:
    """End the process; at once where such threads go on, under which Python cannot shut down in good order."""
    if _under_way:
        logging.shutdown()
        sys.stdout.flush()
        os._exit(status)
    sys.exit(status)
