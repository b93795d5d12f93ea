"""The engine: take jobs, plan them, paint wave after wave, judge and report. It knows no HTTP and no torch."""

import asyncio
import logging
import time

from engine import planned_cells
from engine.comparing.comparisons import Comparisons
from engine.contract.comparison import Compare, EstimateComparison
from engine.contract.errors import TesseraError
from engine.contract.events import GridMade, GridPlanned, JobFailed, Progress
from engine.contract.grid import Plan
from engine.contract.orders import Job, MakeGrid
from engine.contract.scoring import ScorePicture
from engine.fetching import as_progress
from engine.finishing import Finishing
from engine.guest import Guest
from engine.metrics.grid_score import grid_score
from engine.news import News
from engine.pace import Pace
from engine.painter import Painted, Painter
from engine.painter_loop import PainterLoop
from engine.planner import Planner
from engine.pool import Pool
from engine.report import Reporter
from engine.running import Jobs, Running
from engine.scheduler import Scheduler
from engine.scoring import Scorings
from engine.setbacks import Setbacks
from engine.stocking import Stocking
from engine.studio import Studio
from engine.trainings import Trainings
from engine.wave import Mix, Row

log = logging.getLogger(__name__)

# An ended job that nobody acknowledged is kept this long.
KEPT_SECONDS = 3600.0


class Engine:
    """`most` is how many pictures a wave holds at most, where a painter does not say it for itself; `later`, a job's
    waves after its first, where they are larger."""

    def __init__(
        self,
        planner: Planner,
        painters: Painter | Pool,
        most: int = 16,
        stocking: Stocking | None = None,
        *,
        later: int | None = None,
    ) -> None:
        self.planner, self.most, self._stocking = planner, most, stocking
        self.pool = painters if isinstance(painters, Pool) else Pool(painters)
        self.jobs, self.pace = Jobs(), Pace()
        scheduler = Scheduler(most, lambda mix, rows: self.pace.seconds([(mix, rows)]), self.pace.change, later=later)
        studio = self._studio = Studio(self.pool, self.jobs, self.pace, scheduler)
        self.counts, self._tasks, self._scheduler = studio.counts, studio.tasks, scheduler
        self._news = News(studio)
        self._reporter = Reporter(self.pool)
        self.guest = Guest(self.pool, planner.settings.training_share)
        self.setbacks = Setbacks(studio, self._give_up)
        finishing = Finishing(studio, self._news, self._reporter, self.setbacks, self._end, self._fail)
        self._loop = PainterLoop(studio, self._news, self.guest, self.setbacks, finishing.begin, stocking)
        self._trainings = Trainings(planner.settings, planner.profile, self.guest, studio.wake.set)
        self._comparisons = Comparisons(planner, self, self.pace)
        self._scorings = Scorings(planner)

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
            self._tasks.spawn(self._begin(running))
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
        await self._loop.run()

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

    def let_go(self) -> None:
        """End the streams of all who follow a job."""
        for running in self.jobs.values():
            running.let_go()

    async def close(self) -> None:
        """Stop all tasks and the painter."""
        self.guest.close()
        if self._stocking:
            self._stocking.close()
        await self._tasks.close()
        await self.pool.close()

    async def _prepare(self, running: Running) -> None:
        """From the order to rows in the scheduler."""
        job, order = running.job, running.job.grid
        try:
            running.tell(Progress(done=0, total=4 * order.blocks**2, phase="planning"))
            plan = running.plan = job.plan or await self.planner.plan(order, as_progress(running.tell), job.id)
            running.tell(GridPlanned(plan=plan))
            stock = self.planner.stock
            pictures = await asyncio.to_thread(planned_cells.painted_ahead, stock, job.id, plan, running.judged)
            if not running.alive:
                return
            rows = planned_cells.rows(running, plan, {*running.judged, *pictures})
            self._scheduler.add(job.id, job.turn, Mix.of(plan.recipe), rows)
            running.tell(self._news.progress(running, "waiting"))
            self._studio.wake.set()
            await self._reporter.report(running, list(pictures), [Painted(picture) for picture in pictures.values()])
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
            photos = await asyncio.to_thread(planned_cells.photos, settings, profile, cells, side)
            await self._reporter.report(running, [cell.cell for cell in cells], [Painted(photo) for photo in photos])

    def _give_up(self, row: Row, error: Exception) -> None:
        if self.jobs.want(row):
            self._fail(self.jobs[row.job], error)
        elif not self.jobs.alive(row.job):
            self._scheduler.remove(row.job)

    def _end(self, running: Running) -> None:
        if running.plan and running.alive and not running.missing:
            self._scheduler.remove(running.job.id)
            running.tell(GridMade(score=grid_score(running.plan, running.judged)))
            self._disturbed()

    def _fail(self, running: Running, error: Exception) -> None:
        if not running.alive:
            return
        self._scheduler.remove(running.job.id)
        self._disturbed()
        self.counts.failures += 1
        running.fail(error)

    def _forget_old(self) -> None:
        oldest = time.monotonic() - KEPT_SECONDS
        for job in [job for job, running in self.jobs.items() if running.ended_at and running.ended_at < oldest]:
            self._forget(job)

    def _forget(self, job: str) -> None:
        del self.jobs[job]
        if self.planner.stock:
            self.planner.stock.release(job)

    def _disturbed(self) -> None:
        """A job came or ended: nothing is painted ahead for a while, and painters that rest look for work again."""
        if self._stocking:
            self._stocking.disturbed()
        self._studio.wake.set()
