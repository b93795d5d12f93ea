"""The parts of the core, joined once and handed to whoever needs them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PIL import Image

from bot.budget import Edits
from bot.chat import Platform, Talk
from bot.command import Command
from bot.comparison import Comparison
from bot.deliveries import Deliveries
from bot.delivery import Delivery
from bot.engine_client import Engine
from bot.errors import Gone
from bot.history import Database
from bot.jobs import JobRow, Jobs
from bot.numbers import Numbers
from bot.people import People
from bot.pictures import Pictures
from bot.preferences import PreferenceRows
from bot.prints import Prints
from bot.proposals import Proposals
from bot.queue import Queue
from bot.received import Inbox
from bot.result import Grid
from bot.settings import Settings
from bot.trainings import Trainings


@dataclass
class Parts:
    settings: Settings
    database: Database
    people: People
    inbox: Inbox
    jobs: Jobs
    queue: Queue
    pictures: Pictures
    deliveries: Deliveries
    delivery: Delivery
    trainings: Trainings
    proposals: Proposals
    preferences: PreferenceRows
    engine: Engine
    numbers: Numbers
    platforms: Mapping[str, Platform]
    edits: Mapping[str, Edits]
    commands: tuple[Command, ...]
    clock: Callable[[], float]
    small_images: dict[str, dict[str, Image.Image]] = field(default_factory=dict)
    scoring: asyncio.Lock = field(default_factory=asyncio.Lock)
    naming: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a style is adopted, renamed or deleted: the engine has its name, the rows who adopted it."""
    _talks: dict[str, Talk] = field(default_factory=dict)

    async def talk(self, job: JobRow) -> Talk:
        """Where this job is answered: the talk it came with, or the same one reopened after a restart."""
        if job.id not in self._talks:
            talk = await self.reopen(job.platform, job.talk)
            # Two tasks may have reopened it at once; both must hold the same one, as its address grows.
            self._talks.setdefault(job.id, talk)
        return self._talks[job.id]

    async def reopen(self, platform: str, address: str) -> Talk:
        """Raises Gone where the platform is not configured any more."""
        if platform not in self.platforms:
            raise Gone(f"{platform} is no longer configured.")
        return await self.platforms[platform].reopen(address)

    def remember(self, job: JobRow, talk: Talk) -> None:
        """The talk that a job came with, unless it has another by now: what is heard again after a restart is older."""
        if job.talk == talk.address:
            self._talks.setdefault(job.id, talk)

    def forget(self, job: JobRow) -> None:
        """The job has ended: nothing of it stays in memory."""
        self._talks.pop(job.id, None)
        if job.platform in self.edits:
            self.edits[job.platform].forget(job.id)

    async def grid(self, job: JobRow, *, pictures: bool = True) -> Grid | None:
        """What is kept of this grid; None where it was never planned."""
        plan = await self.jobs.plan(job)
        if plan is None:
            return None
        return Grid(job, plan, await self.pictures.have(job), await self._prints(job) if pictures else Prints({}))

    async def comparison(self, job: JobRow, *, pictures: bool = True) -> Comparison | None:
        """What is kept of this comparison; None where it was never planned."""
        plan = await self.jobs.comparison_plan(job)
        if plan is None:
            return None
        return Comparison(job, plan, await self.pictures.have(job), await self._prints(job) if pictures else Prints({}))

    async def _prints(self, job: JobRow) -> Prints:
        return Prints(await self.pictures.load(job.id), self.small_images.get(job.id, {}))
