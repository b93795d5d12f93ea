"""A person at a Slack client, by slash command, mention or direct message, as far as a soak needs one."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

from bench.soak.arrivals import Arrivals
from bench.soak.world import CHANNEL
from tests.stand_ins.slack_person import SlackPerson
from tests.stand_ins.slack_server import Answer, SlackServer
from tests.stand_ins.slack_workspace import BOT_USER

# A slash command is tried once, an event four times, three seconds each.
MOST_S = 15.0
SORRY = "Something went wrong on my side"


class SlackOne:
    platform = "slack"

    def __init__(self, server: SlackServer, arrivals: Arrivals, name: str) -> None:
        self._server, self._arrivals, self.name = server, arrivals, name
        self._id = f"U{name}"
        server.space.add_user(self._id, name.lower())
        server.space.channels[CHANNEL].members.add(self._id)
        self._person = SlackPerson(server, self._id)
        self._before = 0

    async def grid(self, prompt: str, rng: random.Random, **options: int | str) -> bool:
        """Order one; whether Slack's client shows no error."""
        words = " ".join([f"prompt:{prompt}", *(f"{name}:{value}" for name, value in options.items())])
        way = rng.choices(("slash", "mention", "direct"), (6, 2, 2))[0]
        if way == "slash":
            return await self._heard(self._person.command(CHANNEL, "/grid", words))
        if way == "mention":
            return await self._heard(self._person.write(CHANNEL, f"<@{BOT_USER}> grid {words}"))
        return await self._heard(self._person.write(self._server.space.direct(self._id).id, f"grid {words}"))

    async def ask(self, name: str, **options: str) -> bool:
        words = " ".join([name, *(f"{option}:{value}" for option, value in options.items())])
        return await self._heard(self._person.command(CHANNEL, "/tessera", words))

    async def press(self, mark: str, label: str, times: int = 1) -> bool:
        sheet = self._arrivals.sheets[mark][-1]
        channels = self._server.space.channels.values()
        channel = next((each.id for each in channels if any(m["ts"] == sheet["ts"] for m in each.messages)), None)
        if channel is None:
            return False  # it was taken away meanwhile
        # Who presses twice in a hurry does not wait for the first answer.
        return any(
            await asyncio.gather(*(self._heard(self._person.press(sheet, label, channel)) for _ in range(times)))
        )

    def answered(self) -> bool:
        """Whether something came for this person alone since the last command or press."""
        return self._alone() > self._before

    def apologies(self) -> int:
        """How often this person was told that something went wrong, so that nothing was begun."""
        whispers = [each["text"] for each in self._server.space.whispers if each["user"] == self._id]
        direct = [each["text"] for each in self._server.space.direct(self._id).messages if "bot_id" in each]
        return sum(SORRY in text for text in (*whispers, *direct))

    def _alone(self) -> int:
        whispers = sum(whisper["user"] == self._id for whisper in self._server.space.whispers)
        direct = self._server.space.direct(self._id).messages
        return whispers + sum("bot_id" in message for message in direct)

    async def _heard(self, telling: Coroutine[Any, Any, Answer]) -> bool:
        self._before = self._alone()
        try:
            return (await asyncio.wait_for(telling, MOST_S)).acknowledged
        except (TimeoutError, ConnectionError, RuntimeError, IndexError):
            return False
