"""How soon people who ask at once are acknowledged, while the engine is held."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import plot, report
from bench.rounds import Marks, alternate, spread
from bench.size import Size
from tests.bot_rig import rig
from tests.fake_talk import ANNA


async def measure(folder: Path, size: Size) -> dict[str, Any]:
    """Seconds to the acknowledgement, by people: of the one in the middle and of the 99th of a hundred."""
    entrants = {str(people): _contender(folder, people) for people in size.people}
    marks = await alternate(entrants, size.rounds, size.limit_s)
    return {
        people: {key: spread([mark[key] for mark in all_]) for key in ("median", "p99")}
        for people, all_ in marks.items()
    }


def table(results: dict[str, Any]) -> str:
    body = [
        (people, report.spread(value["median"], 1e3, 0), report.spread(value["p99"], 1e3, 0))
        for people, value in results.items()
    ]
    return report.rows(("people at once", "median, ms", "99th percentile, ms"), body)


def plots(results: dict[str, Any]) -> dict[str, str]:
    points = {int(people): 1e3 * value["p99"]["median"] for people, value in results.items()}
    title = "milliseconds until 99 of 100 are acknowledged, by people at once"
    return {"people": plot.line(title, points, " ms", 0, decades=True)}


async def crowd(folder: Path, people: int) -> list[float]:
    """Seconds from a command to its acknowledgement, one of each person, sorted."""
    took: list[float] = []
    async with rig(folder, waiting_per_server=1000) as bot:
        bot.engine.hold(after=0)

        async def ask(number: int) -> None:
            start = time.perf_counter()
            await bot.hear(replace(ANNA, id=f"p{number}"), "/grid a cat blocks:1")
            took.append(time.perf_counter() - start)

        await asyncio.gather(*(ask(number) for number in range(people)))
    return sorted(took)


def _contender(folder: Path, people: int) -> Callable[[], Awaitable[Marks]]:
    async def run() -> Marks:
        with TemporaryDirectory(dir=folder) as place:
            took = await crowd(Path(place), people)
        return {"median": took[people // 2], "p99": took[max(0, int(people * 0.99) - 1)]}

    return run
