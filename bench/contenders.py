"""Who paints: Tessera's engine in a process of its own, its painter alone, and plain diffusers in two ways."""

import asyncio
import time
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import torch

from bench.rounds import Contender, Marks
from bench.work import SEED, Work
from engine import setup
from engine.contract.client import EngineClient
from engine.contract.errors import from_reason
from engine.contract.events import GridMade, GridPlanned, JobFailed, PicturePainted, Progress
from engine.contract.grid import Judged, as_json
from engine.contract.ids import new_id
from engine.contract.orders import Job
from engine.diffusion import DiffusionPainter
from engine.grid_files import Folder
from engine.scheduler import Scheduler

# Pictures whose arithmetic is counted, and whose parts are timed.
WAVE = 16


def engine(client: EngineClient, work: Work, out: Path) -> Contender:
    """The whole way over the engine's socket: plan, paint, preview, judge, encode, fetch, lay the sheet out.

    Each time with another seed, as the engine's judge remembers pictures: photos come again, painted pictures do not.
    """
    seeds = count(SEED)

    async def run() -> Marks:
        start = time.perf_counter()
        job = Job(id=new_id(), work=work.order.model_copy(update={"seed": next(seeds)}))
        marks: Marks = {}
        plan, score = work.plan, None
        judged: dict[str, Judged] = {}
        pictures: dict[str, bytes] = {}
        async for event in client.run(job):
            now = time.perf_counter() - start
            match event:
                case GridPlanned():
                    plan = event.plan
                    painted_cells = {cell.cell for cell in plan.cells if cell.seed is not None}
                case Progress(preview=str()):
                    marks.setdefault("preview", now)
                case PicturePainted():
                    if event.cell in painted_cells:
                        marks.setdefault("first", now)
                    judged[event.cell] = Judged.model_validate(event.model_dump())
                    pictures[event.cell] = await client.picture(job.id, event.cell)
                case GridMade():
                    score = event.score
                    marks["painted"] = now
                case JobFailed():
                    raise from_reason(event.reason, event.detail)
        await client.cancel(job.id)
        order = work.order
        grid = as_json(job.id, order.prompt, order.approach, order.blocks, plan, judged, score)
        await asyncio.to_thread(Folder(out).write, grid, plan, pictures)
        return {**marks, "sheet": time.perf_counter() - start}

    return run


def painter(painter: DiffusionPainter, work: Work, **mix: Any) -> Contender:
    """Painting alone, in waves as the engine does it; `mix` changes fields of the mix."""

    async def run() -> Marks:
        start_time = time.perf_counter()
        scheduler = Scheduler(setup.MOST, later=setup.LATER)
        scheduler.add("bench", 0, replace(work.mix, **mix), work.rows)
        while wave := scheduler.next(painter.most):
            for _ in range(await painter.begin(wave)):
                await painter.step(wave.id)
            await painter.finish(wave.id)
        return {"painted": time.perf_counter() - start_time}

    return run


def plain(pipe: Any, work: Work, batch: int) -> Contender:
    """Diffusers' pipeline as anybody would call it: `batch` pictures a call, 1 is the original's way."""

    async def run() -> Marks:
        start_time = time.perf_counter()
        for start in range(0, len(work.rows), batch):
            await asyncio.to_thread(call, pipe, work, start, batch)
        return {"painted": time.perf_counter() - start_time}

    return run


def pipeline(folder: Path) -> Any:
    """Plain StableDiffusionPipeline, nothing changed."""
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(
        folder, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def call(pipe: Any, work: Work, start: int, batch: int) -> None:
    """Paint `batch` rows of the work from `start` on."""
    rows = work.rows[start : start + batch]
    pipe(
        [row.prompt for row in rows],
        negative_prompt=[row.negative for row in rows],
        num_inference_steps=work.mix.steps,
        guidance_scale=work.mix.guidance,
        generator=[torch.Generator().manual_seed(row.seed) for row in rows],
    )
