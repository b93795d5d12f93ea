"""Cold starts: from the start of a process to ready, to the first picture and to a whole grid."""

from pathlib import Path
from typing import Any

from bench import fresh, report
from bench.grids import NAMES
from bench.rounds import alternate, spread
from bench.size import Size

WHO = {"ours": "Tessera", "one": NAMES["one"], "batched": NAMES["batched"]}
MOMENTS = ("ready", "first", "painted")


async def measure(folder: Path, size: Size) -> dict[str, Any]:
    """Seconds, and the most memory in MiB."""

    def contender(name: str) -> Any:
        async def run() -> dict[str, float]:
            return fresh.measure(name, folder, size.blocks)

        return run

    marks = await alternate({name: contender(name) for name in WHO}, size.rounds, size.limit_s)
    return {name: {key: spread([mark[key] for mark in all_]) for key in all_[0]} for name, all_ in marks.items()}


def table(found: dict[str, Any]) -> str:
    body = [
        (name, *(report.spread(found[who][key]) for key in MOMENTS), f"{found[who]['peak_mib']['median']:.0f} MiB")
        for who, name in WHO.items()
    ]
    return report.rows(("a grid of approach 3 by", "ready", "first picture", "painted", "most memory"), body)
