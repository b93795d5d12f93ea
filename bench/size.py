"""How much is measured: everything, or what a minute or two shows."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """`rounds`: how often everybody takes a turn. `limit_s`: no fourth or later round is begun after that many seconds,
    so that all parts together take half an hour on two quiet cores. `scored`: blocks of the grid on which the preset is
    scored. `trained`: blocks of the grids beside a training. `wave_s`: how long a painter of a cluster waits a wave."""

    name: str
    rounds: int
    limit_s: float
    blocks: int
    grown_blocks: Sequence[int]
    grown_steps: Sequence[int]
    scored: int
    people: Sequence[int]
    rows: Sequence[int]
    painters: Sequence[int]
    wave_s: float
    steps: int
    trained: Sequence[int]


FULL = Size(
    "full",
    rounds=5,
    limit_s=120.0,
    blocks=4,
    grown_blocks=(1, 2, 4, 6, 8),
    grown_steps=(6, 12, 25, 50),
    scored=6,
    people=(1, 10, 50, 100, 200),
    rows=(10, 1_000, 100_000, 1_000_000),
    painters=(1, 2, 4, 8, 16),
    wave_s=3.0,
    steps=20,
    trained=(1, 2, 4),
)
QUICK = Size(
    "quick",
    rounds=3,
    limit_s=40.0,
    blocks=1,
    grown_blocks=(1, 2),
    grown_steps=(6, 12),
    scored=1,
    people=(1, 20),
    rows=(10, 1_000),
    painters=(1, 2),
    wave_s=0.6,
    steps=5,
    trained=(1,),
)
