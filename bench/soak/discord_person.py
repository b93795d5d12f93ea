"""A person at a Discord client, in a server's channel or alone with the bot, as far as a soak needs one."""

import asyncio
import random

from bench.soak.arrivals import Arrivals
from tests.stand_ins.discord_server import DiscordServer, Room, Talker, Told
from tests.stand_ins.discord_server.world import DIRECT

# After three seconds Discord shows that the app did not respond.
SHOWN_WITHIN_S = 3.2
LOOK_S = 0.05
SORRY = "Something went wrong here"
UNREACHED = (AssertionError, ConnectionError, RuntimeError)


class DiscordPerson:
    platform = "discord"

    def __init__(self, server: DiscordServer, arrivals: Arrivals, name: str) -> None:
        self._server, self._arrivals = server, arrivals
        self._who: Talker = server.add_person(name, manage_guild=False)
        self.name = name
        self._told: Told | None = None
        self._all: list[Told] = []
        self._direct = next(
            room for room in server.state.rooms.values() if room.kind == DIRECT and room.person is self._who
        )

    async def grid(self, prompt: str, rng: random.Random, **options: int | str) -> bool:
        """Order one; whether the client shows that it was heard. One in six is told twice by Discord."""
        room = self._direct if rng.random() < 0.15 else self._server.room
        heard = await self._slash(room, "grid", prompt=prompt, **options)
        if self._told and rng.random() < 0.15:
            await self._safely(self._server.people.redeliver(self._told))
        return heard

    async def ask(self, name: str, **options: str) -> bool:
        """A command whose answer is private."""
        return await self._slash(self._server.room, name, **options)

    async def press(self, mark: str, label: str, times: int = 1) -> bool:
        """Press a button of the newest sheet with this mark, perhaps twice in a hurry."""
        sheet = self._arrivals.sheets[mark][-1]
        presses = [
            await self._safely(self._server.people.press(self._who, sheet, sheet.presses[label])) for _ in range(times)
        ]
        tellings = [each for each in presses if each]
        self._told = tellings[0] if tellings else None
        self._all += tellings
        return await self._heard()

    def answered(self) -> bool:
        """Whether the last command or press has its answer: the reply, a further one, or a direct message."""
        if self._told is None:
            return False
        replies = self._arrivals.answers[self._told.id]
        if any(not posted.loading and (posted.content or posted.files) for posted in replies):
            return True
        return any(posted.id > self._told.id and posted.told is None for posted in self._server.messages(self._direct))

    def apologies(self) -> int:
        """How often this person was told that something went wrong, so that nothing was begun."""
        answers = [posted for told in self._all for posted in self._arrivals.answers[told.id]]
        return sum(SORRY in posted.content for posted in answers)

    async def _slash(self, room: Room, name: str, **options: int | str) -> bool:
        self._told = await self._safely(self._server.people.slash(self._who, room, name, **options))
        self._all += [self._told] if self._told else []
        return await self._heard()

    async def _heard(self) -> bool:
        told = self._told
        if told is None:
            return False
        for _ in range(int(SHOWN_WITHIN_S / LOOK_S)):
            if told.answer is not None:
                return True
            await asyncio.sleep(LOOK_S)
        return False

    @staticmethod
    async def _safely(telling: "asyncio._CoroutineLike[Told | None]") -> Told | None:
        """None where Discord has no line to the bot: nobody is told, and the client says so."""
        try:
            return await telling
        except UNREACHED:
            return None
