"""The same trace for real: the engine, its queue of events, and a painter that waits instead of painting."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.trace import Arrival
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


async def run(trace: Sequence[Arrival], speed: float) -> dict[str, list[float]]:
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
    planner: Planner, trace: Sequence[Arrival], speed: float, *, one_by_one: bool = False, cut_in: bool = True
) -> list[float]:
    engine = Engine(planner, Waiting(speed), MOST)
    if not cut_in:
        engine._scheduler.cut_in = lambda _wave, _left: None  # type: ignore[method-assign]  # noqa: SLF001 - the contender without it
    task = asyncio.create_task(engine.run())
    lock = asyncio.Lock()
    start = time.monotonic()

    async def one(number: int, arrival: Arrival) -> float:
        await asyncio.sleep(max(0.0, start + arrival.at / speed - time.monotonic()))
        if not one_by_one:
            return await _paint(engine, number, arrival, speed, start)
        # The lock is fair: who came first is next.
        async with lock:
            return await _paint(engine, number, arrival, speed, start)

    waits = await asyncio.gather(*(one(number, arrival) for number, arrival in enumerate(trace)))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await engine.close()
    return list(waits)


async def _paint(engine: Engine, number: int, arrival: Arrival, speed: float, start: float) -> float:
    blocks, approach = SHAPES[arrival.rows]
    order = MakeGrid.model_validate(
        {"prompt": "a cat", "blocks": blocks, "approach": approach, "steps": arrival.steps, "seed": number}
    )
    job = Job(id=new_id(), turn=number, work=order)
    ending = [event async for event in engine.submit(job).follow() if event][-1]
    if not isinstance(ending, GridMade):
        raise TypeError(f"A grid was not made: {ending}")
    engine.remove(job.id)
    return (time.monotonic() - start) * speed - arrival.at
