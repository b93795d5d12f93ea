"""One job inside the engine: what it has so far, its events, and who follows them."""

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import count

from engine.contract.errors import Reason, TesseraError
from engine.contract.events import ENDINGS, Event, GridMade, JobFailed, PicturePainted, Progress
from engine.contract.grid import GridScore, Judged, Plan
from engine.contract.orders import Job, MakeGrid
from engine.painter import Pixels
from engine.wave import Row

SILENCE = 10.0
"""Seconds after which `follow` breaks its silence, so that whoever listens knows that the stream is open."""
_NUMBERS = count(1)


class Running:
    """A job from order to ending. Whoever follows later is told all events again; `thumbs` are for previews, the last
    of which was told at `shown_at`.

    `number` differs from that of a job that was posted with the same id before.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.number = job, next(_NUMBERS)
        self.plan: Plan | None = job.plan
        self.judged: dict[str, Judged] = dict(job.have)
        self.pictures: dict[str, bytes] = {}
        self.thumbs: dict[str, Pixels] = {}
        self.progress: Progress | None = None
        self.shown_at = float("-inf")
        self.ended_at: float | None = None
        self.score: GridScore | None = None
        self._events: list[Event] = []
        self._let_go = False
        self._changed = asyncio.Event()

    @property
    def alive(self) -> bool:
        return self.ended_at is None

    @property
    def missing(self) -> int:
        """How many cells of the plan have not been judged yet."""
        return sum(cell.cell not in self.judged for cell in self.plan.cells) if self.plan else 0

    def tell(self, event: Event) -> None:
        """Tell everybody who follows. After the ending nothing more is told."""
        if not self.alive:
            return
        if isinstance(event, Progress):
            self.progress = event
        else:
            self._events.append(event)
        if isinstance(event, PicturePainted):
            self.judged[event.cell] = Judged.model_validate(event.model_dump())
        if isinstance(event, GridMade):
            self.score = event.score
        if isinstance(event, ENDINGS):
            self.ended_at = time.monotonic()
            self.thumbs.clear()
        self._wake()

    def let_go(self) -> None:
        """End every stream where it is: this process ends, and whoever follows asks again."""
        self._let_go = True
        self._wake()

    def fail(self, error: Exception, otherwise: Reason = "painting_failed") -> None:
        """Tell what ended it: a sentence that was meant for people, or where the trace is to be found."""
        if isinstance(error, TesseraError):
            self.tell(JobFailed(reason=error.reason, detail=str(error)))
            return
        detail = f"Something failed unexpectedly; the engine's log has it under job {self.job.id}."
        self.tell(JobFailed(reason=otherwise, detail=detail))

    async def follow(self) -> AsyncIterator[Event | None]:
        """All events from the first to the ending; of progress only the newest. None breaks a long silence."""
        index, progress = 0, None
        while True:
            while index < len(self._events):
                event = self._events[index]
                index += 1
                yield event
                if isinstance(event, ENDINGS):
                    return
            if self.progress is not progress:
                progress = self.progress
                yield progress
                continue
            if self._let_go:
                return
            try:
                # Not wait_for: in Python 3.11 it forgets a cancel that comes together with a change.
                async with asyncio.timeout(SILENCE):
                    await self._changed.wait()
            except TimeoutError:
                yield None

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Jobs(dict[str, Running]):
    """All jobs that an engine knows, by id, those that ended and were not acknowledged yet among them."""

    def alive(self, job: str) -> bool:
        return job in self and self[job].alive

    def want(self, row: Row) -> bool:
        """Whether the order that the row is of is alive; its id may have been posted again since."""
        return self.alive(row.job) and self[row.job].number == row.order

    def grids(self) -> bool:
        """Whether somebody waits for a grid."""
        return any(running.alive and isinstance(running.job.work, MakeGrid) for running in self.values())
