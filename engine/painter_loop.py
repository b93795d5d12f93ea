"""The loop of each painter: a wave from its first to its last step, a piece of a training, or rest; and again."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from engine.guest import Guest
from engine.news import News
from engine.painter import Painter, PainterLost
from engine.running_wave import RunningWave
from engine.setbacks import Setbacks
from engine.stocking import Stocking
from engine.studio import Studio
from engine.wave import Wave

# How often a training looks whether the grid that is planned or judged has ended.
GLANCE_SECONDS = 0.05


class PainterLoop:
    """`painted` takes over a wave after its last step, while the next begins.

    Between two steps a wave drops the rows of cancelled jobs, and short jobs may cut in.
    """

    def __init__(
        self,
        studio: Studio,
        news: News,
        guest: Guest,
        setbacks: Setbacks,
        painted: Callable[[RunningWave], None],
        stocking: Stocking | None = None,
    ) -> None:
        self._studio, self._news, self._guest, self._setbacks = studio, news, guest, setbacks
        self._painted, self._stocking = painted, stocking
        self._resting: set[Painter] = set()

    async def run(self) -> None:
        """Paint for ever, with every painter that is here or comes."""
        async with asyncio.TaskGroup() as group:
            await self._studio.pool.watch(lambda painter: group.create_task(self._work(painter)), self._studio.wake.set)

    async def _work(self, painter: Painter) -> None:
        while painter in self._studio.pool.painters:
            await self._next(painter)
        if self._stocking:
            self._stocking.lost(painter)

    async def _next(self, painter: Painter) -> None:
        """One wave, or one piece of training; waits where there is neither."""
        self._studio.wake.clear()
        wave = None if self._yields(painter) else self._studio.scheduler.next(self._studio.pool.most(painter))
        try:
            await (self._idle(painter) if wave is None else self._attempt(painter, wave))
        except PainterLost as error:
            if wave is None:
                self._studio.pool.lose(painter)
            else:
                await self._setbacks.meet(painter, wave, error)

    def _yields(self, painter: Painter) -> bool:
        """Whether the painter that trains leaves the next wave to the others: as long as one of them rests."""
        return self._guest.waiting and painter is self._guest.host and bool(self._resting - {painter})

    async def _idle(self, painter: Painter) -> None:
        """Nothing waits to be painted: train, but only a little while a grid is still being planned or judged."""
        if not self._guest.waiting or painter is not self._guest.host:
            await self._rest(painter)
        elif len(self._studio.pool.painters) > 1 or not self._studio.jobs.grids():
            await self._guest.alone()
        else:
            start = time.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GLANCE_SECONDS):
                    await self._studio.wake.wait()
            await self._guest.between(time.monotonic() - start)

    async def _rest(self, painter: Painter) -> None:
        self._resting.add(painter)
        try:
            if self._stocking and not self._guest.waiting and not self._studio.jobs.grids():
                await self._stocking.rest(painter, self._studio.wake)
            else:
                await self._studio.wake.wait()
        finally:
            self._resting.discard(painter)

    async def _attempt(self, painter: Painter, wave: Wave, *, cuts_in: bool = False) -> None:
        """Paint a wave. Raises PainterLost; any other failure is dealt with here."""
        try:
            await self._paint(painter, wave, cuts_in=cuts_in)
        except PainterLost:
            raise
        except Exception as error:  # noqa: BLE001 - logged there
            await self._setbacks.meet(painter, wave, error)

    async def _paint(self, painter: Painter, wave: Wave, *, cuts_in: bool) -> None:
        run = RunningWave(painter, wave, self._studio.jobs.want, cuts_in=cuts_in)
        if not run.rows:
            return
        self._studio.waves[wave.id] = run
        try:
            self._news.loading(run)
            await run.begin(self._studio.pace)
            while await run.step():
                await self._between(run)
        except BaseException:
            del self._studio.waves[wave.id]
            raise
        self._painted(run)
        # Gives the task that finishes this wave its turn, so that the painter decodes it before it does anything else.
        await asyncio.sleep(0)

    async def _between(self, run: RunningWave) -> None:
        """Between two steps of a wave."""
        if run.painter is self._guest.host:
            await self._guest.between(run.step_seconds)
        run.learn()
        self._news.painting(run)
        if run.share < 1 and not run.cuts_in:
            await self._cut_in(run)

    async def _cut_in(self, run: RunningWave) -> None:
        """Paint short jobs before the rest of a long wave, where the scheduler allows it."""
        while wave := self._studio.scheduler.cut_in(Wave(run.wave.id, run.wave.mix, run.rows), 1 - run.share):
            self._studio.counts.cut_ins += 1
            try:
                await self._attempt(run.painter, wave, cuts_in=True)
            except PainterLost as error:
                await self._setbacks.meet(run.painter, wave, error)
                raise
            run.resume()
