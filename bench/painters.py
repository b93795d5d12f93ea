"""How much more several painters of a Ray cluster paint than one: `python -m bench.painters [1 2 4 8 16]`.

They wait 3 s a wave instead of painting, so what is measured is everything around the painting: waves handed out,
calls, pixels, judging, reports. Nodes join the running cluster, from one painter to sixteen. About five minutes, which
the processes of sixteen painters need a machine of two cores to themselves for.
"""

import asyncio
import json
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from bench.machine import describe, line
from engine.contract.approaches import Profile
from engine.contract.events import GridMade
from engine.engine import Engine
from engine.painter import FakePainter, Painter
from engine.settings import Settings
from tests.clusters import Nodes, cluster
from tests.engines import events, grid, running_engine

PAINTERS = [1, 2, 4, 8, 16]
WAVE_SECONDS, STEPS = 3.0, 12
WAVES_EACH, ROWS, SIDE = 4, 4, 512
ROUNDS = 3
GOAL = 0.95
RESULT = Path(__file__).parent / "results" / "painters.json"


def waiting(_settings: Settings, _profile: Profile, _threads: int) -> Painter:
    """Pictures as large as Stable Diffusion's, in the time of a wave."""
    return FakePainter(SIDE, WAVE_SECONDS / STEPS)


async def measure(nodes: Nodes, folder: Path, painters: list[int]) -> list[dict[str, Any]]:
    # Only now, as Ray reads the environment when it is imported.
    from engine.cluster.painters import RayPainters

    pool = RayPainters(Settings(data_dir=folder, profile="embedded", _env_file=None), "embedded", waiting)
    found = []
    async with running_engine(folder, pool, most=ROWS) as engine:
        here = 1
        for count in painters:
            if count > here:
                nodes.add(count - here)
                here = count
            while len(pool.painters) < count:  # noqa: ASYNC110 - painters come when they are ready
                await asyncio.sleep(0.1)
            rounds = [await paint(engine, count) for _ in range(ROUNDS)]
            share = WAVES_EACH * WAVE_SECONDS / median(rounds)
            found.append({"painters": count, "seconds": rounds, "share": share})
            print(
                f"{count:2} painters: {median(rounds):.2f} s, {share * count:.2f} times one that never waits",
                flush=True,
            )
    return found


async def paint(engine: Engine, painters: int) -> float:
    """Seconds for one grid of 16 pictures for every painter, all ordered at once."""
    begun = time.perf_counter()
    jobs = [grid(approach=3, blocks=2, seed=number, steps=STEPS) for number in range(painters)]
    told = await asyncio.gather(*(events(engine.submit(job)) for job in jobs))
    if not all(isinstance(own[-1], GridMade) for own in told):
        raise RuntimeError("A grid failed.")
    return time.perf_counter() - begun


def main() -> None:
    painters = [int(word) for word in sys.argv[1:]] or PAINTERS
    machine = describe()
    machine["versions"]["ray"] = version("ray")
    with tempfile.TemporaryDirectory() as folder, cluster(places=1) as nodes:
        found = asyncio.run(measure(nodes, Path(folder), painters))
    result = {"machine": machine, "wave_seconds": WAVE_SECONDS, "waves_each": WAVES_EACH, "rows": ROWS, "found": found}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1))
    reached = all(row["share"] >= GOAL for row in found)
    print(f"at least {GOAL} N: {'yes' if reached else 'no'}. {line(machine)}")


if __name__ == "__main__":
    main()
