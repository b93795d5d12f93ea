"""What becomes of a wave that could not be painted: it is painted again in parts, or elsewhere, or ends its job."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from weakref import WeakSet

from engine.contract.errors import OutOfMemory, PaintingFailed, TesseraError
from engine.painter import Painter, PainterLost
from engine.studio import Studio
from engine.wave import Row, Wave

log = logging.getLogger(__name__)

UNLUCKY = "Painters were lost again and again while they painted this picture, so it was given up."


class Setbacks:
    """`give_up` ends a row's job with an error. Finished pictures are reported first, so that they are kept."""

    def __init__(self, studio: Studio, give_up: Callable[[Row, Exception], None]) -> None:
        self._studio, self._give_up = studio, give_up
        self._lost_painters: WeakSet[Painter] = WeakSet()
        self.painters_lost = 0
        """Painters that went while they painted."""

    async def meet(self, painter: Painter, wave: Wave, error: Exception) -> None:
        """Somebody else paints what a lost painter had begun; any other failed wave is painted again in halves."""
        if isinstance(error, PainterLost):
            await self._elsewhere(painter, wave)
            return
        if not isinstance(error, TesseraError):
            log.error("wave failed", exc_info=error, extra={"jobs": sorted({row.job for row in wave.rows})})
        await self._in_parts(painter, wave, error)

    async def _elsewhere(self, painter: Painter, wave: Wave) -> None:
        # It may have been painting one wave while it delivered another.
        self.painters_lost += painter not in self._lost_painters
        self._lost_painters.add(painter)
        log.warning("painter lost", extra={"jobs": sorted({row.job for row in wave.rows})})
        given_up = not self._studio.scheduler.lost(wave)
        self._studio.pool.lose(painter)
        # The pool may have missed it before, when this wave was not there yet to be taken.
        self._studio.wake.set()
        if given_up:
            await self._end(wave, PaintingFailed(UNLUCKY))

    async def _in_parts(self, painter: Painter, wave: Wave, error: Exception) -> None:
        """A single row that fails ends its job, unless it may fit the next time."""
        with contextlib.suppress(PainterLost):
            await painter.drop(wave.id)
        if isinstance(error, OutOfMemory) and (error.less or len(wave.rows) > 1):
            self._studio.scheduler.too_large(wave)
        elif len(wave.rows) == 1:
            await self._end(wave, error)
        else:
            self._studio.scheduler.halve(wave)
        self._studio.wake.set()

    async def _end(self, wave: Wave, error: Exception) -> None:
        """End the job of a wave's only row."""
        await asyncio.gather(*self._studio.reports, return_exceptions=True)
        self._give_up(wave.rows[0], error)
