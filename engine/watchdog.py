"""Ends an engine whose painter makes no step for far longer than its steps take. A hung device cannot be cancelled.

The bot starts a new engine then and lends the jobs again, one at a time, so that the one to blame is found.
"""

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

TIMES = 30.0
"""A piece of work may take so many times its usual time, …"""
LEAST_SECONDS = 60.0
"""… and never less than this: the machine may be busy with something else."""
UNKNOWN_SECONDS = 1800.0
"""What was never measured: a model is loaded, compiled or (beside it) fetched."""
LOOK_SECONDS = 1.0
STATUS = 70
"""The exit status of an engine that was ended (EX_SOFTWARE of sysexits.h)."""


class Watchdog:
    """Of one painter. `bite` is called with a sentence when nothing of what was begun has ended for too long.

    A painter does one thing after the other, so whatever ends shows that it lives: what waits behind it has its time
    from then on. Times are those of `clock`.
    """

    def __init__(self, bite: Callable[[str], None] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._bite, self._clock = bite or _end, clock
        self._work: dict[object, tuple[float, str]] = {}
        self._since = self._last_look = clock()

    @contextmanager
    def watching(self, what: str, usual: float | None) -> Iterator[None]:
        """Work that usually takes `usual` seconds; None where nobody knows."""
        if not self._work:
            self._since = self._clock()
        mark = object()
        self._work[mark] = (UNKNOWN_SECONDS if usual is None else max(LEAST_SECONDS, TIMES * usual), what)
        try:
            yield
        finally:
            del self._work[mark]
            self._since = self._clock()

    def look(self) -> None:
        """Bite where the painter hangs. Time in which nobody could look (a laptop slept) does not count."""
        now = self._clock()
        self._since += max(0.0, now - self._last_look - 2 * LOOK_SECONDS)
        self._last_look = now
        work = list(self._work.values())
        if work:
            limit, what = max(work)
            if now - self._since > limit:
                self._bite(f"{what} has not ended after {limit:.0f} s")

    def run(self) -> None:
        """Look now and then, in a thread of its own: what hangs may hold up everything else."""
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            self.look()


def _end(what: str) -> None:
    """Say where every thread is, and end the process at once: nothing in it can be relied on any more."""
    log.critical("the painter hangs: %s. This engine ends; the bot starts another.", what)
    faulthandler.dump_traceback(sys.stderr)
    os._exit(STATUS)
