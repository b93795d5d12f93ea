"""What the parts of one engine share: who paints, for whom, and what is under way."""

import asyncio
from dataclasses import dataclass, field

from engine.brush import Brush
from engine.pace import Pace
from engine.pool import Pool
from engine.running import Jobs
from engine.scheduler import Scheduler
from engine.tasks import Tasks


@dataclass
class Counts:
    """What was done since the start."""

    pictures: int = 0
    waves: int = 0
    failures: int = 0
    cut_ins: int = 0
    """Waves of short jobs, painted between two steps of another."""


@dataclass(frozen=True)
class Studio:
    """`brushes` are the waves under way, `reports` those whose pictures are being told. `wake` is set where there is
    something to do, or no longer: who rests then looks again."""

    pool: Pool
    jobs: Jobs
    pace: Pace
    scheduler: Scheduler
    counts: Counts = field(default_factory=Counts)
    brushes: dict[int, Brush] = field(default_factory=dict)
    tasks: Tasks = field(default_factory=Tasks)
    reports: set[asyncio.Task[None]] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
