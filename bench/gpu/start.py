"""The engine as a person starts it, with a checkpoint of the real shape, and the bot that asks it: ready, the first
grid while it compiles, then the ones after; and a second start, from what the first one measured and compiled.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import torch

from bench import chain, served
from bench.architectures import Model
from engine.settings import Settings

# The denoising model and the decoder.
FORMS = 2
COMPILED_WITHIN = 180.0
# Grids after the one that is ordered at once.
LATER = {"first": 2, "second": 1}


def starts(model: Model, *, tiny: bool, memory: float | None = None) -> Iterator[dict[str, Any]]:
    """Seconds: to ready, and of each grid from its command to what is seen, up to the posted sheet (chain.MOMENTS).

    `compiling_s`: what the grid's engine had spent on compiling when the grid was made, beside painting it. `wave`: the
    pictures that it paints together. `memory`: GiB of the card that the engine may take, as if it had no more.
    """
    from bench.gpu import checkpoints

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        checkpoints.lay(Path(folder) / "hub", model, tiny=tiny)
        for part in (model.unet, model.vae):
            part.to("cpu")
        limits = _limits(memory, model)
        for name in LATER:
            with asyncio.Runner() as runner:
                grids = _start(name, Path(folder), model, limits, tiny=tiny)
                while row := runner.run(_next(grids)):
                    yield row
    for part in (model.unet, model.vae):
        part.to(model.device)


def _limits(memory: float | None, model: Model) -> dict[str, str]:
    """Variables of the engine's process."""
    if memory is None or model.device.type != "cuda":
        return {}
    share = memory * 2**30 / torch.cuda.mem_get_info(model.device)[1]
    return {"PYTORCH_ALLOC_CONF": f"per_process_memory_fraction:{share:.4f}"}


async def _start(
    name: str, folder: Path, model: Model, limits: dict[str, str], *, tiny: bool
) -> AsyncIterator[dict[str, Any]]:
    settings = Settings(data_dir=folder, _env_file=None)  # type: ignore[call-arg] # pydantic's own
    log, watch = folder / "engine.log", chain.Watch()
    hub = {"PROFILE": "full", "HF_HOME": str(folder / "hub"), "HF_HUB_OFFLINE": "1"}
    start = time.perf_counter()
    async with AsyncExitStack() as stack:
        stack.callback(lambda: print(log.read_text(), flush=True))
        client = await stack.enter_async_context(served.engine(settings, **hub, **limits))
        ready_s = round(time.perf_counter() - start, 2)
        print(f"{name} start: ready after {ready_s} s", flush=True)
        app, chat = await chain.bot(folder, watch, stack)
        order = chain.ordering(app, chat, watch, blocks=2 if tiny else 4, steps=2 if tiny else model.steps)
        for number in range(1 + LATER[name]):
            if number and model.device.type == "cuda":
                await asyncio.to_thread(_wait, log)
            marks = await order()
            columns = {"start": name, "ready_s": ready_s, "wave": (await client.health())["wave"], "grid": number + 1}
            moments = {f"{moment}_s": round(marks.get(moment, 0.0), 3) for moment in chain.MOMENTS}
            yield {**columns, **moments, "compiling_s": round(sum(_compilings(log)), 1)}
        start = time.perf_counter()
    print(f"stopped in {time.perf_counter() - start:.1f} s", flush=True)


async def _next(grids: AsyncIterator[dict[str, Any]]) -> dict[str, Any] | None:
    return await anext(grids, None)


def _wait(log: Path) -> None:
    """Until both models are compiled; where one cannot be, the log says so."""
    until = time.monotonic() + COMPILED_WITHIN
    while len(_compilings(log)) < FORMS and "cannot be compiled" not in log.read_text() and time.monotonic() < until:
        time.sleep(0.2)


def _compilings(log: Path) -> list[float]:
    """Seconds of each, as the engine's log tells them."""
    entries = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [entry["seconds"] for entry in entries if entry.get("text") == "compiled"]
