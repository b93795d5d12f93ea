"""The progress of all grids, told to whoever follows them: with the time left and, now and then, a preview."""

import time

from engine.contract.events import GridPhase, Progress
from engine.contract.orders import MakeGrid
from engine.preview import preview
from engine.running import Running
from engine.running_wave import PREVIEW_SECONDS, RunningWave
from engine.studio import Studio
from engine.wave import Mix, Row

PROGRESS_SECONDS = 0.2


class News:
    """Reads the studio's jobs, its line and the waves under way; changes none of them."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._told_at = 0.0

    def loading(self, run: RunningWave) -> None:
        """A wave begins; its model may have to be loaded first."""
        for job in run.jobs:
            self._studio.jobs[job].tell(self.progress(self._studio.jobs[job], "loading"))

    def painting(self, run: RunningWave) -> None:
        """A step was made. The wave's jobs are told at once where there is something to see, all jobs now and then."""
        now = time.monotonic()
        if not run.fresh and now - self._told_at <= PROGRESS_SECONDS:
            return
        self._told_at = now
        painting_jobs = {job for other in self._studio.waves.values() for job in other.jobs}
        for job, running in self._studio.jobs.items():
            if not running.alive or not running.plan or not isinstance(running.job.work, MakeGrid):
                continue
            progress = self.progress(running, "painting" if job in painting_jobs else "waiting")
            if run.fresh and job in run.jobs:
                self._show(running, progress)
            else:
                running.tell(progress)

    def painted(self, running: Running) -> None:
        """Pictures are ready, though not judged. Shown at once, as a wave may end before a preview of it is due."""
        if time.monotonic() - running.shown_at > PREVIEW_SECONDS:
            self._show(running, self.progress(running, "painting"))

    def _show(self, running: Running, progress: Progress) -> None:
        """Progress with a preview."""
        running.shown_at = time.monotonic()
        running.tell(progress.model_copy(update={"preview": self._preview(running)}))

    def progress(self, running: Running, phase: GridPhase) -> Progress:
        """Pictures that are being painted count by the share of their steps that is done."""
        job, plan = running.job.id, running.plan
        shares = [run.share for run in self._studio.waves.values() for row in run.rows if _open(row, running)]
        return Progress(
            done=len(running.judged) + sum(shares),
            total=len(plan.cells) if plan else 4 * running.job.grid.blocks**2,
            phase=phase,
            eta_s=self._seconds(job),
        )

    def _seconds(self, job: str) -> float | None:
        """Until the job's last row is painted; None where nobody paints or nothing was measured yet."""
        waiting, painters = self._studio.scheduler.ahead(job), len(self._studio.pool.painters)
        waves = {number: run for number, run in self._studio.waves.items() if job in run.jobs}
        if not painters:
            return None
        if waiting or not waves:
            total = self._studio.pace.seconds([*waiting, *map(_rows_left, self._studio.waves.values())])
            return None if total is None else total / painters
        times = [self._studio.pace.seconds([_rows_left(run)]) for run in waves.values()]
        return None if None in times else max(seconds for seconds in times if seconds is not None)

    def _preview(self, running: Running) -> str | None:
        job = running.job.id
        thumbs = {
            row.cell: thumb
            for run in self._studio.waves.values()
            for row, thumb in run.thumbs.items()
            if row.job == job
        }
        return preview(running.plan, thumbs | running.thumbs) if running.plan else None


def _open(row: Row, running: Running) -> bool:
    return row.job == running.job.id and row.cell not in running.judged


def _rows_left(run: RunningWave) -> tuple[Mix, float]:
    return run.wave.mix, len(run.rows) * (1 - run.share)
