"""Work that may wait for a network, each piece in a thread of its own: neither other work nor the end waits for it."""

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


async def apart(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What `work` comes to. A cancel lets go of it; its thread goes on until the work ends by itself."""
    found: Future[T] = Future()
    found.set_running_or_notify_cancel()
    _under_way.add(found)

    def run() -> None:
        try:
            found.set_result(work(*arguments, **named))
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            found.set_exception(error)
        finally:
            _under_way.discard(found)

    Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(found)


def busy() -> bool:
    """Whether such work is under way; not before whoever awaits it is told of its end."""
    return bool(_under_way)


def leave(status: int) -> NoReturn:
    """End the process. Under threads that go on, the interpreter cannot be taken down in good order."""
    if _under_way:
        logging.shutdown()
        sys.stdout.flush()
        os._exit(status)
    sys.exit(status)
