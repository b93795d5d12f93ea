"""How painting grows: with the blocks of a grid, and with the steps of its pictures."""

from pathlib import Path
from typing import Any

from bench import contenders, plot, report, work
from bench.grids import settings_in
from bench.rounds import alternate, spread
from bench.size import Size
from bench.work import Work
from engine.diffusion import DiffusionPainter
from engine.planner import Planner
from engine.quiet import quiet


async def measure(folder: Path, size: Size) -> dict[str, Any]:
    """Seconds of painting alone, by blocks (approach 3) and by steps (four blocks)."""
    quiet()
    settings = settings_in(folder)
    planner, painter = Planner(settings, "embedded"), DiffusionPainter(settings, "embedded")
    try:
        blocks = {n: await work.plan(planner, 3, n) for n in size.grown_blocks}
        steps = {n: await work.plan(planner, 3, 2, steps=n) for n in size.grown_steps}
        return {
            "blocks": await _measure(painter, blocks, size),
            "steps": await _measure(painter, steps, size),
        }
    finally:
        await painter.close()


def table(results: dict[str, Any]) -> str:
    return "\n\n".join(
        report.rows(
            (axis, "pictures", "seconds of painting", "ms a picture"),
            [
                (n, value["pictures"], report.spread(value["seconds"]), f"{_each(value):.0f}")
                for n, value in values.items()
            ],
        )
        for axis, values in results.items()
    )


def plots(results: dict[str, Any]) -> dict[str, str]:
    return {
        axis: plot.line(f"seconds of painting by {axis}", {int(n): v["seconds"]["median"] for n, v in values.items()})
        for axis, values in results.items()
    }


async def _measure(painter: DiffusionPainter, works: dict[int, Work], size: Size) -> dict[str, Any]:
    entrants = {str(n): contenders.painter(painter, grid_work) for n, grid_work in works.items()}
    marks = await alternate(entrants, size.rounds, size.limit_s, warm=[next(iter(entrants))])
    return {
        str(n): {"pictures": len(grid_work.rows), "seconds": spread([mark["painted"] for mark in marks[str(n)]])}
        for n, grid_work in works.items()
    }


def _each(value: dict[str, Any]) -> float:
    each: float = value["seconds"]["median"] / value["pictures"] * 1e3
    return each
