"""A talk in the console. What was printed cannot be edited: a job's progress moves the bar, its end is printed."""

import json
import secrets

from adapters.console.desk import Desk
from bot.chat import Attempt, Form, Limits, Message
from bot.errors import Gone

# A file on one's own disk may be as large as a sheet can get.
FILE_BYTES = 256 * 1024 * 1024


class ConsoleTalk:
    def __init__(self, desk: Desk, name: str | None = None) -> None:
        self._desk, self.name = desk, name or secrets.token_hex(5)

    @property
    def address(self) -> str:
        return json.dumps({"talk": self.name})

    async def limits(self) -> Limits:
        return Limits(FILE_BYTES)

    async def acknowledge(self, *, private: bool) -> None:
        """Nothing to do: the line stands there as it was typed."""

    async def say(self, message: Message, attempt: Attempt) -> str:
        message_id = await self._desk.once(attempt.key, message)
        self._desk.follow(self.name, message)
        return message_id

    async def update(self, message: Message) -> None:
        if not self._desk.follow(self.name, message):
            await self._desk.show(message)

    async def post(self, message: Message, attempt: Attempt) -> str:
        message_id = await self._desk.once(attempt.key, message)
        self._desk.settle(self.name)
        return message_id

    async def whisper(self, message: Message) -> None:
        await self._desk.show(message)
        self._desk.settle(self.name)

    async def ask(self, form: Form) -> None:
        self._desk.ask(form)
        self._desk.settle(self.name)

    async def delete(self, message_id: str) -> None:
        self._desk.take_back(message_id)

    async def can_post(self) -> str | None:
        return None

    async def picture(self, name: str, most: int) -> bytes:  # noqa: ARG002  # there is never one
        raise Gone("A terminal shows no pictures to choose; give the picture's file to python -m engine score.")

    async def find_posted(self, key: str, *, own: bool = False) -> str | None:  # noqa: ARG002  # nothing is edited
        return await self._desk.find(key)
