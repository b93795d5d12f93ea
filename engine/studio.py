"""The state that the parts of one engine share: who paints, for whom, and what is under way."""

import asyncio
from dataclasses import dataclass, field

from engine.pace import Pace
from engine.pool import Pool
from engine.running import Jobs
from engine.running_wave import RunningWave
from engine.scheduler import Scheduler
from engine.tasks import Tasks


@dataclass
class Counts:
    """What was done since the engine started."""

    pictures: int = 0
    waves: int = 0
    failures: int = 0
    cut_ins: int = 0
    """Waves of short jobs, painted between two steps of another."""


@dataclass(frozen=True)
class Studio:
    """`waves` are under way, by their ids, until their pictures are reported; `reports` are the tasks that report them.

    `wake` is set when work came or went, so that resting painters look again.
    """

    pool: Pool
    jobs: Jobs
    pace: Pace
    scheduler: Scheduler
    counts: Counts = field(default_factory=Counts)
    waves: dict[int, RunningWave] = field(default_factory=dict)
    tasks: Tasks = field(default_factory=Tasks)
    reports: set[asyncio.Task[None]] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
