"""How far the grids are: told to whoever follows them, with a preview now and then and how long it may still take."""

import asyncio
import time
from collections.abc import Callable

from engine.brush import Brush
from engine.contract.events import Progress
from engine.contract.orders import MakeGrid
from engine.preview import preview
from engine.running import Running
from engine.studio import Studio
from engine.wave import Mix, Row

PROGRESS_SECONDS = 0.2


class News:
    """Reads the studio's jobs, its line and the waves under way; changes none of them."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._told = 0.0

    def loading(self, brush: Brush) -> None:
        """A wave begins; its model may have to be loaded first."""
        for job in brush.jobs:
            self._studio.jobs[job].tell(self.progress(self._studio.jobs[job], "loading"))

    def painting(self, brush: Brush) -> None:
        """A step was made. The wave's jobs are told at once where there is something to see, all jobs now and then."""
        now = time.monotonic()
        if not brush.fresh and now - self._told <= PROGRESS_SECONDS:
            return
        self._told = now
        painted = {job for other in self._studio.brushes.values() for job in other.jobs}
        for job, running in self._studio.jobs.items():
            if not running.alive or not running.plan or not isinstance(running.job.work, MakeGrid):
                continue
            progress = self.progress(running, "painting" if job in painted else "waiting")
            if brush.fresh and job in brush.jobs:
                progress = progress.model_copy(update={"preview": self._preview(running)})
            running.tell(progress)

    def progress(self, running: Running, phase: str) -> Progress:
        """Pictures that are half done count by halves."""
        job, plan = running.job.id, running.plan
        half = [brush.share for brush in self._studio.brushes.values() for row in brush.rows if _open(row, running)]
        return Progress(
            done=len(running.judged) + sum(half),
            total=len(plan.cells) if plan else 4 * running.job.grid.blocks**2,
            phase=phase,  # type: ignore[arg-type]
            eta_s=self._seconds(job),
        )

    def _seconds(self, job: str) -> float | None:
        """Until the job's last row is painted; None where nobody paints or nothing was measured yet."""
        waiting, painters = self._studio.scheduler.ahead(job), len(self._studio.pool.painters)
        own = {number: brush for number, brush in self._studio.brushes.items() if job in brush.jobs}
        if not painters:
            return None
        if waiting or not own:
            alone = self._studio.pace.seconds([*waiting, *map(_left, self._studio.brushes.values())])
            return None if alone is None else alone / painters
        each = [self._studio.pace.seconds([_left(brush)]) for brush in own.values()]
        return None if None in each else max(seconds for seconds in each if seconds is not None)

    def _preview(self, running: Running) -> str | None:
        job = running.job.id
        promised = {
            row.cell: thumb
            for brush in self._studio.brushes.values()
            for row, thumb in brush.thumbs.items()
            if row.job == job
        }
        return preview(running.plan, promised | running.thumbs) if running.plan else None


def _open(row: Row, running: Running) -> bool:
    return row.job == running.job.id and row.cell not in running.judged


def _left(brush: Brush) -> tuple[Mix, float]:
    return brush.wave.mix, len(brush.rows) * (1 - brush.share)


def fetching(tell: Callable[[Progress], object]) -> Callable[[int, int], None]:
    """What to tell of a download, from whatever thread it runs in."""
    loop = asyncio.get_running_loop()

    def told(done: int, total: int) -> None:
        loop.call_soon_threadsafe(tell, Progress(done=done, total=total, phase="fetching"))

    return told
