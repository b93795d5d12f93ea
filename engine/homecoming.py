"""Painted waves on their way home: decoded, judged and told to their jobs, while the painter begins the next wave."""

import logging
from collections.abc import Callable

from engine.brush import Brush
from engine.painter import Painted
from engine.report import Reporter
from engine.running import Running
from engine.setbacks import Setbacks
from engine.studio import Studio

log = logging.getLogger(__name__)


class Homecoming:
    """`end` is told of a job that got pictures, `fail` of one that cannot get them."""

    def __init__(
        self,
        studio: Studio,
        reporter: Reporter,
        setbacks: Setbacks,
        end: Callable[[Running], None],
        fail: Callable[[Running, Exception], None],
    ) -> None:
        self._studio, self._reporter, self._setbacks = studio, reporter, setbacks
        self._end, self._fail = end, fail

    def begin(self, brush: Brush) -> None:
        """A wave whose last step is made. Its pictures are asked for at the next chance."""
        self._studio.tasks.spawn(self._bring(brush))

    async def _bring(self, brush: Brush) -> None:
        try:
            painted = await brush.finish()
        except Exception as error:  # noqa: BLE001 - logged there
            del self._studio.brushes[brush.wave.id]
            await self._setbacks.meet(brush.painter, brush.wave, error)
            return
        self._studio.counts.waves += bool(painted)
        self._studio.counts.pictures += len(painted)
        report = self._studio.tasks.spawn(self._report(brush, painted))
        self._studio.reports.add(report)
        report.add_done_callback(self._studio.reports.discard)

    async def _report(self, brush: Brush, painted: list[Painted]) -> None:
        for job, row in {row.job: row for row in brush.rows}.items():
            if self._studio.jobs.want(row):
                await self._tell(self._studio.jobs[job], brush, painted)
        del self._studio.brushes[brush.wave.id]

    async def _tell(self, running: Running, brush: Brush, painted: list[Painted]) -> None:
        job = running.job.id
        mine = [(row.cell, picture) for row, picture in zip(brush.rows, painted, strict=True) if row.job == job]
        try:
            cells, pictures = [cell for cell, _ in mine], [picture for _, picture in mine]
            await self._reporter.report(running, cells, pictures, brush.painter)
            self._end(running)
        except Exception as error:
            log.exception("pictures could not be reported", extra={"job": job})
            self._fail(running, error)
