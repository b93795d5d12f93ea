"""The embedded model on this machine: every approach's grid, what surrounds the painting, how it grows and starts."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import contenders, floor, fresh, machine, parts, quality, served, work
from bench.rounds import Contender, alternate, ratio, spread
from bench.work import Work
from engine import embedded
from engine.diffusion import DiffusionPainter
from engine.planner import Planner
from engine.quiet import quiet
from engine.settings import Settings


@dataclass(frozen=True)
class Size:
    """How much is measured. `scored`: blocks along a side of the grid that the preset is scored on."""

    approaches: Sequence[int]
    blocks: int
    rounds: int
    grown_blocks: Sequence[int]
    grown_steps: Sequence[int]
    scored: int
    starts: int


FULL = Size((1, 2, 3), 4, 5, (1, 2, 4, 8), (6, 12, 25, 50), 6, 3)
QUICK = Size((3,), 2, 3, (1, 2), (6, 12), 2, 1)


async def measure(data_dir: Path, size: Size) -> dict[str, Any]:
    """All that is reported, as plain data; seconds unless named otherwise."""
    quiet()
    settings = Settings(data_dir=data_dir, profile="embedded", _env_file=None)  # type: ignore[call-arg] # pydantic's own
    planner = Planner(settings, "embedded")
    found: dict[str, Any] = {"machine": machine.describe(), "rates": machine.rates()}
    pipe = contenders.pipeline(embedded.PIPELINE)
    found["floor"] = _floor(pipe, found["rates"])
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(served.engine(settings))
        painter = DiffusionPainter(settings, "embedded")
        stack.push_async_callback(painter.close)
        found["grids"] = []
        for approach in size.approaches:
            planned = await work.plan(planner, approach, size.blocks)
            _say(f"{planned}: {len(planned.rows)} painted pictures, {size.rounds} rounds")
            entrants = _entrants(client, painter, pipe, planned, data_dir)
            found["grids"].append(_summary(planned, await alternate(entrants, size.rounds), found["floor"]))
        found["parts"] = await parts.measure(painter, planned, size.rounds)
        _say("growth with blocks and steps")
        found["growth"] = await _growth(planner, painter, size)
        found["fast"] = await quality.compare(painter, await work.plan(planner, 3, size.scored), quality="fast")
    _say("cold starts")
    found["fresh"] = _starts(data_dir, size)
    return found


def _entrants(client: Any, painter: Any, pipe: Any, planned: Work, data_dir: Path) -> dict[str, Contender]:
    return {
        "engine": contenders.engine(client, planned, data_dir / "grid"),
        "one": contenders.plain(pipe, planned, 1),
        "painter": contenders.painter(painter, planned),
        "batched": contenders.plain(pipe, planned, len(planned.rows)),
        "fast": contenders.painter(painter, planned, quality="fast"),
    }


def _summary(planned: Work, marks: dict[str, list[dict[str, float]]], floors: dict[str, Any]) -> dict[str, Any]:
    painted = {name: [mark["painted"] for mark in all_] for name, all_ in marks.items()}
    pictures = len(planned.rows)
    best = {name: floors["bf16" if name == "fast" else "fp32"]["floor"] for name in painted}
    return {
        "grid": str(planned),
        "pictures": pictures,
        "seconds": {name: spread(seconds) for name, seconds in painted.items()},
        "a_second": {name: spread([pictures / s for s in seconds]) for name, seconds in painted.items()},
        "share_of_floor": {name: spread([best[name] * pictures / s for s in all_]) for name, all_ in painted.items()},
        "times_one": {name: ratio(painted["one"], painted[name]) for name in painted if name != "one"},
        "times_batched": {name: ratio(painted["batched"], painted[name]) for name in painted if name != "batched"},
        "besides_painting": spread([e / p - 1 for e, p in zip(painted["engine"], painted["painter"], strict=True)]),
        "moments": {
            moment: spread([mark[moment] for mark in marks["engine"] if moment in mark])
            for moment in ("preview", "first", "painted", "sheet")
            if any(moment in mark for mark in marks["engine"])
        },
    }


def _floor(pipe: Any, rates: dict[str, float]) -> dict[str, Any]:
    cost = floor.count(pipe, steps=12, rows=contenders.WAVE)
    return {"cost": cost, **{kind: floor.seconds(cost, rates, kind) for kind in ("fp32", "bf16")}}


async def _growth(planner: Planner, painter: DiffusionPainter, size: Size) -> dict[str, Any]:
    blocks = {n: await work.plan(planner, 3, n) for n in size.grown_blocks}
    steps = {n: await work.plan(planner, 3, 2, steps=n) for n in size.grown_steps}
    return {"blocks": await _grown(painter, blocks), "steps": await _grown(painter, steps)}


async def _grown(painter: DiffusionPainter, works: dict[int, Work]) -> dict[str, Any]:
    found = {}
    for n, planned in works.items():
        marks = await contenders.painter(painter, planned)()
        found[str(n)] = {"pictures": len(planned.rows), "seconds": round(marks["painted"], 3)}
    return found


def _starts(data_dir: Path, size: Size) -> dict[str, Any]:
    rounds = [
        {name: fresh.measure(name, data_dir, size.blocks) for name in fresh.CONTENDERS} for _ in range(size.starts)
    ]
    return {
        name: {moment: spread([one[name][moment] for one in rounds]) for moment in rounds[0][name]}
        for name in fresh.CONTENDERS
    }


def _say(words: str) -> None:
    print(words, flush=True)
