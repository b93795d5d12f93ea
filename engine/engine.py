"""The engine: take jobs, plan them, paint wave after wave, judge and report. It knows no HTTP and no torch."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine import fillers
from engine.contract.approaches import dress
from engine.contract.errors import OutOfMemory, TesseraError
from engine.contract.events import GridMade, GridPlanned, JobFailed, Progress
from engine.contract.grid import Plan, PlannedCell
from engine.contract.orders import Job, MakeGrid
from engine.guest import Guest
from engine.metrics.grid_score import grid_score
from engine.pace import Pace
from engine.painter import Painted, Painter, Pixels
from engine.planner import Planner
from engine.preview import preview, small
from engine.report import Reporter, pixels
from engine.running import Running
from engine.scheduler import Scheduler
from engine.trainings import Trainings
from engine.wave import Mix, Row, Wave

log = logging.getLogger(__name__)

# An ended job that nobody acknowledged is kept this long.
KEPT_SECONDS = 3600.0
PREVIEW_SECONDS, PROGRESS_SECONDS = 1.5, 0.2
# How often a training looks whether the grid that is planned or judged has ended.
GLANCE_SECONDS = 0.05


@dataclass
class Counts:
    pictures: int = 0
    waves: int = 0
    failures: int = 0


class Engine:
    """`most` is how many pictures a wave holds at most: the fewest that keep the device busy."""

    def __init__(self, planner: Planner, painter: Painter, most: int = 16) -> None:
        self.planner, self.painter, self.most = planner, painter, most
        self.jobs: dict[str, Running] = {}
        self.pace, self.counts = Pace(), Counts()
        self._scheduler = Scheduler(most)
        self._reporter = Reporter(painter)
        self._wake = asyncio.Event()
        self.guest = Guest(painter, planner.settings.training_share)
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
        """Paint for ever."""
        while True:
            await self.step()

    async def step(self) -> None:
        """One wave from beginning to end, or a piece of training; waits where there is nothing to do."""
        self._wake.clear()
        wave = self._scheduler.next()
        if wave is None:
            await self._idle()
            return
        try:
            await self._paint(wave)
        except OutOfMemory as error:
            await self._part(wave, error, too_large=True)
        except TesseraError as error:
            await self._part(wave, error, too_large=False)
        except Exception as error:
            log.exception("wave failed", extra={"jobs": sorted({row.job for row in wave.rows})})
            await self._part(wave, error, too_large=False)

    async def _idle(self) -> None:
        """Nothing is to be painted. Training takes the time, but little of it where a grid is planned or judged."""
        if not self.guest.waiting:
            await self._wake.wait()
        elif not any(running.alive and isinstance(running.job.work, MakeGrid) for running in self.jobs.values()):
            await self.guest.alone()
        else:
            begun = time.monotonic()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), GLANCE_SECONDS)
            await self.guest.between(time.monotonic() - begun)

    async def close(self) -> None:
        """Stop all tasks and the painter."""
        self.guest.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.painter.close()

    async def _prepare(self, running: Running) -> None:
        """From the order to rows in the scheduler."""
        job, order = running.job, running.job.grid
        try:
            running.tell(Progress(done=0, total=4 * order.blocks**2, phase="planning"))
            plan = running.plan = job.plan or await self.planner.plan(order, _fetching(running))
            if not running.alive:
                return
            running.tell(GridPlanned(plan=plan))
            self._scheduler.add(job.id, job.turn, _mix(plan), _rows(job.id, plan, running))
            running.tell(self._progress(running, 0.0, "waiting"))
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

    async def _paint(self, wave: Wave) -> None:
        rows = tuple(row for row in wave.rows if self._alive(row.job))
        if not rows:
            return
        self._tell_loading(rows)
        total = await self.painter.begin(Wave(wave.id, wave.mix, rows))
        clock = self.pace.begin()
        previewed = told = time.monotonic()
        for done in range(1, total + 1):
            rows = await self._thin(wave, rows)
            if not rows:
                return
            want = time.monotonic() - previewed > PREVIEW_SECONDS
            begun = time.monotonic()
            thumbs = await self.painter.step(wave.id, preview=want)
            await self.guest.between(time.monotonic() - begun)
            clock.step(wave.mix, len(rows))
            if thumbs is not None:
                previewed = time.monotonic()
            if thumbs is not None or time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                self._tell_progress(rows, done / total, thumbs)
        painted = await self.painter.finish(wave.id)
        self.counts.waves += 1
        self.counts.pictures += len(painted)
        report = self._spawn(self._report(rows, painted))
        self._reports.add(report)
        report.add_done_callback(self._reports.discard)

    async def _thin(self, wave: Wave, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        """The rows whose jobs are alive; the painter goes on with these only."""
        keep = [index for index, row in enumerate(rows) if self._alive(row.job)]
        if len(keep) == len(rows):
            return rows
        if keep:
            await self.painter.thin(wave.id, keep)
        else:
            await self.painter.drop(wave.id)
        return tuple(rows[index] for index in keep)

    def _alive(self, job: str) -> bool:
        return job in self.jobs and self.jobs[job].alive

    async def _part(self, wave: Wave, error: Exception, *, too_large: bool) -> None:
        """Paint a failed wave again in halves; a single row that fails ends its job."""
        await self.painter.drop(wave.id)
        if len(wave.rows) == 1:
            # What is finished is told before its job fails, so that nobody paints it again.
            await asyncio.gather(*self._reports, return_exceptions=True)
            job = wave.rows[0].job
            self._scheduler.remove(job)
            if self._alive(job):
                self._fail(self.jobs[job], error)
        elif too_large:
            self._scheduler.too_large(wave)
        else:
            self._scheduler.halve(wave)

    async def _report(self, rows: tuple[Row, ...], painted: list[Painted]) -> None:
        for job in dict.fromkeys(row.job for row in rows):
            if self._alive(job):
                running = self.jobs[job]
                mine = [(row.cell, picture) for row, picture in zip(rows, painted, strict=True) if row.job == job]
                try:
                    await self._reporter.report(running, [cell for cell, _ in mine], [picture for _, picture in mine])
                    self._end(running)
                except Exception as error:
                    log.exception("pictures could not be reported", extra={"job": job})
                    self._fail(running, error)

    def _end(self, running: Running) -> None:
        if running.plan and running.alive and not running.missing:
            running.tell(GridMade(score=grid_score(running.plan, running.judged)))

    def _fail(self, running: Running, error: Exception) -> None:
        self._scheduler.remove(running.job.id)
        self.counts.failures += 1
        if isinstance(error, TesseraError):
            running.tell(JobFailed(reason=error.reason, detail=str(error)))
        else:
            detail = f"Something failed that should not; the engine's log has it under job {running.job.id}."
            running.tell(JobFailed(reason="painting_failed", detail=detail))

    def _tell_loading(self, rows: tuple[Row, ...]) -> None:
        for job in {row.job for row in rows}:
            self.jobs[job].tell(self._progress(self.jobs[job], 0.0, "loading"))

    def _tell_progress(self, rows: tuple[Row, ...], share: float, thumbs: list[Pixels] | None) -> None:
        """Tell every job in the wave how far it is, and what it looks like where `thumbs` are there."""
        for job in {row.job for row in rows if self._alive(row.job)}:
            running = self.jobs[job]
            mine = [index for index, row in enumerate(rows) if row.job == job]
            progress = self._progress(running, share * len(mine), "painting", len(mine) * (1 - share), rows)
            if thumbs is not None and running.plan:
                shown = running.thumbs | {rows[index].cell: small(thumbs[index]) for index in mine}
                progress = progress.model_copy(update={"preview": preview(running.plan, shown)})
            running.tell(progress)
        for job, running in self.jobs.items():
            if running.alive and running.plan and not any(row.job == job for row in rows):
                running.tell(self._progress(running, 0.0, "waiting", len(rows) * (1 - share), rows))

    def _progress(
        self, running: Running, share: float, phase: str, left: float = 0.0, rows: tuple[Row, ...] = ()
    ) -> Progress:
        """`share` counts pictures half done, `left` those of the present wave still to come."""
        plan = running.plan
        ahead = self._scheduler.ahead(running.job.id)
        if plan and rows:
            ahead = [*ahead, (_mix(plan), left)]
        return Progress(
            done=len(running.judged) + share,
            total=len(plan.cells) if plan else 4 * running.job.grid.blocks**2,
            phase=phase,  # type: ignore[arg-type]
            eta_s=self.pace.seconds(ahead),
        )

    def _forget_old(self) -> None:
        old = time.monotonic() - KEPT_SECONDS
        for job in [job for job, running in self.jobs.items() if running.ended_at and running.ended_at < old]:
            del self.jobs[job]

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _fetching(running: Running) -> Callable[[int, int], None]:
    """What to tell of a download, from whatever thread it runs in."""
    loop = asyncio.get_running_loop()

    def tell(done: int, total: int) -> None:
        loop.call_soon_threadsafe(running.tell, Progress(done=done, total=total, phase="fetching"))

    return tell


def _mix(plan: Plan) -> Mix:
    recipe = plan.recipe
    return Mix(recipe.model, recipe.style, recipe.weight or 0.0, recipe.steps, recipe.guidance, recipe.quality)


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
