"""A wave's pictures come home while its painter paints the next; what fails on the way is met as while painting."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from pathlib import Path

import pytest

from engine.contract.errors import OutOfMemory
from engine.contract.events import Event, GridMade, JobFailed, PicturePainted
from engine.painter import FakePainter, Painted, PainterLost, Pixels, Scores
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
    """Fails to decode as `failure` says, where a wave has more rows than fit and `times` are not over yet.

    Painters may share these.
    """

    def __init__(self, failure: Exception, fitting: int = 0, times: Iterator[None] | None = None) -> None:
        super().__init__()
        # Not `most`: that is what a pool takes for a measured size of waves.
        self.failure, self.fitting = failure, fitting
        self.times: Iterator[bool | None] = times or repeat(None)

    async def finish(self, wave: int) -> list[Painted]:
        rows = len(self._waves[wave])
        if rows > self.fitting and next(self.times, OVER) is None:
            raise self.failure
        return await super().finish(wave)


class Held(TouchyPainter):
    """Begins, delivers and judges once `begins`, `finishes` and `judges` are set; the wave `bad` fails."""

    def __init__(self, bad: Callable[[Wave], bool] = lambda _wave: False) -> None:
        super().__init__(lambda wave: self._fail() if bad(wave) else None)
        self.begins, self.finishes, self.judges, self.finishing = (asyncio.Event() for _ in range(4))
        for event in (self.begins, self.finishes, self.judges):
            event.set()

    def _fail(self) -> Exception:
        self.judges.set()
        return RuntimeError("boom")

    async def begin(self, wave: Wave) -> int:
        await self.begins.wait()
        return await super().begin(wave)

    async def finish(self, wave: int) -> list[Painted]:
        self.finishing.set()
        await self.finishes.wait()
        return await super().finish(wave)

    async def judge(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        await self.judges.wait()
        return await super().judge(pictures, texts)


def hashes(told: Sequence[Event]) -> dict[str, str | None]:
    return {event.cell: event.sha256 for event in told if isinstance(event, PicturePainted)}


async def test_grids_that_share_a_wave_get_each_its_own_pictures(home: Path) -> None:
    painter = Held()
    jobs = [grid(approach=3, blocks=1, seed=seed, turn=seed) for seed in range(3)]
    alone = []
    for job in jobs:
        async with running_engine(home, FakePainter()) as engine:
            alone.append(await events(engine.submit(job)))

    painter.begins.clear()
    async with running_engine(home, painter) as engine:
        running = [engine.submit(job) for job in jobs]
        while len(engine._scheduler._lines) < len(jobs):  # noqa: ASYNC110 - the line has no event for it
            await asyncio.sleep(0)
        painter.begins.set()
        together = await asyncio.gather(*(events(each) for each in running))

    assert max(len({row.job for row in wave.rows}) for wave in painter.begun) > 1
    assert [hashes(told) for told in together] == [hashes(told) for told in alone]
    assert engine._studio.waves == {}
    assert engine._studio.reports == set()


async def test_an_order_gets_no_pictures_that_come_home_for_the_one_that_had_its_id_before(home: Path) -> None:
    painter, before = Held(), grid(approach=3, blocks=1, seed=1)
    now = before.model_copy(update={"work": before.grid.model_copy(update={"seed": 2})})
    async with running_engine(home, FakePainter()) as engine:
        alone = await events(engine.submit(now))

    painter.finishes.clear()
    async with running_engine(home, painter) as engine:
        engine.submit(before)
        await painter.finishing.wait()
        for _ in range(2):
            engine.remove(before.id)
        running = engine.submit(now)
        painter.finishes.set()
        told = await events(running)

    assert hashes(told) == hashes(alone)


async def test_pictures_that_are_being_judged_are_told_before_another_one_ends_their_job(home: Path) -> None:
    painter = Held(lambda wave: wave.rows[0].prompt != "a cat wearing neon-glasses")
    painter.judges.clear()
    async with running_engine(home, painter, most=1) as engine:
        told = await events(engine.submit(grid(approach=3, blocks=1)))

    assert isinstance(told[-1], JobFailed)
    assert len(hashes(told)) == 1
    assert engine._studio.waves == {}


async def test_the_next_wave_is_begun_while_the_pictures_of_the_last_come_home(home: Path) -> None:
    async with running_engine(home, Slow()) as engine:
        told = await events(engine.submit(grid(approach=3)))

    assert isinstance(told[-1], GridMade)
    assert engine.counts.pictures == 64
    assert engine.counts.waves == 4


async def test_a_wave_that_does_not_fit_when_it_is_decoded_is_painted_in_smaller_ones(home: Path) -> None:
    painter = Spoiling(OutOfMemory("too large"), fitting=2)
    async with running_engine(home, painter) as engine:
        told = await events(engine.submit(grid(approach=3, blocks=2)))

    sizes = [len(wave.rows) for wave in painter.begun]
    assert isinstance(told[-1], GridMade)
    assert max(sizes) > 2
    assert sum(size for size in sizes if size <= 2) == 16
    assert engine._studio.waves == {}


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
