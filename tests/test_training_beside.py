"""Training in the engine that paints: the same pictures to the bit, and the trained style used by the next grid."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.contract.events import GridMade, GridPlanned, JobFailed, PicturePainted
from engine.contract.ids import new_id
from engine.contract.orders import Job
from engine.contract.training import EpochEnded, StyleTrained, TrainStyle
from engine.diffusion import DiffusionPainter
from engine.engine import Engine
from engine.planner import Planner
from engine.settings import Settings
from tests.engines import events, grid

ORDER = TrainStyle(
    name="half", source="embedded", images=8, epochs=2, patience=9, batch=4, rank=2, seed=7, words="in pencil"
)


def pictures(told: list[object]) -> dict[str, str | None]:
    return {event.cell: event.sha256 for event in told if isinstance(event, PicturePainted)}


async def painted_beside(engine: Engine, training: bool) -> dict[str, str | None]:
    running = engine.submit(Job(id=new_id(), work=ORDER)) if training else None
    while running and not any(isinstance(event, EpochEnded) for event in running._events):
        assert running.alive, running._events
        await asyncio.sleep(0)
    work = grid(blocks=1, approach=1, seed=11)
    told = await events(engine.submit(work))
    assert isinstance(told[-1], GridMade), told[-1]
    if running:
        ending = (await events(running))[-1]
        assert isinstance(ending, StyleTrained), ending
    return pictures(list(told))


@pytest.mark.timeout(240)
async def test_pictures_beside_a_training_are_the_same_to_the_bit_and_its_style_is_used_next(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    settings = Settings(data_dir=tmp_path, profile="embedded", training_share=0.5, _env_file=None)
    engine = Engine(Planner(settings, "embedded"), DiffusionPainter(settings, "embedded"))
    painting = asyncio.create_task(engine.run())
    try:
        alone = await painted_beside(engine, training=False)
        beside = await painted_beside(engine, training=True)
        styled = await events(engine.submit(grid(blocks=1, approach=2, style="half", seed=11)))
        twice = await events(engine.submit(grid(blocks=1, approach=2, style="half", seed=11)))
        taken = (await events(engine.submit(Job(id=new_id(), work=ORDER))))[-1]
    finally:
        painting.cancel()
        await asyncio.gather(painting, return_exceptions=True)
        await engine.close()

    plan = next(event.plan for event in styled if isinstance(event, GridPlanned))
    own = next(cell.cell for cell in plan.cells if cell.unique)
    assert alone == beside
    assert pictures(list(styled))[own] != alone[own]
    # An adapter's dropout that went on while painting would show here.
    assert pictures(list(styled))[own] == pictures(list(twice))[own]
    assert plan.recipe.dressed_prompt.endswith(", in pencil")
    assert isinstance(taken, JobFailed)
    assert taken.detail.startswith("There is already a style “half”.")
    assert np.isfinite(engine.guest.seconds)
