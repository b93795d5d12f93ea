"""A wave's pictures come home while its painter paints the next; what fails on the way is met as while painting."""

import asyncio
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pytest

from engine.contract.errors import OutOfMemory
from engine.contract.events import GridMade, JobFailed, PicturePainted
from engine.painter import FakePainter, Painted, PainterLost
from engine.pool import Pool
from engine.wave import Wave
from tests.engines import TouchyPainter, events, grid, running_engine

OVER = False


class Slow(FakePainter):
    """Delivers its first wave only when it has begun another."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0
        self.next = asyncio.Event()

    async def begin(self, wave: Wave) -> int:
        self.begun += 1
        if self.begun > 1:
            self.next.set()
        return await super().begin(wave)

    async def finish(self, wave: int) -> list[Painted]:
        async with asyncio.timeout(10):
            await self.next.wait()
        return await super().finish(wave)


class Spoiling(TouchyPainter):
    """Fails to decode as `failure` says, where a wave has more than `most` rows and `times` are not over yet.

    Painters may share these.
    """

    def __init__(self, failure: Exception, most: int = 0, times: Iterator[None] | None = None) -> None:
        super().__init__()
        self.failure, self.most = failure, most
        self.times: Iterator[bool | None] = times or repeat(None)

    async def finish(self, wave: int) -> list[Painted]:
        rows = len(self._waves[wave])
        if rows > self.most and next(self.times, OVER) is None:
            raise self.failure
        return await super().finish(wave)


async def test_the_next_wave_is_begun_while_the_pictures_of_the_last_come_home(home: Path) -> None:
    async with running_engine(home, Slow()) as engine:
        told = await events(engine.submit(grid(approach=3)))

    assert isinstance(told[-1], GridMade)
    assert engine.counts.pictures == 64
    assert engine.counts.waves == 4


async def test_a_wave_that_does_not_fit_when_it_is_decoded_is_painted_in_smaller_ones(home: Path) -> None:
    painter = Spoiling(OutOfMemory("too large"), most=4)
    async with running_engine(home, painter) as engine:
        told = await events(engine.submit(grid(approach=3, blocks=2)))

    assert isinstance(told[-1], GridMade)
    assert max(len(wave.rows) for wave in painter.begun[-4:]) == 4


@pytest.mark.parametrize("painters", [1, 2])
async def test_pictures_that_cannot_be_decoded_at_all_end_their_jobs_and_no_others(home: Path, painters: int) -> None:
    times = repeat(None, 9 * painters)
    pool = Pool(*(Spoiling(RuntimeError("nothing valid"), times=times) for _ in range(painters)))
    async with running_engine(home, pool, most=1) as engine:
        jobs = [grid(approach=1, blocks=1) for _ in range(9 * painters + 1)]
        told = await asyncio.gather(*(events(engine.submit(job)) for job in jobs))

    endings = [type(own[-1]) for own in told]
    assert endings.count(JobFailed) == 9 * painters
    assert endings.count(GridMade) == 1


async def test_what_a_painter_had_painted_when_it_was_lost_is_painted_by_another(home: Path) -> None:
    pool = Pool(Spoiling(PainterLost("gone"), times=repeat(None, 1)), FakePainter())
    async with running_engine(home, pool, most=4) as engine:
        told = await events(engine.submit(grid(approach=3, blocks=2)))

    assert isinstance(told[-1], GridMade)
    assert len({event.cell for event in told if isinstance(event, PicturePainted)}) == 16
    assert engine.setbacks.painters_lost == 1
    assert len(engine.pool.painters) == 1
