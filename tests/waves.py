"""Waves for tests, and a painter whose checkpoints are folders."""

from collections.abc import Sequence

import numpy as np

from engine.painter import Pixels
from engine.wave import Mix, Row, Wave


def wave(number: int, mix: Mix, seeds: Sequence[int], prompt: str = "a cat", job: str = "job0000000") -> Wave:
    """One row per seed; the prompts differ by their seed."""
    rows = tuple(Row(job, f"A{i + 1}", f"{prompt} {seed}", "", seed) for i, seed in enumerate(seeds))
    return Wave(number, mix, rows)


def furthest(one: Sequence[Pixels], other: Sequence[Pixels]) -> int:
    """The largest difference of any colour of any pixel, of 255."""
    return max(int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in zip(one, other, strict=True))
