"""A channel, thread or direct conversation, reached with the bot's own token: for ever, and after a restart."""

import secrets
from collections.abc import Awaitable, Callable

import discord

from adapters.discord.failures import THREAD_ARCHIVED, THREAD_EXISTS, UNKNOWN_MESSAGE, translated
from adapters.discord.line import Line
from adapters.discord.marks import carries
from adapters.discord.parts import Parts
from bot.errors import Gone, NoRights

SEARCHED = 200
"""How many of a channel's newest messages are searched for a mark."""


class Channel:
    def __init__(self, line: Line, channel: int) -> None:
        self.id = channel
        self._line = line

    async def send(self, parts: Parts, nonce: str) -> int:
        """A new message's id. With the same nonce Discord answers with the message that it has already.

        Where somebody has deleted that one, Discord knows it no more and makes no other (discord-api-docs#6647).
        """
        with translated():
            try:
                return await self._send(parts, nonce)
            except discord.NotFound as error:
                if error.code != UNKNOWN_MESSAGE:
                    raise
                return await self._send(parts, secrets.token_hex(8))

    async def edit(self, message: int, parts: Parts) -> None:
        channel = await self._messageable()
        with translated():
            await self._change_in_open_thread(lambda: channel.get_partial_message(message).edit(**parts.to_edit()))

    async def delete(self, message: int) -> None:
        """Take the message back; one that is gone is gone."""
        channel = await self._messageable()
        try:
            with translated():
                await self._change_in_open_thread(channel.get_partial_message(message).delete)
        except Gone:
            return

    async def open_thread(self, message: int, name: str) -> int:
        """The thread under a message, opened or there already: it has the message's id."""
        http = (await self._line.client()).http  # message.create_thread wants the server in discord.py's memory
        with translated():
            try:
                await self._line.retry(
                    lambda: http.start_thread_with_message(self.id, message, name=name, auto_archive_duration=1440)
                )
            except discord.HTTPException as error:
                if error.code != THREAD_EXISTS:
                    raise
        return message

    async def has_mark(self, message: int, mark: str) -> bool:
        channel = await self._messageable()
        try:
            with translated():
                return carries(await self._line.retry(lambda: channel.fetch_message(message)), mark)
        except (NoRights, Gone):
            return False

    async def find_mark(self, mark: str, *, after: int) -> int | None:
        """The bot's newest message with the mark, posted after the event `after`; None also where it may not look."""
        return await self._find(after, lambda message: carries(message, mark))

    async def find_reply(self, event: int) -> int | None:
        """The bot's reply to the interaction with this id."""
        return await self._find(event, lambda message: _answers(message, event))

    async def _send(self, parts: Parts, nonce: str) -> int:
        channel = await self._messageable()
        return (await self._line.retry(lambda: channel.send(nonce=nonce, **parts.to_send()))).id

    async def _change_in_open_thread(self, change: Callable[[], Awaitable[object]]) -> None:
        """Make the change; a thread that fell asleep, as after a day of quiet, is opened for it first."""
        try:
            await self._line.retry(change)
        except discord.HTTPException as error:
            if error.code != THREAD_ARCHIVED:
                raise
            http = (await self._line.client()).http
            await self._line.retry(lambda: http.edit_channel(self.id, archived=False))
            await self._line.retry(change)

    async def _find(self, after: int, fits: Callable[[discord.Message], bool]) -> int | None:
        client, channel = await self._line.client(), await self._messageable()

        async def search() -> int | None:
            async for message in channel.history(limit=SEARCHED, after=discord.Object(after), oldest_first=False):
                if client.user and message.author.id == client.user.id and fits(message):
                    return message.id
            return None

        try:
            with translated():
                return await self._line.retry(search)
        except (NoRights, Gone):
            return None

    async def _messageable(self) -> discord.PartialMessageable:
        return (await self._line.client()).get_partial_messageable(self.id)


async def direct_channel(line: Line, user: int) -> Channel:
    """The direct conversation with a person; asking for it twice gives the same one."""
    client = await line.client()
    with translated():
        conversation = await line.retry(lambda: client.create_dm(discord.Object(user)))
    return Channel(line, conversation.id)


def _answers(message: discord.Message, event: int) -> bool:
    return message.interaction_metadata is not None and message.interaction_metadata.id == event
