"""The engine as a person starts it, with a checkpoint of the real shape: ready, the first grid while it compiles, then
the ones after; and a second start, from what the first one measured and compiled.
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from bench import served
from bench.architectures import Model
from bench.gpu import checkpoints
from engine.contract.client import EngineClient
from engine.contract.errors import from_reason
from engine.contract.events import GridMade, JobFailed, PicturePainted, Progress
from engine.contract.ids import new_id
from engine.contract.orders import Job, MakeGrid
from engine.settings import Settings

# The denoising model and the decoder.
FORMS = 2
COMPILED_WITHIN = 180.0
# Grids after the one that is ordered at once.
LATER = {"first": 2, "second": 1}


def starts(model: Model, *, tiny: bool, memory: float | None = None) -> list[dict[str, Any]]:
    """Seconds: to ready, and of each grid from its order to the first preview, the first picture, the last that was
    heard of painting (told every fifth of a second), and the whole grid.

    `compiling_s`: what the grid's engine had spent on compiling when the grid was made, beside painting it. `wave`: the
    pictures that it paints together. `memory`: GiB of the card that the engine may take, as if it had no more.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        checkpoints.lay(Path(folder) / "hub", model, tiny=tiny)
        for part in (model.unet, model.vae):
            part.to("cpu")
        limits = _limits(memory, model)
        found = [row for name in LATER for row in asyncio.run(_start(name, Path(folder), model, limits, tiny=tiny))]
    for part in (model.unet, model.vae):
        part.to(model.device)
    return found


def _limits(memory: float | None, model: Model) -> dict[str, str]:
    """Variables of the engine's process."""
    if memory is None or model.device.type != "cuda":
        return {}
    share = memory * 2**30 / torch.cuda.mem_get_info(model.device)[1]
    return {"PYTORCH_ALLOC_CONF": f"per_process_memory_fraction:{share:.4f}"}


async def _start(name: str, folder: Path, model: Model, limits: dict[str, str], *, tiny: bool) -> list[dict[str, Any]]:
    settings = Settings(data_dir=folder, _env_file=None)  # type: ignore[call-arg] # pydantic's own
    log, found = folder / "engine.log", []
    hub = {"PROFILE": "full", "HF_HOME": str(folder / "hub"), "HF_HUB_OFFLINE": "1"}
    order = MakeGrid(prompt="a cat", approach=3, blocks=2 if tiny else 4, seed=7, steps=2 if tiny else model.steps)
    begun = time.perf_counter()
    async with served.engine(settings, **hub, **limits) as client:
        ready = round(time.perf_counter() - begun, 2)
        for number in range(1 + LATER[name]):
            if number and model.device.type == "cuda":
                await asyncio.to_thread(_wait, log)
            marks = await _grid(client, order.model_copy(update={"seed": 7 + number}))
            told = {
                "start": name,
                "ready_s": ready,
                "wave": (await client.health())["wave"],
                "grid": number + 1,
                **marks,
            }
            found.append({**told, "compiling_s": round(sum(_compilings(log)), 1)})
            print(found[-1], flush=True)
        begun = time.perf_counter()
    print(f"stopped in {time.perf_counter() - begun:.1f} s; its log:\n{log.read_text()}", flush=True)
    return found


async def _grid(client: EngineClient, order: MakeGrid) -> dict[str, float]:
    job, begun, marks = Job(id=new_id(), work=order), time.perf_counter(), {}
    async for event in client.run(job):
        now = round(time.perf_counter() - begun, 3)
        match event:
            case Progress(phase="painting"):
                marks["painting_s"] = now
                if event.preview:
                    marks.setdefault("preview_s", now)
            case PicturePainted():
                marks.setdefault("first_s", now)
                await client.picture(job.id, event.cell)
            case GridMade():
                marks["made_s"] = now
            case JobFailed():
                raise from_reason(event.reason, event.detail)
    await client.cancel(job.id)
    return {name: marks.get(name, 0.0) for name in ("preview_s", "first_s", "painting_s", "made_s")}


def _wait(log: Path) -> None:
    """Until both models are compiled; where one cannot be, the log says so."""
    until = time.monotonic() + COMPILED_WITHIN
    while len(_compilings(log)) < FORMS and "cannot be compiled" not in log.read_text() and time.monotonic() < until:
        time.sleep(0.2)


def _compilings(log: Path) -> list[float]:
    """Seconds of each, as the engine's log tells them."""
    entries = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [entry["seconds"] for entry in entries if entry.get("text") == "compiled"]
