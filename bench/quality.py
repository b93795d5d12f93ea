"""What a preset costs: the same prompts and seeds painted both ways, and every picture scored on its own prompt."""

import statistics
from typing import Any

import numpy as np

from bench.parts import paint
from bench.work import Work
from engine.diffusion import DiffusionPainter

# Normal quantile of a two-sided 95 % interval.
Z = 1.96


async def compare(painter: DiffusionPainter, work: Work, **preset: Any) -> dict[str, float]:
    """Mean cosines, their paired difference with its 95 % interval, and how far the pixels are apart (of 255)."""
    before, after = await paint(painter, work, work.rows), await paint(painter, work, work.rows, **preset)
    texts = [row.prompt for row in work.rows]
    scored = [np.diag(await painter.judge(pictures, texts)) for pictures in (before, after)]
    change = [float(new - old) for old, new in zip(*scored, strict=True)]
    apart = [np.abs(old.astype(int) - new.astype(int)) for old, new in zip(before, after, strict=True)]
    return {
        "n": len(texts),
        "reference": float(scored[0].mean()),
        "preset": float(scored[1].mean()),
        "change": statistics.mean(change),
        "change_95": Z * statistics.stdev(change) / len(change) ** 0.5,
        "pixels_mean": float(np.mean(apart)),
        "pixels_most": float(np.max(apart)),
    }
