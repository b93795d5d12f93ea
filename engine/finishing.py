"""What follows a wave's last step: its pictures are decoded, judged and reported, while the painter begins the next."""

import logging
from collections.abc import Callable

from engine.news import News
from engine.painter import Painted
from engine.preview import small
from engine.report import Reporter
from engine.running import Running
from engine.running_wave import RunningWave
from engine.setbacks import Setbacks
from engine.studio import Studio

log = logging.getLogger(__name__)


class Finishing:
    """`end` is called with a job that got pictures (they may be its last), `fail` with one whose report failed."""

    def __init__(
        self,
        studio: Studio,
        news: News,
        reporter: Reporter,
        setbacks: Setbacks,
        end: Callable[[Running], None],
        fail: Callable[[Running, Exception], None],
    ) -> None:
        self._studio, self._news, self._reporter, self._setbacks = studio, news, reporter, setbacks
        self._end, self._fail = end, fail

    def begin(self, run: RunningWave) -> None:
        """Takes over a wave after its last step, in a task of its own."""
        self._studio.tasks.spawn(self._finish(run))

    async def _finish(self, run: RunningWave) -> None:
        try:
            painted = await run.finish()
        except Exception as error:  # noqa: BLE001 - logged there
            del self._studio.waves[run.wave.id]
            await self._setbacks.meet(run.painter, run.wave, error)
            return
        self._studio.counts.waves += bool(painted)
        self._studio.counts.pictures += len(painted)
        report = self._studio.tasks.spawn(self._report(run, painted))
        self._studio.reports.add(report)
        report.add_done_callback(self._studio.reports.discard)

    async def _report(self, run: RunningWave, painted: list[Painted]) -> None:
        for job, row in {row.job: row for row in run.rows}.items():
            if self._studio.jobs.want(row):
                await self._tell(self._studio.jobs[job], run, painted)
        del self._studio.waves[run.wave.id]

    async def _tell(self, running: Running, run: RunningWave, painted: list[Painted]) -> None:
        job = running.job.id
        pairs = [(row.cell, picture) for row, picture in zip(run.rows, painted, strict=True) if row.job == job]
        try:
            cells, pictures = [cell for cell, _ in pairs], [picture for _, picture in pairs]
            running.thumbs |= {cell: small(picture.pixels) for cell, picture in pairs if picture.pixels is not None}
            if running.missing > len(pairs):
                self._news.painted(running)
            await self._reporter.report(running, cells, pictures, run.painter)
            self._end(running)
        except Exception as error:
            log.exception("pictures could not be reported", extra={"job": job})
            self._fail(running, error)
