"""Grids beside a training: how much longer they take, large and small ones, and what the training gets.

In turns on one engine: the grid alone, the same grid while a style is trained. Every grid has all its pictures painted.
"""

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

from bench import report
from bench.grids import settings_in
from bench.rounds import LEAST, ratio, spread
from bench.size import Size
from engine.contract.events import GridMade
from engine.contract.ids import new_id
from engine.contract.orders import Job, MakeGrid
from engine.contract.training import TrainStyle
from engine.diffusion import DiffusionPainter
from engine.engine import Engine
from engine.planner import Planner
from engine.quiet import quiet
from engine.running import Running

LONGEST_TRAINING = 1000


async def measure(folder: Path, size: Size) -> dict[str, Any]:
    """Seconds of every grid, and the training's share of the time beside it."""
    quiet()
    settings = settings_in(folder)
    engine = Engine(Planner(settings, "embedded"), DiffusionPainter(settings, "embedded"))
    painting = asyncio.create_task(engine.run())
    try:
        await _grid(engine, 1)
        grids = {str(side): await _compare(engine, side, min(LEAST, size.rounds)) for side in size.trained}
    finally:
        painting.cancel()
        await asyncio.gather(painting, return_exceptions=True)
        await engine.close()
    return {"share_wanted": settings.training_share, "grids": grids}


def table(results: dict[str, Any]) -> str:
    body = [
        (
            grid["pictures"],
            report.spread(grid["alone"]),
            report.spread(grid["beside"]),
            report.percent({key: grid["longer"][key] - 1 for key in ("least", "median", "most")}),
            report.percent(grid["share"]),
        )
        for grid in results["grids"].values()
    ]
    head = f"While grids are painted a training is to get {results['share_wanted']:.0%} of the time."
    columns = ("painted pictures", "alone, s", "beside a training, s", "longer", "the training's share")
    return "\n\n".join([head, report.rows(columns, body)])


async def _compare(engine: Engine, blocks: int, rounds: int) -> dict[str, Any]:
    alone, beside, shares = [], [], []
    for _ in range(rounds):
        alone.append(await _grid(engine, blocks))
        async with _training(engine):
            before = engine.guest.seconds
            beside.append(await _grid(engine, blocks))
            shares.append((engine.guest.seconds - before) / beside[-1])
    return {
        "pictures": 4 * blocks**2,
        "alone": spread(alone),
        "beside": spread(beside),
        "longer": ratio(beside, alone),
        "share": spread(shares),
    }


async def _grid(engine: Engine, blocks: int) -> float:
    order = MakeGrid(prompt="a cat wearing neon-glasses", approach=3, blocks=blocks, seed=7)
    start = time.perf_counter()
    job = Job(id=new_id(), work=order)
    ending = [event async for event in engine.submit(job).follow() if event][-1]
    if not isinstance(ending, GridMade):
        raise TypeError(f"A grid was not made: {ending}")
    engine.remove(job.id)
    return time.perf_counter() - start


@contextlib.asynccontextmanager
async def _training(engine: Engine) -> Any:
    """A training that takes steps from beginning to end of this context."""
    order = TrainStyle(name=f"bench-{new_id()}", source="embedded", images=24, epochs=LONGEST_TRAINING, patience=100)
    job = Job(id=new_id(), work=order)
    running: Running = engine.submit(job)
    while not running.progress or running.progress.phase != "training":
        if not running.alive:
            raise RuntimeError("The training ended before it began.")
        await asyncio.sleep(0.05)
    try:
        yield
    finally:
        engine.remove(job.id)
        async for _ in running.follow():
            pass
        engine.remove(job.id)
