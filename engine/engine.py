"""The engine: take jobs, plan them, paint wave after wave, judge and report. It knows no HTTP and no torch."""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass

from engine import pieces
from engine.brush import Brush
from engine.comparing.comparisons import Comparisons
from engine.contract.comparison import Compare, EstimateComparison
from engine.contract.errors import TesseraError
from engine.contract.events import GridMade, GridPlanned, JobFailed, Progress
from engine.contract.grid import Plan
from engine.contract.orders import Job, MakeGrid
from engine.contract.scoring import ScorePicture
from engine.guest import Guest
from engine.metrics.grid_score import grid_score
from engine.news import News, fetching
from engine.pace import Pace
from engine.painter import Painted, Painter, PainterLost
from engine.planner import Planner
from engine.pool import Pool
from engine.report import Reporter
from engine.running import Running
from engine.scheduler import Scheduler
from engine.scoring import Scorings
from engine.setbacks import Setbacks
from engine.stocking import Stocking
from engine.trainings import Trainings
from engine.wave import Mix, Wave

log = logging.getLogger(__name__)

# An ended job that nobody acknowledged is kept this long.
KEPT_SECONDS = 3600.0
# How often a training looks whether the grid that is planned or judged has ended.
GLANCE_SECONDS = 0.05


@dataclass
class Counts:
    pictures: int = 0
    waves: int = 0
    failures: int = 0
    cut_ins: int = 0
    """Waves of short jobs, painted between two steps of another."""


class Engine:
    """`most` is how many pictures a wave holds at most: the fewest that keep a painter busy."""

    def __init__(
        self, planner: Planner, painters: Painter | Pool, most: int = 16, stocking: Stocking | None = None
    ) -> None:
        self.planner, self.most, self._stocking = planner, most, stocking
        self.pool = painters if isinstance(painters, Pool) else Pool(painters)
        self.jobs: dict[str, Running] = {}
        self.pace, self.counts = Pace(), Counts()
        self._scheduler = Scheduler(most, lambda mix, rows: self.pace.seconds([(mix, rows)]))
        self._brushes: dict[int, Brush] = {}
        self._news = News(self.jobs, self._brushes, self._scheduler, self.pool, self.pace)
        self._reporter = Reporter(self.pool)
        self._wake = asyncio.Event()
        self._resting: set[Painter] = set()
        self.guest = Guest(self.pool, planner.settings.training_share)
        self._trainings = Trainings(planner.settings, planner.profile, self.guest, self._wake.set)
        self._comparisons = Comparisons(planner, self, self.pace)
        self._scorings = Scorings(planner)
        self._tasks: set[asyncio.Task[None]] = set()
        self._reports: set[asyncio.Task[None]] = set()
        self.setbacks = Setbacks(self._scheduler, self.pool, self._reports, self._give_up, self._wake.set)

    @property
    def room(self) -> int:
        """How many pictures all painters together take at once."""
        return sum(self.pool.most(painter) or self.most for painter in self.pool.painters) or self.most

    def submit(self, job: Job) -> Running:
        """Take a job; one that is known already is not begun again."""
        self._forget_old()
        self._disturbed()
        if job.id not in self.jobs:
            running = self.jobs[job.id] = Running(job)
            self.guest.knock()
            self._spawn(self._begin(running))
        return self.jobs[job.id]

    def remove(self, job: str) -> None:
        """Cancel a job that is alive; forget one that has ended. A training that has begun saves its best epoch."""
        running = self.jobs[job]
        if not running.alive:
            self._forget(job)
            self._disturbed()
            return
        match running.job.work:
            case MakeGrid():
                self._scheduler.remove(job)
                running.tell(JobFailed(reason="cancelled", detail="The grid was cancelled."))
            case Compare() | EstimateComparison():
                self._comparisons.cancel(running)
            case ScorePicture():
                running.tell(JobFailed(reason="cancelled", detail="The picture was not scored."))
            case _:
                self._trainings.cancel(running)
        self._disturbed()

    async def run(self) -> None:
        """Paint for ever, with every painter that is here or comes."""
        async with asyncio.TaskGroup() as group:
            await self.pool.watch(lambda painter: group.create_task(self._work(painter)), self._wake.set)

    async def _begin(self, running: Running) -> None:
        match running.job.work:
            case MakeGrid():
                await self._prepare(running)
            case Compare() | EstimateComparison():
                await self._comparisons.begin(running)
            case ScorePicture() as order:
                await self._scorings.begin(running, order)
            case _:
                await self._trainings.begin(running)

    async def _work(self, painter: Painter) -> None:
        while painter in self.pool.painters:
            await self._turn(painter)

    async def _turn(self, painter: Painter) -> None:
        """One wave from beginning to end, or a piece of training; waits where there is nothing to do."""
        self._wake.clear()
        wave = None if self._leaves_it(painter) else self._scheduler.next(self.pool.most(painter))
        try:
            await (self._idle(painter) if wave is None else self._attempt(painter, wave))
        except PainterLost as error:
            if wave is None:
                self.pool.lose(painter)
            else:
                await self.setbacks.meet(painter, wave, error)

    async def _attempt(self, painter: Painter, wave: Wave, *, cuts_in: bool = False) -> None:
        """Paint a wave. Raises PainterLost; whatever else happens to it is met here."""
        try:
            await self._paint(painter, wave, cuts_in=cuts_in)
        except PainterLost:
            raise
        except Exception as error:  # noqa: BLE001 - logged there
            await self.setbacks.meet(painter, wave, error)

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
                async with asyncio.timeout(GLANCE_SECONDS):
                    await self._wake.wait()
            await self.guest.between(time.monotonic() - begun)

    async def _rest(self, painter: Painter) -> None:
        self._resting.add(painter)
        try:
            if self._stocking and not self.guest.waiting and not self._grids():
                await self._stocking.rest(painter, self._wake)
            else:
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
            plan = running.plan = job.plan or await self.planner.plan(order, fetching(running.tell), job.id)
            if not running.alive:
                return
            running.tell(GridPlanned(plan=plan))
            ahead = await asyncio.to_thread(pieces.painted_ahead, self.planner.stock, job.id, plan, running.judged)
            rows = pieces.rows(job.id, plan, {*running.judged, *ahead})
            self._scheduler.add(job.id, job.turn, Mix.of(plan.recipe), rows)
            running.tell(self._news.progress(running, "waiting"))
            self._wake.set()
            await self._reporter.report(running, list(ahead), [Painted(picture) for picture in ahead.values()])
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
            settings, profile, side = self.planner.settings, self.planner.profile, plan.recipe.size
            photos = await asyncio.to_thread(pieces.photos, settings, profile, cells, side)
            await self._reporter.report(running, [cell.cell for cell in cells], [Painted(photo) for photo in photos])

    async def _paint(self, painter: Painter, wave: Wave, *, cuts_in: bool) -> None:
        brush = Brush(painter, wave, self._alive, cuts_in=cuts_in)
        if not brush.rows:
            return
        self._brushes[wave.id] = brush
        try:
            self._news.loading(brush)
            await brush.begin(self.pace)
            while await brush.step():
                await self._between(brush)
        except BaseException:
            del self._brushes[wave.id]
            raise
        self._spawn(self._deliver(brush))
        # The painter is asked for these pictures before it is asked for anything else.
        await asyncio.sleep(0)

    async def _deliver(self, brush: Brush) -> None:
        """Decode and report, while the painter begins the next wave."""
        try:
            painted = await brush.finish()
        except Exception as error:  # noqa: BLE001 - logged there
            del self._brushes[brush.wave.id]
            await self.setbacks.meet(brush.painter, brush.wave, error)
            return
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
        if brush.share < 1 and not brush.cuts_in:
            await self._cut_in(brush)

    async def _cut_in(self, brush: Brush) -> None:
        """Short jobs go before the rest of a long wave, as far as the scheduler lets them."""
        while wave := self._scheduler.cut_in(Wave(brush.wave.id, brush.wave.mix, brush.rows), 1 - brush.share):
            self.counts.cut_ins += 1
            try:
                await self._attempt(brush.painter, wave, cuts_in=True)
            except PainterLost as error:
                await self.setbacks.meet(brush.painter, wave, error)
                raise
            brush.resume()

    def _alive(self, job: str) -> bool:
        return job in self.jobs and self.jobs[job].alive

    def _give_up(self, job: str, error: Exception) -> None:
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
            self._disturbed()

    def _fail(self, running: Running, error: Exception) -> None:
        self._scheduler.remove(running.job.id)
        self._disturbed()
        self.counts.failures += 1
        running.fail(error)

    def _forget_old(self) -> None:
        old = time.monotonic() - KEPT_SECONDS
        for job in [job for job, running in self.jobs.items() if running.ended_at and running.ended_at < old]:
            self._forget(job)

    def _forget(self, job: str) -> None:
        del self.jobs[job]
        if self.planner.stock:
            self.planner.stock.release(job)

    def _disturbed(self) -> None:
        """Something came or ended: it is not quiet, and who rests looks again."""
        if self._stocking:
            self._stocking.disturbed()
        self._wake.set()

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
