"""What each painter does, turn after turn: a wave from its beginning to its last step, a piece of training, or rest."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from engine.brush import Brush
from engine.guest import Guest
from engine.news import News
from engine.painter import Painter, PainterLost
from engine.setbacks import Setbacks
from engine.stocking import Stocking
from engine.studio import Studio
from engine.wave import Wave

# How often a training looks whether the grid that is planned or judged has ended.
GLANCE_SECONDS = 0.05


class Turns:
    """`painted` takes over a wave whose last step is made, while the next begins.

    Nobody paints for long what nobody wants any more: between two steps a wave is thinned, and others may cut in.
    """

    def __init__(
        self,
        studio: Studio,
        news: News,
        guest: Guest,
        setbacks: Setbacks,
        painted: Callable[[Brush], None],
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
            await self._turn(painter)
        if self._stocking:
            self._stocking.lost(painter)

    async def _turn(self, painter: Painter) -> None:
        """One wave, or a piece of training; waits where there is nothing to do."""
        self._studio.wake.clear()
        wave = None if self._leaves_it(painter) else self._studio.scheduler.next(self._studio.pool.most(painter))
        try:
            await (self._idle(painter) if wave is None else self._attempt(painter, wave))
        except PainterLost as error:
            if wave is None:
                self._studio.pool.lose(painter)
            else:
                await self._setbacks.meet(painter, wave, error)

    def _leaves_it(self, painter: Painter) -> bool:
        """The painter that trains lets the others take what there is, as long as one of them rests."""
        return self._guest.waiting and painter is self._guest.host and bool(self._resting - {painter})

    async def _idle(self, painter: Painter) -> None:
        """Nothing is to be painted. Training takes the time, but little of it where a grid is planned or judged."""
        if not self._guest.waiting or painter is not self._guest.host:
            await self._rest(painter)
        elif len(self._studio.pool.painters) > 1 or not self._studio.jobs.grids():
            await self._guest.alone()
        else:
            begun = time.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GLANCE_SECONDS):
                    await self._studio.wake.wait()
            await self._guest.between(time.monotonic() - begun)

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
        """Paint a wave. Raises PainterLost; whatever else happens to it is met here."""
        try:
            await self._paint(painter, wave, cuts_in=cuts_in)
        except PainterLost:
            raise
        except Exception as error:  # noqa: BLE001 - logged there
            await self._setbacks.meet(painter, wave, error)

    async def _paint(self, painter: Painter, wave: Wave, *, cuts_in: bool) -> None:
        brush = Brush(painter, wave, self._studio.jobs.want, cuts_in=cuts_in)
        if not brush.rows:
            return
        self._studio.brushes[wave.id] = brush
        try:
            self._news.loading(brush)
            await brush.begin(self._studio.pace)
            while await brush.step():
                await self._between(brush)
        except BaseException:
            del self._studio.brushes[wave.id]
            raise
        self._painted(brush)
        # The painter is asked for these pictures before it is asked for anything else.
        await asyncio.sleep(0)

    async def _between(self, brush: Brush) -> None:
        """Between two steps of a wave."""
        if brush.painter is self._guest.host:
            await self._guest.between(brush.took)
        brush.learn()
        self._news.painting(brush)
        if brush.share < 1 and not brush.cuts_in:
            await self._cut_in(brush)

    async def _cut_in(self, brush: Brush) -> None:
        """Short jobs go before the rest of a long wave, as far as the scheduler lets them."""
        while wave := self._studio.scheduler.cut_in(Wave(brush.wave.id, brush.wave.mix, brush.rows), 1 - brush.share):
            self._studio.counts.cut_ins += 1
            try:
                await self._attempt(brush.painter, wave, cuts_in=True)
            except PainterLost as error:
                await self._setbacks.meet(brush.painter, wave, error)
                raise
            brush.resume()
