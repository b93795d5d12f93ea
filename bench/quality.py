"""What a preset costs: the same prompts and seeds painted both ways, and every picture scored on its own prompt."""

import statistics
from pathlib import Path
from typing import Any

import numpy as np

from bench import work
from bench.grids import settings_in
from bench.parts import paint
from bench.size import Size
from bench.work import Work
from engine.diffusion import DiffusionPainter
from engine.planner import Planner
from engine.quiet import quiet

# Normal quantile of a two-sided 95 % interval.
Z = 1.96


async def measure(folder: Path, size: Size) -> dict[str, Any]:
    """`fast` against `reference` on all pictures of a grid of approach 3."""
    quiet()
    settings = settings_in(folder)
    painter = DiffusionPainter(settings, "embedded")
    try:
        return await compare(painter, await work.plan(Planner(settings, "embedded"), 3, size.scored), quality="fast")
    finally:
        await painter.close()


def table(results: dict[str, Any]) -> str:
    return (
        f"`quality: fast` against `reference`, {results['n']} pictures with the same prompts and seeds, each scored on "
        f"its own prompt: mean cosine {results['preset']:.4f} against {results['reference']:.4f}, paired change "
        f"{results['change']:+.4f} ± {results['change_95']:.4f} (95 %); pixels differ by {results['pixels_mean']:.1f} "
        f"of 255 on average, by {results['pixels_most']:.0f} at most."
    )


async def compare(painter: DiffusionPainter, work: Work, **preset: Any) -> dict[str, float]:
    """Mean cosines, their paired difference with its 95 % interval, and how far the pixels are apart (of 255)."""
    before, after = await paint(painter, work, work.rows), await paint(painter, work, work.rows, **preset)
    texts = [row.prompt for row in work.rows]
    scores = [np.diag(await painter.judge(pictures, texts)) for pictures in (before, after)]
    change = [float(new - old) for old, new in zip(*scores, strict=True)]
    distances = [np.abs(old.astype(int) - new.astype(int)) for old, new in zip(before, after, strict=True)]
    return {
        "n": len(texts),
        "reference": float(scores[0].mean()),
        "preset": float(scores[1].mean()),
        "change": statistics.mean(change),
        "change_95": Z * statistics.stdev(change) / len(change) ** 0.5,
        "pixels_mean": float(np.mean(distances)),
        "pixels_most": float(np.max(distances)),
    }
