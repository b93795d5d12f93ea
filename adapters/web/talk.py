"""A talk on the page: each of its calls is a change of the person's conversation. It has no thread: posts follow."""

import json

from adapters.web.conversation import Conversation
from adapters.web.shown import body_of, body_of_form
from bot.chat import Attempt, Form, Limits, Message
from bot.errors import Gone, TooLarge

# A sheet in a page; cells are fetched one by one in full size, so a larger sheet would only load slowly.
SHEET_BYTES = 12 * 1024 * 1024


class WebTalk:
    """`message` is the job's own message, once it was said."""

    def __init__(self, conversation: Conversation, person: str, message: str | None = None) -> None:
        self._conversation, self._person, self._message = conversation, person, message

    @classmethod
    def at(cls, address: str, conversation: Conversation) -> "WebTalk":
        """The talk with this address."""
        fields = json.loads(address)
        return cls(conversation, fields["person"], fields["message"])

    @property
    def address(self) -> str:
        return json.dumps({"person": self._person, "message": self._message})

    async def limits(self) -> Limits:
        return Limits(SHEET_BYTES, ("PNG", "WEBP", "JPEG"))

    async def acknowledge(self, *, private: bool) -> None:
        """Nothing to do: the page shows that it waits, and everything on it is private."""

    async def say(self, message: Message, attempt: Attempt) -> str:
        self._message = await self._conversation.add(
            self._person, "said", body_of(message), (*message.pictures, *message.files), attempt.key
        )
        return self._message

    async def update(self, message: Message) -> None:
        """Edit the job's own message; raises Gone where there is none (any more)."""
        if self._message is None or not await self._conversation.replace(
            self._message, body_of(message), (*message.pictures, *message.files)
        ):
            raise Gone("The message to update is no longer on the page.")

    async def post(self, message: Message, attempt: Attempt) -> str:
        return await self._conversation.add(
            self._person, "posted", body_of(message), (*message.pictures, *message.files), attempt.key
        )

    async def whisper(self, message: Message) -> None:
        await self._conversation.add(self._person, "whispered", body_of(message), (*message.pictures, *message.files))

    async def ask(self, form: Form) -> None:
        await self._conversation.add(self._person, "form", body_of_form(form))

    async def delete(self, message_id: str) -> None:
        if await self._conversation.kind(message_id, self._person):
            await self._conversation.remove(message_id)

    async def can_post(self) -> str | None:
        return None

    async def picture(self, name: str, most: int) -> bytes:
        """`name` is the message in which this person uploaded it."""
        names = await self._conversation.files_of(name, self._person)
        data = await self._conversation.files.read(names[0]) if names else None
        if data is None:
            raise Gone("This picture is no longer kept here. Please upload it again.")
        if len(data) > most:
            raise TooLarge(f"This picture is too large: at most {most / 1e6:.0f} MB can be scored.")
        return data

    async def find_posted(self, key: str, *, own: bool = False) -> str | None:
        """The page has no settling time: what was committed is there."""
        message = await self._conversation.find(key)
        if own and message:
            self._message = message
        return message
