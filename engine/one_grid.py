"""A grid for somebody at a terminal: order it, watch it, write its files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.contract.errors import PaintingFailed, from_reason
from engine.contract.events import GridMade, GridPlanned, JobFailed, PicturePainted, Progress
from engine.contract.grid import GridScore, Judged, Plan, as_json
from engine.contract.ids import new_id
from engine.contract.orders import Job, MakeGrid
from engine.grid_bar import GridBar
from engine.grid_files import Folder
from engine.local import Paints, engine_for
from engine.settings import Settings


async def one_grid(settings: Settings, order: MakeGrid, out: Path | None) -> dict[str, Any]:
    """The grid as JSON, its files written. Raises the errors of engine.contract.errors."""
    job = Job(id=new_id(), work=order)
    folder = Folder(out or settings.data_dir.absolute() / "grids" / job.id)
    async with engine_for(settings) as engine:
        return await _paint(engine, job, folder)


async def several(settings: Settings, orders: Sequence[MakeGrid], out: Path) -> list[dict[str, Any]]:
    """One grid after the other with the same engine; each in a folder named for its approach."""
    folders = [Folder(out / f"approach-{order.approach}") for order in orders]
    async with engine_for(settings) as engine:
        jobs = [Job(id=new_id(), work=order) for order in orders]
        return [await _paint(engine, job, folder) for job, folder in zip(jobs, folders, strict=True)]


async def _paint(engine: Paints, job: Job, folder: Folder) -> dict[str, Any]:
    plan: Plan | None = None
    score: GridScore | None = None
    judged: dict[str, Judged] = {}
    pictures: dict[str, bytes] = {}
    with GridBar(f"approach {job.grid.approach}") as bar:
        async for event in engine.run(job):
            match event:
                case GridPlanned():
                    plan = event.plan
                    bar.show_prompts(plan)
                case Progress():
                    bar.update(event)
                case PicturePainted():
                    judged[event.cell] = Judged.model_validate(event.model_dump())
                    if event.sha256:
                        pictures[event.cell] = await engine.picture(job.id, event.cell)
                case GridMade():
                    score = event.score
                    bar.complete(len(judged))
                case JobFailed():
                    raise from_reason(event.reason, event.detail)
    await engine.cancel(job.id)
    if plan is None or score is None:
        message = "The engine ended without a grid."
        raise PaintingFailed(message)
    return _write(job, plan, judged, score, pictures, folder)


def _write(
    job: Job,
    plan: Plan,
    judged: dict[str, Judged],
    score: GridScore,
    pictures: Mapping[str, bytes],
    folder: Folder,
) -> dict[str, Any]:
    order = job.grid
    return folder.write(
        as_json(job.id, order.prompt, order.approach, order.blocks, plan, judged, score), plan, pictures
    )
