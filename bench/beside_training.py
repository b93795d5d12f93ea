"""Grids beside a training: how much longer they take, large and small ones, and what the training gets.

    python -m bench.beside_training [--blocks 1 2 4] [--rounds 3]

In turns on one engine: the grid alone, the same grid while a style is trained. Every grid has all its pictures painted.
"""

import argparse
import asyncio
import contextlib
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.machine import describe, line
from bench.rounds import ratio, spread
from engine.contract.events import GridMade
from engine.contract.ids import new_id
from engine.contract.orders import Job, MakeGrid
from engine.contract.training import TrainStyle
from engine.diffusion import DiffusionPainter
from engine.engine import Engine
from engine.painter import Painter
from engine.planner import Planner
from engine.quiet import quiet
from engine.running import Running
from engine.settings import Settings

RESULT = Path(__file__).parent / "results" / "beside_training.json"
LONGEST_TRAINING = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), profile="embedded", _env_file=None)  # type: ignore[call-arg] # pydantic's own
        painter = DiffusionPainter(settings, "embedded")
        found = asyncio.run(measure(settings, painter, given.blocks, given.rounds))
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1))
    print(table(found))


async def measure(settings: Settings, painter: Painter, blocks: list[int], rounds: int) -> dict[str, Any]:
    """Seconds of every grid, and the training's share of the time beside it."""
    engine = Engine(Planner(settings, "embedded"), painter)
    painting = asyncio.create_task(engine.run())
    found: dict[str, Any] = {"machine": describe(), "share_wanted": settings.training_share, "grids": {}}
    try:
        await _grid(engine, 1)
        for side in blocks:
            found["grids"][str(side)] = await _compare(engine, side, rounds)
    finally:
        painting.cancel()
        await asyncio.gather(painting, return_exceptions=True)
        await engine.close()
    return found


def table(found: dict[str, Any]) -> str:
    rows = [
        f"| {grid['pictures']} | {grid['alone']['median']:.2f} s | {grid['beside']['median']:.2f} s "
        f"| {grid['longer']['median'] - 1:+.1%} "
        f"({grid['longer']['least'] - 1:+.1%} … {grid['longer']['most'] - 1:+.1%}) "
        f"| {grid['share']['median']:.1%} |"
        for grid in found["grids"].values()
    ]
    head = "| painted pictures | alone | beside a training | longer | the training's share |"
    return "\n".join([head, "|---|---|---|---|---|", *rows, "", line(found["machine"])])


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
    begun = time.perf_counter()
    job = Job(id=new_id(), work=order)
    ending = [event async for event in engine.submit(job).follow() if event][-1]
    if not isinstance(ending, GridMade):
        raise TypeError(f"A grid was not made: {ending}")
    engine.remove(job.id)
    return time.perf_counter() - begun


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


if __name__ == "__main__":
    main()
