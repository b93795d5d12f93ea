"""Comparisons and their estimates, from the order to the ending. What they need of the engine is handed to them."""

import asyncio
import contextlib
import logging

from engine.apart import apart
from engine.comparing.concluding import concluded
from engine.comparing.estimating import estimate
from engine.comparing.planning import planned
from engine.comparing.ruler import ruler
from engine.comparing.watching import Crew, Watching
from engine.contract.comparison import Compare, ComparisonPlanned, EstimateComparison
from engine.contract.errors import TesseraError
from engine.contract.events import JobFailed, Progress
from engine.fetching import as_progress
from engine.pace import Pace
from engine.planner import Planner
from engine.running import Running

log = logging.getLogger(__name__)

NO_PACKAGES = "This engine was installed without what a comparison needs. Install tessera[engine] and start it again."


class Comparisons:
    def __init__(self, planner: Planner, crew: Crew, pace: Pace) -> None:
        self._planner, self._crew, self._pace = planner, crew, pace
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, running: Running) -> None:
        """See it through; whatever fails is told as its ending."""
        order, job = running.job.work, running.job.id
        work = asyncio.create_task(self._work(running, order))
        self._tasks[job] = work
        try:
            await work
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            if running.alive:
                raise
        except ImportError:
            running.tell(JobFailed(reason="painting_failed", detail=NO_PACKAGES))
        except Exception as error:  # noqa: BLE001 - the one place where a comparison is answered
            _fail(running, error)
        finally:
            # The same id may have been posted again meanwhile.
            if self._tasks.get(job) is work:
                del self._tasks[job]

    def cancel(self, running: Running) -> None:
        running.tell(JobFailed(reason="cancelled", detail="The comparison was cancelled."))
        task = self._tasks.get(running.job.id)
        if task:
            task.cancel()

    async def _work(self, running: Running, order: object) -> None:
        if isinstance(order, EstimateComparison):
            running.tell(await asyncio.to_thread(estimate, order.comparison, self._planner, self._pace))
        elif isinstance(order, Compare):
            await self._compare(running, order)

    async def _compare(self, running: Running, order: Compare) -> None:
        tell = as_progress(running.tell)
        running.tell(Progress(done=0, total=1, phase="planning"))
        plan = running.job.comparison
        if plan is None:
            plan = await apart(planned, order, self._planner, tell)
        running.tell(ComparisonPlanned(plan=plan))
        running.tell(Progress(done=len(running.judged), total=len(plan.cells), phase="waiting"))
        measures = asyncio.create_task(apart(ruler, plan, self._planner, tell))
        try:
            await Watching(running, plan, self._crew, measures).run()
            running.tell(Progress(done=len(plan.cells), total=len(plan.cells), phase="judging"))
            running.tell(await asyncio.to_thread(concluded, plan, running.judged, await measures))
        finally:
            measures.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await measures


def _fail(running: Running, error: Exception) -> None:
    """A group's first failure is what the person reads."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, TesseraError):
        log.error("comparison failed", exc_info=error, extra={"job": running.job.id})
    running.fail(error)
