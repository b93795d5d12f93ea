"""How often one platform's messages are edited: running jobs first, only the newest state, waiting ones rarely."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from bot.errors import DeliveryError, Gone, NoRights

log = logging.getLogger(__name__)

Edit = Callable[[], Awaitable[None]]

RUNNING_GAP_S = 2.0
WAITING_GAP_S = 15.0
AWAY_S = 5.0


@dataclass
class _Line:
    """One job's message: its newest state that is not shown yet."""

    edit: Edit | None = None
    running: bool = False
    last: float = -1e9
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    def due(self) -> float:
        return self.last + (RUNNING_GAP_S if self.running else WAITING_GAP_S)


class Edits:
    """The edits of all jobs on one platform, `per_minute` at most."""

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap = 60 / per_minute
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._closed_jobs: set[str] = set()
        self._free_at = -1e9
        self._news = asyncio.Event()
        self.count = 0

    def offer(self, job: str, edit: Edit, *, running: bool) -> None:
        """The newest state of this job's message; an older one that was not shown is forgotten."""
        if job in self._closed_jobs:
            return
        line = self._lines.setdefault(job, _Line())
        line.edit, line.running = edit, running
        self._news.set()

    async def hold(self, job: str) -> None:
        """No more edits for this job, and none is in flight when this returns: none delays what is posted next."""
        self._closed_jobs.add(job)
        line = self._lines.pop(job, None)
        if line:
            line.edit = None
            async with line.busy:
                pass

    def forget(self, job: str) -> None:
        self._closed_jobs.discard(job)

    def next(self, now: float) -> tuple[str | None, float]:
        """Whose message is edited now, or None and the seconds until something may be."""
        open_lines = [(name, line) for name, line in self._lines.items() if line.edit and not line.busy.locked()]
        if not open_lines:
            return None, float("inf")
        due = [(not line.running, line.last, name) for name, line in open_lines if line.due() <= now]
        if now < self._free_at or not due:
            return None, max(self._free_at, min(line.due() for _, line in open_lines)) - now
        return min(due)[2], 0.0

    async def run(self) -> None:
        """Edit until cancelled. An edit that the platform holds back is in the way of its own job alone."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._news.clear()
                job, wait = self.next(self._clock())
                if job:
                    tasks.create_task(self._show(job))
                    continue
                # Not wait_for: in Python 3.11 that one loses a cancellation that comes together with the event.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if wait == float("inf") else max(wait, 0.005)):
                        await self._news.wait()

    def _show(self, job: str) -> Coroutine[Any, Any, None]:
        """Take the job's newest state at once; what is returned shows it."""
        line = self._lines[job]
        edit, line.edit = line.edit, None
        now = self._clock()
        line.last, self._free_at = now, now + self._gap
        return self._edit(job, line, edit)  # type: ignore[arg-type]  # next() names only lines with an edit

    async def _edit(self, job: str, line: _Line, edit: Edit) -> None:
        async with line.busy:
            if self._lines.get(job) is not line:
                return
            try:
                await edit()
                self.count += 1
            except (Gone, NoRights):
                self._closed_jobs.add(job)
                self._lines.pop(job, None)
            except DeliveryError as error:
                # The next state comes soon; an old one is not worth a second try.
                log.info("an edit was dropped: %s", error, extra={"job": job})
                self._free_at = self._clock() + AWAY_S
        self._news.set()
