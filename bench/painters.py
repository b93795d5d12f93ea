"""How much more several painters of a Ray cluster paint than one.

They wait instead of painting, so what is measured is everything around the painting: waves handed out, calls, pixels,
judging, reports. Nodes join the running cluster, so numbers of painters are measured one after the other, not in turns.
"""

import asyncio
import time
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench import plot, report
from bench.grids import settings_in
from bench.rounds import spread
from bench.size import Size
from bench.waiting import waiting
from engine.contract.events import GridMade
from engine.engine import Engine
from tests.clusters import Nodes, cluster
from tests.engines import events, grid, running_engine

STEPS, WAVES_EACH, ROWS = 12, 4, 4
ROUNDS = 3
# Far less than Ray takes by itself (30 % of the memory). A store that is nearly full makes Ray tell all processes to
# look for garbage, which took sixteen of them two seconds.
STORE_MB = 1024
GOAL = 0.95
WAYS = {"ahead": "a step ahead, as a card", "each": "at each step"}
ABSENT = "Not measured, as Ray is not installed here: `pip install tessera[cluster]`."


async def measure(folder: Path, size: Size) -> dict[str, Any]:
    """Seconds, and the share of what so many painters would do of whom none ever waits for anything."""
    if find_spec("ray") is None:
        return {"absent": ABSENT}
    results = {}
    for way in WAYS:
        await asyncio.to_thread((folder / way).mkdir)
        with cluster(places=1, store_mb=STORE_MB) as nodes:
            results[way] = await _measure(nodes, folder / way, size, ahead=way == "ahead")
    return {"ray": version("ray"), "wave_s": size.wave_s, "painters": results}


def table(results: dict[str, Any]) -> str:
    if "absent" in results:
        return str(results["absent"])
    body = [
        (WAYS[way], painters, report.spread(value["seconds"]), report.spread(value["share"], digits=3))
        for way, counts in results["painters"].items()
        for painters, value in counts.items()
    ]
    verdicts = "; ".join(f"{WAYS[way]}: {_verdict(counts)}" for way, counts in results["painters"].items())
    head = (
        f"Ray {results['ray']}, painters that wait {results['wave_s']:g} s a wave; nodes join, so these are no turns. "
        f"The aim, {GOAL} of N times one painter that never waits for anything, is reached or missed, where they wait "
        f"{verdicts}. A card's painter answers a step when the one before it is done, so that what lies between two "
        "steps, or two waves, costs nothing as long as it is shorter than a step."
    )
    columns = ("they wait", "painters", f"seconds for {WAVES_EACH} waves each", "share of N")
    return "\n\n".join([head, report.rows(columns, body)])


def plots(results: dict[str, Any]) -> dict[str, str]:
    if "absent" in results:
        return {}
    counts = results["painters"]["ahead"]
    points = {int(painters): int(painters) * value["share"]["median"] for painters, value in counts.items()}
    title = "times one painter that never waits for anything, by painters"
    return {"painters": plot.line(title, points, unit="", digits=2)}


def _verdict(counts: dict[str, Any]) -> str:
    missed = [painters for painters, value in counts.items() if value["share"]["median"] < GOAL]
    return f"missed with {', '.join(missed)}" if missed else "reached with all"


async def _measure(nodes: Nodes, folder: Path, size: Size, *, ahead: bool) -> dict[str, Any]:
    # Only now, as Ray reads the environment when it is imported.
    from engine.cluster.painters import RayPainters

    pool = RayPainters(settings_in(folder), "embedded", partial(waiting, size.wave_s / STEPS, ahead))
    results: dict[str, Any] = {}
    async with running_engine(folder, pool, most=ROWS) as engine:
        node_count = 1
        for count in size.painters:
            if count > node_count:
                nodes.add(count - node_count)
                node_count = count
            while len(pool.painters) < count:  # noqa: ASYNC110 - painters come when they are ready
                await asyncio.sleep(0.1)
            seconds = [await _paint(engine, count) for _ in range(ROUNDS)]
            results[str(count)] = {
                "seconds": spread(seconds),
                "share": spread([WAVES_EACH * size.wave_s / took for took in seconds]),
            }
    return results


async def _paint(engine: Engine, painters: int) -> float:
    """Seconds for one grid of 16 pictures for every painter, all ordered at once."""
    start = time.perf_counter()
    jobs = [grid(approach=3, blocks=2, seed=number, steps=STEPS) for number in range(painters)]
    all_events = await asyncio.gather(*(events(engine.submit(job)) for job in jobs))
    if not all(isinstance(grid_events[-1], GridMade) for grid_events in all_events):
        raise RuntimeError("A grid failed.")
    return time.perf_counter() - start
