"""The same trace for real: the engine, its queue of events, and a painter that waits instead of painting."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.trace import Came
from bench.waves_simulated import MOST, step_seconds
from engine.contract.events import GridMade
from engine.contract.ids import new_id
from engine.contract.orders import Job, MakeGrid
from engine.engine import Engine
from engine.painter import FakePainter, Pixels
from engine.planner import Planner
from engine.settings import Settings
from engine.wave import Wave

SHAPES = {1: (1, 1), 4: (1, 3), 16: (2, 3), 64: (4, 3), 256: (8, 3)}
"""Painted pictures: blocks along a side, approach."""


class Waiting(FakePainter):
    """A step takes as long as in the simulation, `speed` times as fast."""

    def __init__(self, speed: float) -> None:
        super().__init__(side=8)
        self._speed = speed
        self._rows: dict[int, int] = {}

    async def begin(self, wave: Wave) -> int:
        self._rows[wave.id] = len(wave.rows)
        return await super().begin(wave)

    async def step(self, wave: int, *, preview: bool = False) -> list[Pixels] | None:
        await asyncio.sleep(step_seconds(self._rows[wave]) / self._speed)
        return await super().step(wave, preview=preview)


async def run(trace: Sequence[Came], speed: float) -> dict[str, list[float]]:
    """Seconds of the trace from order to ending, for each way to choose who is next."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), profile="embedded", _env_file=None)  # type: ignore[call-arg] # pydantic's own
        planner = Planner(settings, "embedded")
        return {
            "first": await _run(planner, trace, speed, one_by_one=True),
            "shared": await _run(planner, trace, speed, cut_in=False),
            "cut": await _run(planner, trace, speed),
        }


async def _run(
    planner: Planner, trace: Sequence[Came], speed: float, *, one_by_one: bool = False, cut_in: bool = True
) -> list[float]:
    engine = Engine(planner, Waiting(speed), MOST)
    if not cut_in:
        engine._scheduler.cut_in = lambda _wave, _left: None  # type: ignore[method-assign]  # noqa: SLF001 - the contender without it
    running = asyncio.create_task(engine.run())
    alone = asyncio.Lock()
    begun = time.monotonic()

    async def one(number: int, came: Came) -> float:
        await asyncio.sleep(max(0.0, begun + came.at / speed - time.monotonic()))
        if not one_by_one:
            return await _made(engine, number, came, speed, begun)
        # The lock is fair: who came first is next.
        async with alone:
            return await _made(engine, number, came, speed, begun)

    waits = await asyncio.gather(*(one(number, came) for number, came in enumerate(trace)))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await engine.close()
    return list(waits)


async def _made(engine: Engine, number: int, came: Came, speed: float, begun: float) -> float:
    blocks, approach = SHAPES[came.rows]
    order = MakeGrid.model_validate(
        {"prompt": "a cat", "blocks": blocks, "approach": approach, "steps": came.steps, "seed": number}
    )
    job = Job(id=new_id(), turn=number, work=order)
    ended = [event async for event in engine.submit(job).follow() if event][-1]
    if not isinstance(ended, GridMade):
        raise TypeError(f"A grid was not made: {ended}")
    engine.remove(job.id)
    return (time.monotonic() - begun) * speed - came.at
