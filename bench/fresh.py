"""One contender in a process of its own: seconds from the process's start to ready and to pictures, and its memory.

`python -m bench.fresh NAME BEGUN DATA_DIR BLOCKS` prints one JSON object; BEGUN is when it was started.
"""

import asyncio
import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.served import environment
from bench.work import PROMPT, SEED


def measure(name: str, data_dir: Path, blocks: int) -> dict[str, float]:
    """Start a process for `name`, one of CONTENDERS; it paints a grid of approach 3."""
    command = [sys.executable, "-m", "bench.fresh", name, str(time.time()), str(data_dir), str(blocks)]
    process = subprocess.run(command, env=environment(data_dir), check=True, stdout=subprocess.PIPE)
    marks: dict[str, float] = json.loads(process.stdout)
    return marks


def ours(begun: float, data_dir: Path, blocks: int) -> dict[str, float]:
    """The engine as `python -m engine grid` builds it, and one grid of approach 3."""
    from engine import setup
    from engine.contract.events import GridMade, PicturePainted
    from engine.contract.ids import new_id
    from engine.contract.orders import Job, MakeGrid
    from engine.settings import Settings

    marks = {}

    async def paint() -> None:
        engine, _ = setup.build(Settings(data_dir=data_dir, profile="embedded"))
        marks["ready"] = time.time() - begun
        task = asyncio.create_task(engine.run())
        order = MakeGrid(prompt=PROMPT, approach=3, seed=SEED, blocks=blocks)
        async for event in engine.submit(Job(id=new_id(), work=order)).follow():
            if isinstance(event, PicturePainted):
                marks.setdefault("first", time.time() - begun)
            if isinstance(event, GridMade):
                marks["painted"] = time.time() - begun
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await engine.close()

    asyncio.run(paint())
    return marks


def one(begun: float, data_dir: Path, blocks: int) -> dict[str, float]:
    """Plain diffusers, one picture at a time."""
    return _plain(begun, data_dir, blocks, 1)


def batched(begun: float, data_dir: Path, blocks: int) -> dict[str, float]:
    """Plain diffusers, all pictures of the grid in one batch."""
    return _plain(begun, data_dir, blocks, 4 * blocks**2)


def _plain(begun: float, data_dir: Path, blocks: int, batch: int) -> dict[str, float]:
    from bench import contenders, work
    from engine import embedded
    from engine.planner import Planner
    from engine.quiet import quiet
    from engine.settings import Settings

    quiet()
    pipe = contenders.pipeline(embedded.PIPELINE)
    marks = {"ready": time.time() - begun}
    planner = Planner(Settings(data_dir=data_dir), "embedded")
    grid_work = asyncio.run(work.plan(planner, 3, blocks))
    for start in range(0, len(grid_work.rows), batch):
        contenders.call(pipe, grid_work, start, batch)
        marks.setdefault("first", time.time() - begun)
    return {**marks, "painted": time.time() - begun}


CONTENDERS: dict[str, Callable[[float, Path, int], dict[str, float]]] = {"ours": ours, "one": one, "batched": batched}


def main(name: str, begun: str, data_dir: str, blocks: str) -> None:
    marks: dict[str, Any] = CONTENDERS[name](float(begun), Path(data_dir), int(blocks))
    marks["peak_mib"] = _peak() / 2**20
    print(json.dumps({key: round(value, 2) for key, value in marks.items()}))


def _peak() -> float:
    """Most bytes of memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():
        # The kernel's other count, ru_maxrss, is inherited from the process that started this one.
        return 1024 * float(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1])  # type: ignore[index] # always there
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main(*sys.argv[1:])
