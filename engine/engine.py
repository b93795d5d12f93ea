"""The engine: take jobs, plan them, paint wave after wave, judge and report. It knows no HTTP and no torch."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine import fillers
from engine.brush import Brush
from engine.contract.approaches import dress
from engine.contract.errors import OutOfMemory, PaintingFailed, TesseraError
from engine.contract.events import GridMade, GridPlanned, JobFailed, Progress
from engine.contract.grid import Plan, PlannedCell
from engine.contract.orders import Job, MakeGrid
from engine.guest import Guest
from engine.metrics.grid_score import grid_score
from engine.news import News, fetching
from engine.pace import Pace
from engine.painter import Painted, Painter, PainterLost, Pixels
from engine.planner import Planner
from engine.pool import Pool
from engine.report import Reporter, pixels
from engine.running import Running
from engine.scheduler import Scheduler
from engine.trainings import Trainings
from engine.wave import Mix, Row, Wave

log = logging.getLogger(__name__)

# An ended job that nobody acknowledged is kept this long.
KEPT_SECONDS = 3600.0
# How often a training looks whether the grid that is planned or judged has ended.
GLANCE_SECONDS = 0.05
UNLUCKY = "Painters were lost again and again while they painted this picture, so it was given up."


@dataclass
class Counts:
    pictures: int = 0
    waves: int = 0
    failures: int = 0
    lost: int = 0
    """Painters that went while they painted."""


class Engine:
    """`most` is how many pictures a wave holds at most: the fewest that keep a painter busy."""

    def __init__(self, planner: Planner, painters: Painter | Pool, most: int = 16) -> None:
        self.planner, self.most = planner, most
        self.pool = painters if isinstance(painters, Pool) else Pool(painters)
        self.jobs: dict[str, Running] = {}
        self.pace, self.counts = Pace(), Counts()
        self._scheduler = Scheduler(most)
        self._brushes: dict[int, Brush] = {}
        self._news = News(self.jobs, self._brushes, self._scheduler, self.pool, self.pace)
        self._reporter = Reporter(self.pool)
        self._wake = asyncio.Event()
        self._resting: set[Painter] = set()
        self.guest = Guest(self.pool, planner.settings.training_share)
        self._trainings = Trainings(planner.settings, planner.profile, self.guest, self._wake.set)
        self._tasks: set[asyncio.Task[None]] = set()
        self._reports: set[asyncio.Task[None]] = set()

    def submit(self, job: Job) -> Running:
        """Take a job; one that is known already is not begun again."""
        self._forget_old()
        if job.id not in self.jobs:
            running = self.jobs[job.id] = Running(job)
            grid = isinstance(job.work, MakeGrid)
            self._spawn(self._prepare(running) if grid else self._trainings.begin(running))
        return self.jobs[job.id]

    def remove(self, job: str) -> None:
        """Cancel a job that is alive; forget one that has ended. A training that has begun saves its best epoch."""
        running = self.jobs[job]
        if running.alive and not isinstance(running.job.work, MakeGrid):
            self._trainings.cancel(running)
        elif running.alive:
            self._scheduler.remove(job)
            running.tell(JobFailed(reason="cancelled", detail="The grid was cancelled."))
        else:
            del self.jobs[job]

    async def run(self) -> None:
        """Paint for ever, with every painter that is here or comes."""
        async with asyncio.TaskGroup() as group:
            await self.pool.watch(lambda painter: group.create_task(self._work(painter)), self._wake.set)

    async def _work(self, painter: Painter) -> None:
        while painter in self.pool.painters:
            await self._turn(painter)

    async def _turn(self, painter: Painter) -> None:
        """One wave from beginning to end, or a piece of training; waits where there is nothing to do."""
        self._wake.clear()
        wave = None if self._leaves_it(painter) else self._scheduler.next()
        try:
            await (self._idle(painter) if wave is None else self._attempt(painter, wave))
        except PainterLost:
            await self._lost(painter, wave)

    async def _attempt(self, painter: Painter, wave: Wave) -> None:
        """Paint a wave; one that fails is painted again in parts."""
        try:
            await self._paint(painter, wave)
        except PainterLost:
            raise
        except OutOfMemory as error:
            await self._part(painter, wave, error, too_large=True)
        except TesseraError as error:
            await self._part(painter, wave, error, too_large=False)
        except Exception as error:
            log.exception("wave failed", extra={"jobs": sorted({row.job for row in wave.rows})})
            await self._part(painter, wave, error, too_large=False)

    def _leaves_it(self, painter: Painter) -> bool:
        """The painter that trains lets the others take what there is, as long as one of them rests."""
        return self.guest.waiting and painter is self.guest.host and bool(self._resting - {painter})

    async def _idle(self, painter: Painter) -> None:
        """Nothing is to be painted. Training takes the time, but little of it where a grid is planned or judged."""
        if not self.guest.waiting or painter is not self.guest.host:
            await self._rest(painter)
        elif len(self.pool.painters) > 1 or not self._grids():
            await self.guest.alone()
        else:
            begun = time.monotonic()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), GLANCE_SECONDS)
            await self.guest.between(time.monotonic() - begun)

    async def _rest(self, painter: Painter) -> None:
        self._resting.add(painter)
        try:
            await self._wake.wait()
        finally:
            self._resting.discard(painter)

    def _grids(self) -> bool:
        return any(running.alive and isinstance(running.job.work, MakeGrid) for running in self.jobs.values())

    async def close(self) -> None:
        """Stop all tasks and the painter."""
        self.guest.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.pool.close()

    async def _prepare(self, running: Running) -> None:
        """From the order to rows in the scheduler."""
        job, order = running.job, running.job.grid
        try:
            running.tell(Progress(done=0, total=4 * order.blocks**2, phase="planning"))
            plan = running.plan = job.plan or await self.planner.plan(order, fetching(running.tell))
            if not running.alive:
                return
            running.tell(GridPlanned(plan=plan))
            self._scheduler.add(job.id, job.turn, Mix.of(plan.recipe), _rows(job.id, plan, running))
            running.tell(self._news.progress(running, "waiting"))
            self._wake.set()
            await self._take_photos(running, plan)
            self._end(running)
        except TesseraError as error:
            self._fail(running, error)
        except Exception as error:
            log.exception("job failed while it was prepared", extra={"job": job.id})
            self._fail(running, error)

    async def _take_photos(self, running: Running, plan: Plan) -> None:
        cells = [cell for cell in plan.cells if cell.photo and cell.cell not in running.judged]
        if cells:
            photos = await asyncio.to_thread(self._photos, cells, plan)
            await self._reporter.report(running, [cell.cell for cell in cells], [Painted(photo) for photo in photos])

    def _photos(self, cells: Sequence[PlannedCell], plan: Plan) -> list[Pixels]:
        source = fillers.photo_source(cells[0].source, self.planner.settings, self.planner.profile)
        return [pixels(source.open(str(cell.photo)), plan.recipe.size) for cell in cells]

    async def _paint(self, painter: Painter, wave: Wave) -> None:
        brush = Brush(painter, wave, self._alive)
        if not brush.rows:
            return
        self._brushes[wave.id] = brush
        try:
            self._news.loading(brush)
            await brush.begin(self.pace)
            while await brush.step():
                await self._between(brush)
            painted = await brush.finish()
        except BaseException:
            del self._brushes[wave.id]
            raise
        self.counts.waves += bool(painted)
        self.counts.pictures += len(painted)
        report = self._spawn(self._report(brush, painted))
        self._reports.add(report)
        report.add_done_callback(self._reports.discard)

    async def _between(self, brush: Brush) -> None:
        """Between two steps of a wave."""
        if brush.painter is self.guest.host:
            await self.guest.between(brush.took)
        brush.learn()
        self._news.painting(brush)

    def _alive(self, job: str) -> bool:
        return job in self.jobs and self.jobs[job].alive

    async def _lost(self, painter: Painter, wave: Wave | None) -> None:
        """Somebody else paints what a lost painter had begun."""
        if wave is None:
            self.pool.lose(painter)
            return
        self.counts.lost += 1
        log.warning("painter lost", extra={"jobs": sorted({row.job for row in wave.rows})})
        given_up = not self._scheduler.lost(wave)
        self.pool.lose(painter)
        if given_up:
            await self._give_up(wave, PaintingFailed(UNLUCKY))

    async def _part(self, painter: Painter, wave: Wave, error: Exception, *, too_large: bool) -> None:
        """Paint a failed wave again in halves; a single row that fails ends its job."""
        with contextlib.suppress(PainterLost):
            await painter.drop(wave.id)
        if len(wave.rows) == 1:
            await self._give_up(wave, error)
        elif too_large:
            self._scheduler.too_large(wave)
        else:
            self._scheduler.halve(wave)
        self._wake.set()

    async def _give_up(self, wave: Wave, error: Exception) -> None:
        """End the job of a wave's only row. What is finished is told before, so that nobody paints it again."""
        await asyncio.gather(*self._reports, return_exceptions=True)
        job = wave.rows[0].job
        self._scheduler.remove(job)
        if self._alive(job):
            self._fail(self.jobs[job], error)

    async def _report(self, brush: Brush, painted: list[Painted]) -> None:
        rows = brush.rows
        for job in dict.fromkeys(row.job for row in rows):
            if self._alive(job):
                running = self.jobs[job]
                mine = [(row.cell, picture) for row, picture in zip(rows, painted, strict=True) if row.job == job]
                try:
                    cells, pictures = [cell for cell, _ in mine], [picture for _, picture in mine]
                    await self._reporter.report(running, cells, pictures, brush.painter)
                    self._end(running)
                except Exception as error:
                    log.exception("pictures could not be reported", extra={"job": job})
                    self._fail(running, error)
        del self._brushes[brush.wave.id]

    def _end(self, running: Running) -> None:
        if running.plan and running.alive and not running.missing:
            self._scheduler.remove(running.job.id)
            running.tell(GridMade(score=grid_score(running.plan, running.judged)))

    def _fail(self, running: Running, error: Exception) -> None:
        self._scheduler.remove(running.job.id)
        self.counts.failures += 1
        if isinstance(error, TesseraError):
            running.tell(JobFailed(reason=error.reason, detail=str(error)))
        else:
            detail = f"Something failed that should not; the engine's log has it under job {running.job.id}."
            running.tell(JobFailed(reason="painting_failed", detail=detail))

    def _forget_old(self) -> None:
        old = time.monotonic() - KEPT_SECONDS
        for job in [job for job, running in self.jobs.items() if running.ended_at and running.ended_at < old]:
            del self.jobs[job]

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _rows(job: str, plan: Plan, running: Running) -> list[Row]:
    """What is still to be painted, the prompt's pictures first."""
    recipe = plan.recipe
    cells = [cell for cell in plan.cells if cell.seed is not None and cell.cell not in running.judged]
    cells.sort(key=lambda cell: not cell.unique)
    return [
        Row(
            job=job,
            cell=cell.cell,
            prompt=recipe.dressed_prompt if cell.unique else dress(cell.prompt or "", None, recipe.words),
            negative=recipe.negative or "",
            seed=cell.seed or 0,
        )
        for cell in cells
    ]
