"""Cold starts: from the start of a process to ready, to the first picture and to a grid of 16."""

from pathlib import Path
from typing import Any

from bench import fresh, plot, report
from bench.grids import NAMES
from bench.rounds import alternate, spread
from bench.size import Size

WHO = {"ours": "Tessera", "one": NAMES["one"], "batched": NAMES["batched"]}
MOMENTS = ("ready", "first", "painted")
# One wave: the first pictures of a larger grid come no sooner.
BLOCKS = 2


async def measure(folder: Path, size: Size) -> dict[str, Any]:
    """Seconds, and the most memory in MiB."""

    def contender(name: str) -> Any:
        async def run() -> dict[str, float]:
            return fresh.measure(name, folder, BLOCKS)

        return run

    marks = await alternate({name: contender(name) for name in WHO}, size.rounds, size.limit_s, warm=())
    return {name: {key: spread([mark[key] for mark in all_]) for key in all_[0]} for name, all_ in marks.items()}


def table(results: dict[str, Any]) -> str:
    body = [
        (name, *(report.spread(results[who][key]) for key in MOMENTS), f"{results[who]['peak_mib']['median']:.0f} MiB")
        for who, name in WHO.items()
    ]
    return report.rows(("16 pictures by", "ready, s", "first picture, s", "painted, s", "most memory"), body)


def plots(results: dict[str, Any]) -> dict[str, str]:
    values = {f"{name}, {moment}": results[who][moment] for who, name in WHO.items() for moment in ("ready", "first")}
    return {"starts": plot.bars("Seconds from the start of a process to ready and to the first picture", values)}
