"""A grid by everybody who could paint it, beside the floor: pictures a second, share of the floor, memory."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bench import contenders, floor, fresh, machine, plot, report, served, work
from bench.rounds import Contender, alternate, ratio, spread
from bench.size import Size
from bench.work import Work
from engine import embedded, styles
from engine.diffusion import DiffusionPainter
from engine.planner import Planner
from engine.quiet import quiet
from engine.settings import Settings

MORE = 4
NAMES = {
    "engine": "Tessera, the whole way",
    "painter": "Tessera, painting alone",
    "fast": "Tessera, painting alone, `fast`",
    "one": "diffusers, one at a time",
    "batched": "diffusers, one batch",
}


async def measure(folder: Path, size: Size, approach: int) -> dict[str, Any]:
    """Seconds unless named otherwise."""
    quiet()
    settings = settings_in(folder)
    rates = machine.rates()
    pipe = contenders.pipeline(embedded.PIPELINE)
    grid_work = await work.plan(Planner(settings, "embedded"), approach, size.blocks)
    cost = floor.count(pipe, steps=grid_work.mix.steps, rows=contenders.WAVE)
    # The floor is that of the model; a style may be added to its weights, as ours is.
    if style := grid_work.mix.style and styles.folder(grid_work.mix.style, settings):
        pipe.load_lora_weights(style)
    best = {kind: floor.seconds(cost, rates, kind) for kind in ("fp32", "bf16")}
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(served.engine(settings))
        painter = DiffusionPainter(settings, "embedded")
        stack.push_async_callback(painter.close)
        entrants = _entrants(client, painter, pipe, grid_work, folder)
        # What paints one at a time is warm once the same pipeline has painted a batch.
        marks = await alternate(entrants, size.rounds, size.limit_s, warm=entrants.keys() - {"one"})
        # The difference is small, so it takes more rounds to see than the others have patience for.
        two = {name: entrants[name] for name in ("engine", "painter")}
        close = await alternate(two, MORE * size.rounds, size.limit_s, warm=())
    return {
        "rates": rates,
        "steps": grid_work.mix.steps,
        "style": grid_work.mix.style,
        "cost": cost,
        "floor": best,
        "memory_mib": _memory(folder, len(grid_work.rows)),
        **summary(grid_work, marks, best),
        "besides_painting": besides(close),
    }


def settings_in(folder: Path) -> Settings:
    return Settings(data_dir=folder, profile="embedded", _env_file=None)  # type: ignore[call-arg] # pydantic's own


def summary(grid_work: Work, marks: dict[str, list[dict[str, float]]], floors: dict[str, Any]) -> dict[str, Any]:
    times = {name: [mark["painted"] for mark in all_] for name, all_ in marks.items()}
    pictures = len(grid_work.rows)
    best = {name: floors["bf16" if name == "fast" else "fp32"]["floor"] for name in times}
    return {
        "grid": str(grid_work),
        "pictures": pictures,
        "seconds": {name: spread(seconds) for name, seconds in times.items()},
        "a_second": {name: spread([pictures / s for s in seconds]) for name, seconds in times.items()},
        "share_of_floor": {name: spread([best[name] * pictures / s for s in all_]) for name, all_ in times.items()},
        "times_one": {name: ratio(times["one"], times[name]) for name in times if name != "one"},
        "times_batched": {name: ratio(times["batched"], times[name]) for name in times if name != "batched"},
    }


def besides(marks: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """What the engine adds to its painter's time, as a share of it, round by round."""
    rounds = zip(marks["engine"], marks["painter"], strict=True)
    return spread([engine["painted"] / painter["painted"] - 1 for engine, painter in rounds])


def table(results: dict[str, Any]) -> str:
    rates, cost, best, memory = results["rates"], results["cost"], results["floor"], results["memory_mib"]
    head = (
        f"{results['grid'].capitalize()}, {results['pictures']} painted pictures in {results['steps']} steps. At best "
        f"this machine multiplies matrices at {rates['fp32']:.0f} GFLOP/s in fp32 and {rates['bf16']:.0f} in bf16 and "
        f"copies {rates['copy']:.0f} GB/s. A picture takes {cost['gflop']:.1f} GFLOP and moves {cost['gbyte']:.2f} GB, "
        f"so the floor is {best['fp32']['floor'] * 1e3:.0f} ms a picture in fp32, "
        f"{best['bf16']['floor'] * 1e3:.0f} ms in bf16."
    )
    if results.get("style"):
        head += (
            f" All wear the style {results['style']}, for which diffusers is given its adapter (`load_lora_weights`)."
        )
    body = [
        (
            name,
            report.spread(results["seconds"][who]),
            f"{results['a_second'][who]['median']:.1f}",
            f"{results['share_of_floor'][who]['median']:.0%}",
            _times(results["times_one"].get(who)),
            _times(results["times_batched"].get(who)),
            f"{memory[who]:.0f} MiB" if who in memory else "",
        )
        for who, name in NAMES.items()
    ]
    columns = ("who", "seconds", "pictures a second", "share of the floor", "times one at a time", "times batched")
    tail = (
        f"Planning, judging, encoding and transport add {report.percent(results['besides_painting'])} to the painting."
    )
    return "\n\n".join([head, report.rows((*columns, "most memory"), body), tail])


def plots(results: dict[str, Any]) -> dict[str, str]:
    values = {name: results["seconds"][who] for who, name in NAMES.items()}
    title = f"{results['grid']}: seconds for {results['pictures']} painted pictures"
    return {"seconds": plot.bars(title, values, results["floor"]["fp32"]["floor"] * results["pictures"])}


def _entrants(client: Any, painter: Any, pipe: Any, grid_work: Work, folder: Path) -> dict[str, Contender]:
    return {
        "engine": contenders.engine(client, grid_work, folder / "grid"),
        "one": contenders.plain(pipe, grid_work, 1),
        "painter": contenders.painter(painter, grid_work),
        "batched": contenders.plain(pipe, grid_work, len(grid_work.rows)),
        "fast": contenders.painter(painter, grid_work, quality="fast"),
    }


def _memory(folder: Path, pictures: int) -> dict[str, float]:
    """The most that a fresh process held. Only a batch grows with the grid; a wave and a single picture do not."""
    blocks = {"ours": min(2, round((pictures / 4) ** 0.5)), "one": 1, "batched": round((pictures / 4) ** 0.5)}
    names = {"ours": "engine", "one": "one", "batched": "batched"}
    return {names[who]: fresh.measure(who, folder, max(1, n))["peak_mib"] for who, n in blocks.items()}


def _times(value: dict[str, Any] | None) -> str:
    return "1" if value is None else report.spread(value)
