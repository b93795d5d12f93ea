"""Short jobs between two steps of a long one, in the engine: sooner done, and the long one's pictures stay the same."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import virtual_time, waves_real, waves_simulated
from bench.trace import read
from engine.contract.errors import OutOfMemory
from engine.contract.events import Event, GridMade, JobFailed, PicturePainted
from engine.engine import Engine
from engine.painter import Painter, PainterLost, Pixels
from engine.pool import Pool
from engine.running import Running
from engine.wave import Wave
from tests.engines import TouchyPainter, events, grid, running_engine
from tests.test_pool import Visited

LONG, SHORT = {"approach": 3, "blocks": 4}, {"approach": 3, "blocks": 1, "turn": 1}


def measured(engine: Engine) -> None:
    engine.pace.seconds = lambda ahead: sum(mix.steps * rows for mix, rows in ahead)  # type: ignore[method-assign]


def pictures(told: list[Event]) -> dict[str, str | None]:
    return {event.cell: event.sha256 for event in told if isinstance(event, PicturePainted)}


class Patient(TouchyPainter):
    """After its third step of the first wave the short jobs come, and it waits until they are in the line."""

    def __init__(self, *prompts: str, fails: Callable[[Wave], Exception | None] = lambda _wave: None) -> None:
        super().__init__(fails)
        self.prompts, self.came = prompts, list[Running]()
        self.engine: Engine | None = None

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        shown = await super().step(wave, preview=preview)
        if self.steps == 3 and self.engine:
            self.came = [self.engine.submit(grid(prompt, **SHORT)) for prompt in self.prompts]
            for running in self.came:
                while not running.progress or running.progress.phase != "waiting":  # noqa: ASYNC110 - it has no event
                    await asyncio.sleep(0)
        return shown


async def cut(home: Path, painter: Patient, pool: Pool | None = None) -> tuple[list[list[Event]], Engine]:
    """What is told of the long job and of the short ones."""
    async with running_engine(home, pool or painter) as engine:
        measured(engine)
        painter.engine = engine
        told = await events(engine.submit(grid("a long one", **LONG)))
        return [told, *[await events(running) for running in painter.came]], engine


async def test_a_short_job_is_done_before_the_long_one_that_it_cuts_into_and_both_are_whole(home: Path) -> None:
    painter = Patient("a short one")
    alone, _ = await cut(home, Patient())

    told, engine = await cut(home, painter)

    prompts = [wave.rows[0].prompt for wave in painter.begun]
    assert [type(own[-1]) for own in told] == [GridMade, GridMade]
    assert prompts[:2] == ["a long one", "a short one"]
    assert engine.counts.cut_ins == 1
    assert pictures(told[0]) == pictures(alone[0])
    assert len(pictures(told[1])) == 4


async def test_several_short_ones_cut_in_together_and_are_not_cut_into_themselves(home: Path) -> None:
    painter = Patient("one", "two", "three")

    told, engine = await cut(home, painter)

    assert all(isinstance(own[-1], GridMade) for own in told)
    assert {"one", "two", "three"} <= {row.prompt for row in painter.begun[1].rows}
    assert engine.counts.cut_ins == 1
    assert not painter._waves


async def test_a_cut_in_that_fails_ends_its_own_job_and_the_long_one_goes_on(home: Path) -> None:
    def fails(wave: Wave) -> Exception | None:
        return OutOfMemory("no room") if wave.rows[0].prompt == "a short one" else None

    told, _ = await cut(home, Patient("a short one", fails=fails))

    assert isinstance(told[0][-1], GridMade)
    assert told[1][-1] == JobFailed(reason="out_of_memory", detail="no room")


async def test_a_long_job_that_is_cancelled_while_another_cuts_in_ends_there(home: Path) -> None:
    painter = Patient("a short one")

    def cancel() -> None:
        if len(painter.begun) == 2 and painter.engine:
            jobs = painter.engine.jobs
            painter.engine.remove(next(job for job in jobs if jobs[job].job.grid.prompt == "a long one"))
            painter.at_step = lambda: None

    painter.at_step = cancel
    told, _ = await cut(home, painter)

    assert isinstance(told[0][-1], JobFailed)
    assert isinstance(told[1][-1], GridMade)
    assert not painter._waves


async def test_a_painter_that_is_lost_while_another_cuts_in_loses_neither(home: Path) -> None:
    def fails(wave: Wave) -> Exception | None:
        return PainterLost("gone") if wave.rows[0].prompt == "a short one" else None

    first, second = Patient("a short one", fails=fails), TouchyPainter()
    pool = Visited(first)
    lose = pool.lose

    def replaced(painter: Painter) -> None:
        lose(painter)
        if second not in pool.painters:
            pool.arrive(second)

    pool.lose = replaced  # type: ignore[method-assign]
    told, _ = await cut(home, first, pool)

    assert [type(own[-1]) for own in told] == [GridMade, GridMade]
    assert [len(pictures(own)) for own in told] == [64, 4]


def test_the_engine_lets_people_wait_as_long_as_the_simulation_says() -> None:
    trace = read()[:20]

    simulated, engine = waves_simulated.run(trace), virtual_time.run(waves_real.run(trace, 1.0))

    for name, waits in simulated.items():
        assert engine[name] == pytest.approx(waits, abs=0.5)
    assert sum(engine["cut"]) < sum(engine["shared"])
