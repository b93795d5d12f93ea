"""An event loop whose clock moves only when everything waits: hours of sleeping engine in seconds, whatever the load.

Work in threads is waited for and takes no time; so what is measured is who waits for whom, and no machine.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from unittest.mock import patch

from engine import apart

T = TypeVar("T")
LOOK_SECONDS = 0.05
"""How long a thread is waited for at once, in real time."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on such a loop; `time.monotonic` is the loop's clock meanwhile."""
    loop = _Loop()
    try:
        with patch("time.monotonic", loop.time):
            return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.now, self.in_threads = time.monotonic(), 0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        self.in_threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._back)
        return future

    def _back(self, _: object) -> None:
        self.in_threads -= 1


class _Selector(selectors.DefaultSelector):
    """Where the loop would wait for its next timer, the clock jumps there instead."""

    def __init__(self, loop: _Loop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        # Looked at first: what ends after it has told the loop by then.
        working = bool(self._loop.in_threads) or apart.busy()
        events = super().select(0)
        if events or timeout == 0:
            return events
        if timeout is None or working:
            return super().select(timeout and min(timeout, LOOK_SECONDS))
        self._loop.now += timeout
        return events
