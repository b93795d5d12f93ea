"""What a command or a button gets: who asked, where, where to answer, and the parts of the core."""

import re
from dataclasses import dataclass

from bot import texts
from bot.chat import Person, Place, Talk
from bot.errors import Refused
from bot.jobs import JobRow
from bot.line import Line
from bot.parts import Parts
from bot.people import server_of
from bot.received import Received
from bot.teller import Teller
from bot.watch import Watch
from engine.contract import ids


@dataclass(frozen=True)
class Asked:
    """`who` is the person's row. `received` is the row that is being answered; its mark is the key of open answers."""

    person: Person
    who: int
    place: Place
    talk: Talk
    received: Received
    parts: Parts
    teller: Teller
    watch: Watch
    line: Line

    @property
    def server(self) -> str | None:
        return server_of(self.received.platform, self.place)

    @property
    def values(self) -> dict[str, str]:
        """What was filled into a form."""
        return self.received.values

    async def visible(self, job: str, *, training: bool = False, comparison: bool = False) -> JobRow:
        """A grid that this person may see: an own one, or one posted openly in this server. Raises Refused.

        `training`, `comparison`: one of these will do as well.
        """
        row = await self.parts.jobs.find(job.strip().lower()) if re.match(ids.PATTERN, job.strip().lower()) else None
        if row and row.state == "deleted":
            if row.person == self.who or self._moderates(row):
                raise Refused(f"`{row.id}` is deleted.")
            row = None
        if row and await self._may_see(row):
            if row.training and not training:
                raise Refused(texts.TRAINING.format(job=row.id))
            if row.comparison and not comparison:
                raise Refused(texts.COMPARISON.format(job=row.id))
            return row
        if row and self.server is not None and row.server == self.server and not row.private:
            # Its own message is there for all to see, with its buttons.
            raise Refused(texts.NOT_YOURS)
        raise Refused(texts.NO_GRID.format(job=texts.quoted(job, 30)))

    async def owned(self, job: str, *, training: bool = False, comparison: bool = False) -> JobRow:
        """A grid that this person may change: an own one, or for a moderator one of this server. Raises Refused."""
        row = await self.visible(job, training=training, comparison=comparison)
        if row.person == self.who or (self.person.moderator and self.server is not None and row.server == self.server):
            return row
        raise Refused(texts.NOT_YOURS)

    async def _may_see(self, job: JobRow) -> bool:
        if job.person == self.who:
            return True
        if self.server is None:
            return False
        return self._moderates(job) or await self.parts.deliveries.seen_in(job.number, self.server)

    def _moderates(self, job: JobRow) -> bool:
        return self.person.moderator and self.server is not None and job.server == self.server and not job.private
