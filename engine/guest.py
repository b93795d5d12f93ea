"""Training as a guest of the painters, one piece of work at a time: whenever nobody waits for a grid, and for a small
share of the device's time where somebody does. The painters' loop calls it; it never runs by itself.
"""

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.contract.errors import OutOfMemory, TesseraError
from engine.contract.events import JobFailed, Progress
from engine.painter import Painter, PainterLost
from engine.pool import Pool
from engine.running import Running
from engine.training_run import OVER, TrainingRun, Work

log = logging.getLogger(__name__)

NO_ROOM = (
    "A training step does not fit into memory next to what is being painted. Train with a smaller batch or rank; with"
    " --resume it continues from the last epoch."
)
# How long a piece is believed to take before the first was measured.
UNKNOWN_SECONDS = 0.05


@dataclass
class _Visit:
    """A training that runs or waits, and the job that it is for."""

    running: Running
    training: TrainingRun


class Guest:
    """`share` is how much of the device's time training gets while grids are painted, 0 … 1."""

    def __init__(self, pool: Pool, share: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool, self._share, self._clock = pool, share, clock
        self._line: deque[_Visit] = deque()
        self._credit = 0.0
        self._piece_seconds = UNKNOWN_SECONDS
        self._knocked_at = math.inf
        self.seconds = 0.0
        """How much of the device's time all trainings took so far."""

    @property
    def waiting(self) -> bool:
        return bool(self._line)

    @property
    def host(self) -> Painter | None:
        """The painter that trains: the pool's first, so that all others are left to the grids."""
        return self._pool.painters[0] if self._pool.painters else None

    def invite(self, running: Running, work: Work) -> None:
        """Take a training; it begins when those before it have ended."""
        self._line.append(_Visit(running, TrainingRun(work)))
        if len(self._line) > 1:
            running.tell(Progress(done=0, total=1, phase="waiting"))

    def cancel(self, job: str) -> bool:
        """Whether there is such a training; the one that runs ends with its best epoch, one that waits just ends."""
        for visit in self._line:
            if visit.running.job.id == job:
                visit.training.cancel()
                if visit is not self._line[0]:
                    self._line.remove(visit)
                    visit.running.tell(JobFailed(reason="cancelled", detail="The training was cancelled."))
                return True
        return False

    async def between(self, seconds: float) -> None:
        """A step of a wave took `seconds`: train for as long as the share allows, which is mostly not at all.

        Less than a usual piece is saved up for the next call, so that no grid pays for a quiet minute before it.
        """
        if not self._line or self._share <= 0:
            return
        self._credit = min(self._credit + seconds * self._share / (1 - self._share), 2 * self._piece_seconds)
        while self._line and self._credit >= self._piece_seconds:
            self._credit -= await self._piece()

    async def alone(self) -> None:
        """Nobody waits for a grid: run a piece. The next grid begins with no time saved up."""
        self._credit, self._knocked_at = min(self._credit, 0.0), math.inf
        await self._piece()
        self._credit -= max(0.0, self._clock() - self._knocked_at)

    def knock(self) -> None:
        """Somebody orders something. How long they wait for the piece that runs counts as part of training's share."""
        self._knocked_at = min(self._knocked_at, self._clock())

    def close(self) -> None:
        """End everything; checkpoints stay."""
        while self._line:
            self._end(self._line[0], JobFailed(reason="cancelled", detail="The engine was stopped."))

    async def _piece(self) -> float:
        """Run one piece of the training that is first in line; returns the seconds that it took.

        Raises PainterLost where the host is gone; the training stays in line for the next.
        """
        visit = self._line[0]
        start = self._clock()
        try:
            event = await self._train(visit.training)
        except PainterLost:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a training fails with, no grid may fail with it
            self._end(visit, _failure(visit, error))
        else:
            if event is OVER:
                self._end(visit, None)
            elif event is not None:
                visit.running.tell(event)
                if not visit.running.alive:
                    self._end(visit, None)
        seconds = self._clock() - start
        self._piece_seconds += 0.1 * (seconds - self._piece_seconds)
        self.seconds += seconds
        return seconds

    async def _train(self, training: TrainingRun) -> Any:
        if self.host is None:
            raise PainterLost("Nobody is here to train.")
        return await self.host.train(training)

    def _end(self, visit: _Visit, failure: JobFailed | None) -> None:
        if visit in self._line:
            self._line.remove(visit)
        if failure:
            visit.running.tell(failure)


def _failure(visit: _Visit, error: Exception) -> JobFailed:
    job = visit.running.job.id
    if isinstance(error, OutOfMemory):
        return JobFailed(reason="training_failed", detail=NO_ROOM)
    if isinstance(error, TesseraError):
        return JobFailed(reason=error.reason, detail=str(error))
    log.error("training failed", exc_info=error, extra={"job": job})
    return JobFailed(
        reason="training_failed",
        detail=f"The training failed unexpectedly; the engine's log has it under job {job}.",
    )
