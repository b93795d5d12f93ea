"""The engine with several painters: all of them work, the lost one's wave is painted elsewhere, nothing comes twice."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.contract.errors import OutOfMemory
from engine.contract.events import Event, GridMade, JobFailed, PicturePainted, Progress
from engine.contract.ids import new_id
from engine.contract.orders import Job
from engine.engine import Engine
from engine.painter import Painted, Painter, PainterLost, Pixels, Scores
from engine.pool import Pool
from engine.running import Running
from engine.wave import Wave
from tests.engines import TouchyPainter, events, grid, running_engine
from tests.test_guest import ORDER, FakeTraining, Time


class Mortal(TouchyPainter):
    """TouchyPainter that is gone for good after `steps_left` steps, and never begins a prompt that is its `poison`."""

    def __init__(self, steps_left: float = float("inf"), poison: str | None = None) -> None:
        super().__init__()
        self.steps_left, self.poison = steps_left, poison
        self.finished: list[int] = []
        self.pieces = 0
        self.order: list[str] = []

    def _check(self) -> None:
        if self.steps_left <= 0:
            raise PainterLost("This painter is gone.")

    async def begin(self, wave: Wave) -> int:
        if any(row.prompt == self.poison for row in wave.rows):
            self.steps_left = 0
        self._check()
        return await super().begin(wave)

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        self.steps_left -= 1
        self.order.append("step")
        self._check()
        return await super().step(wave, preview=preview)

    async def finish(self, wave: int) -> list[Painted]:
        self._check()
        self.finished.append(wave)
        return await super().finish(wave)

    async def judge(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        self._check()
        return await super().judge(pictures, texts)

    async def forget(self, style: str) -> None:
        self._check()

    async def train(self, training: Any) -> Any:
        self._check()
        self.pieces += 1
        self.order.append("piece")
        await asyncio.sleep(0)
        return training.next()


class Silent(Mortal):
    """Takes its last step for ever, until it is `ended`."""

    def __init__(self, steps_left: float) -> None:
        super().__init__(steps_left)
        self.silent, self.ended = asyncio.Event(), asyncio.Event()

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        if self.steps_left == 1:
            self.silent.set()
            await self.ended.wait()
        return await super().step(wave, preview=preview)


class Visited(Pool):
    """A pool that painters join later."""

    async def watch(self, came: Callable[..., object], went: Callable[[], None]) -> None:
        self.came = came
        await super().watch(came, went)

    def arrive(self, painter: Painter) -> None:
        self.join(painter)
        self.came(painter)


def pictures(told: Sequence[Event]) -> dict[str, tuple[str | None, float | None]]:
    return {event.cell: (event.sha256, event.score) for event in told if isinstance(event, PicturePainted)}


async def made(home: Path, pool: Pool, most: int = 4) -> list[Event]:
    async with running_engine(home, pool, most=most) as engine:
        return await events(engine.submit(grid(approach=3)))


async def test_one_painter_and_four_make_the_same_sheet(home: Path) -> None:
    four = [Mortal() for _ in range(4)]

    alone, together = await made(home, Pool(Mortal())), await made(home, Pool(*four))

    assert pictures(alone) == pictures(together)
    assert alone[-1] == together[-1]
    assert [bool(painter.finished) for painter in four] == [True] * 4


async def test_waves_are_handed_out_in_order_one_to_each_idle_painter(home: Path) -> None:
    four = [Mortal() for _ in range(4)]

    await made(home, Pool(*four))

    first = [painter.begun[0] for painter in four]
    assert sorted(wave.id for wave in first) == [1, 2, 3, 4]
    assert {row.prompt for wave in first for row in wave.rows} == {"a cat wearing neon-glasses"}


@pytest.mark.parametrize("steps", [0, 5, 11, 12, 13])
async def test_the_wave_of_a_lost_painter_is_painted_by_another_and_no_picture_comes_twice(
    home: Path, steps: int
) -> None:
    healthy, doomed = Mortal(), Mortal(steps)

    told = await made(home, Pool(doomed, healthy))

    cells = Counter(event.cell for event in told if isinstance(event, PicturePainted))
    assert isinstance(told[-1], GridMade)
    assert (len(cells), set(cells.values())) == (64, {1})
    assert pictures(told) == pictures(await made(home, Pool(Mortal())))


async def test_a_wave_that_comes_back_after_its_painter_was_missed_is_painted_by_one_that_rests(home: Path) -> None:
    silent, healthy = Silent(steps_left=5), Mortal()
    pool = Pool(silent, healthy)
    async with running_engine(home, pool, most=4) as engine:
        running = engine.submit(grid(approach=3))
        await silent.silent.wait()
        while running.plan is None or running.missing > 4:  # noqa: ASYNC110 - a painter has no event for resting
            await asyncio.sleep(0)
        pool.lose(silent)
        while engine._studio.wake.is_set():  # noqa: ASYNC110 - until the other has looked for it and rests again
            await asyncio.sleep(0)
        silent.ended.set()
        async with asyncio.timeout(10):
            told = await events(running)

    assert isinstance(told[-1], GridMade)
    assert len(pictures(told)) == 64


async def test_a_grid_whose_only_painter_is_lost_waits_for_the_next_one(home: Path) -> None:
    pool = Visited(Mortal(steps_left=30))
    async with running_engine(home, pool, most=4) as engine:
        running = engine.submit(grid(approach=3))
        while pool.painters:  # noqa: ASYNC110 - a pool has no event for being empty
            await asyncio.sleep(0)
        waits = running.alive
        pool.arrive(Mortal())
        told = await events(running)

    assert waits
    assert isinstance(told[-1], GridMade)
    assert len(pictures(told)) == 64


async def test_a_painter_that_joins_takes_waves_of_the_grid_under_way(home: Path) -> None:
    first, second = Mortal(), Mortal()
    pool = Visited(first)
    first.at_step = lambda: pool.arrive(second) if first.steps == 14 else None

    told = await made(home, pool)

    assert isinstance(told[-1], GridMade)
    assert len(second.finished) >= 5


async def test_a_prompt_that_takes_painters_with_it_is_found_and_ends_alone(home: Path) -> None:
    pool = Visited(*(Mortal(poison="a dog") for _ in range(2)))

    async with running_engine(home, pool, most=16) as engine:
        lost = engine.pool.lose
        pool.lose = lambda painter: (lost(painter), pool.arrive(Mortal(poison="a dog")))[0]  # type: ignore[method-assign]
        jobs = [grid(prompt, approach=3, blocks=1) for prompt in ("a cat", "a dog", "an owl")]
        told = await asyncio.gather(*(events(engine.submit(job)) for job in jobs))
        gone = engine.setbacks.painters_lost

    endings = [own[-1] for own in told]
    assert [type(ending) for ending in endings] == [GridMade, JobFailed, GridMade]
    assert "lost again and again" in endings[1].detail  # type: ignore[union-attr]
    assert gone <= 6


async def test_a_cancelled_grid_is_put_down_by_every_painter_that_has_some_of_it(home: Path) -> None:
    four = [Mortal() for _ in range(4)]
    async with running_engine(home, Pool(*four), most=4) as engine:
        doomed = grid(approach=3)
        running = engine.submit(doomed)
        four[2].at_step = lambda: engine.remove(doomed.id) if four[2].steps == 3 else None
        told = await events(running)
        await events(engine.submit(grid(approach=3, blocks=1)))

    assert isinstance(told[-1], JobFailed)
    assert sum(len(painter.finished) for painter in four) == 1
    assert not any(painter._waves for painter in four)


async def test_progress_counts_the_halves_of_all_waves_and_never_goes_back(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.news.PROGRESS_SECONDS", -1.0)
    four = [Mortal() for _ in range(4)]
    async with running_engine(home, Pool(*four), most=4) as engine:
        running = engine.submit(grid(approach=3))
        told = [event async for event in running.follow() if isinstance(event, Progress)]

    done = [event.done for event in told]
    assert done == sorted(done)
    assert any(not value.is_integer() for value in done)
    assert told[-1].total == 64


async def trained_beside(home: Path, engine: Engine) -> tuple[FakeTraining, Running]:
    time = Time()
    training, running = FakeTraining(10**9, time, seconds=0.06), Running(Job(id=new_id(), work=ORDER))
    engine.guest._clock = time
    engine.guest.invite(running, training)
    engine._studio.wake.set()
    while training.done < 20:  # noqa: ASYNC110 - the training counts its pieces, it has no event
        await asyncio.sleep(0)
    return training, running


async def test_training_stays_with_one_painter_while_the_others_paint(home: Path) -> None:
    four = [Mortal() for _ in range(4)]
    async with running_engine(home, Pool(*four), most=16) as engine:
        _, running = await trained_beside(home, engine)

        told = await events(engine.submit(grid(approach=3, blocks=1)))

        assert isinstance(told[-1], GridMade)
        assert [bool(painter.pieces) for painter in four] == [True, False, False, False]
        assert not four[0].begun
        engine.guest.cancel(running.job.id)


async def test_training_gives_way_where_all_other_painters_are_busy(home: Path) -> None:
    two = [Mortal() for _ in range(2)]
    async with running_engine(home, Pool(*two), most=4) as engine:
        _, running = await trained_beside(home, engine)

        told = await events(engine.submit(grid(approach=3)))

        steps = [place for place, what in enumerate(two[0].order) if what == "step"]
        beside = two[0].order[steps[0] : steps[-1]].count("piece")
        assert isinstance(told[-1], GridMade)
        assert len(two[0].finished) >= 4
        assert beside <= 2
        engine.guest.cancel(running.job.id)


async def test_a_training_goes_on_with_another_painter_when_its_own_is_lost(home: Path) -> None:
    first, second = Mortal(), Mortal()
    async with running_engine(home, Pool(first, second)) as engine:
        training, running = await trained_beside(home, engine)
        first.steps_left = 0
        before = training.done
        while training.done < before + 20:  # noqa: ASYNC110 - the training counts its pieces, it has no event
            await asyncio.sleep(0)

        assert running.alive
        assert second.pieces >= 20
        assert engine.pool.painters == [second]
        engine.guest.cancel(running.job.id)


async def test_pictures_are_judged_by_another_where_their_painter_is_gone() -> None:
    gone, here = Mortal(), Mortal()
    pool = Pool(gone, here)
    gone.steps_left = 0

    scores = await pool.judge([here._picture(7)], ["a cat"], preferred=gone)

    assert scores == await here.judge([here._picture(7)], ["a cat"])
    assert pool.painters == [here]


async def test_pictures_are_judged_by_who_painted_them_whoever_else_is_here() -> None:
    unable, preferred = Mortal(steps_left=0), Mortal()
    pool = Pool(unable, preferred)

    await pool.judge([preferred._picture(7)], ["a cat"], preferred=preferred)

    assert pool.painters == [unable, preferred]


async def test_pictures_that_nobody_is_here_to_judge_wait_for_the_next_painter() -> None:
    pool, painter = Pool(), Mortal()
    judging = asyncio.create_task(pool.judge([painter._picture(7)], ["a cat"]))
    await asyncio.sleep(0)

    pool.join(painter)

    async with asyncio.timeout(10):
        assert await judging == await painter.judge([painter._picture(7)], ["a cat"])


async def test_pictures_that_do_not_fit_are_judged_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = Mortal()
    pictures, texts = [painter._picture(seed) for seed in range(5)], ["a cat", "a dog"]
    whole = await painter.judge(pictures, texts)

    async def small(pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        if len(pictures) > 2:
            raise OutOfMemory("This does not fit.")
        return await Mortal.judge(painter, pictures, texts)

    monkeypatch.setattr(painter, "judge", small)

    assert (await Pool(painter).judge(pictures, texts) == whole).all()


async def test_a_single_picture_that_does_not_fit_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = Mortal()

    async def full(*_: object) -> Scores:
        raise OutOfMemory("This does not fit.")

    monkeypatch.setattr(painter, "judge", full)

    with pytest.raises(OutOfMemory):
        await Pool(painter).judge([painter._picture(7), painter._picture(8)], ["a cat"])


async def test_a_changed_style_is_told_to_all_painters_that_are_left() -> None:
    gone, here = Mortal(steps_left=0), Mortal()
    pool = Pool(gone, here)

    await pool.forget("ink")

    assert pool.painters == [here]
