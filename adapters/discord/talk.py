"""Where one job is answered on Discord. It lives as long as its address: past the token, and past this process."""

import asyncio
import logging

import discord

from adapters.discord.address import Address, message_id, read_message_id
from adapters.discord.channel import Channel, direct_channel
from adapters.discord.delivering import Delivering
from adapters.discord.first import FirstAnswer
from adapters.discord.line import Line
from adapters.discord.marks import mark_of
from adapters.discord.own import OwnMessage
from adapters.discord.parts import Parts
from adapters.discord.pictures import fetch
from adapters.discord.reply import Reply
from adapters.discord.rights import NOT_IN_THREAD, missing_to_post, posting_sentence
from bot.chat import Attempt, Form, Limits, Message
from bot.errors import Gone, NoRights

log = logging.getLogger(__name__)
FORMATS = ("PNG", "WEBP", "JPEG")
FILE_BYTES = 20 * 1024 * 1024
"""What every server takes of one file: https://docs.discord.com/developers/reference#uploading-files"""
REQUEST_BYTES = 24 * 1024 * 1024
"""One message is at most 25 MiB with all its files; the rest is for words and a plot. Same pages, "Create Message"."""
TOO_LATE = Message("Discord opens a form only right after a press, and this took too long. Please press again.")


class DiscordTalk:
    """`first` is there in the process that heard the interaction, and None for a talk that was reopened."""

    def __init__(self, line: Line, address: Address, first: FirstAnswer | None = None) -> None:
        self._line = line
        self._at = address
        self._first = first
        self._reply = Reply(line, address)
        self._own = OwnMessage(line, address, self._reply)
        self._delivering = Delivering(line, address, self._reply, self._own)
        self._edit_lock = asyncio.Lock()
        self._newest: Message | None = None

    @property
    def address(self) -> str:
        return self._at.as_json()

    async def limits(self) -> Limits:
        """The least of what interaction, server and request allow: results also go where only the server's counts."""
        client = await self._line.client()
        guild = client.get_guild(self._at.guild) if self._at.guild is not None else None
        sizes = [self._at.file_bytes or FILE_BYTES, REQUEST_BYTES]
        sizes += [max(guild.filesize_limit, FILE_BYTES)] if guild is not None and not guild.unavailable else []
        return Limits(min(sizes), FORMATS)

    async def acknowledge(self, *, private: bool) -> None:
        if self._first is not None:
            await self._first.acknowledge(private=private)

    async def acknowledge_in_time(self, *, private: bool) -> None:
        """Acknowledge by the platform's own clock, in case nobody else does while there is time."""
        if self._first is not None:
            await self._first.acknowledge_in_time(private=private)

    async def say(self, message: Message, attempt: Attempt) -> str:
        async with self._edit_lock:
            own_id = await self._own.say(message, mark_of(attempt.key), reopened=self._first is None)
        return message_id(self._at.channel, own_id)

    async def update(self, message: Message) -> None:
        """The newest state wins: one that has been overtaken while an earlier edit was under way is never sent."""
        self._newest = message
        async with self._edit_lock:
            if self._newest is message:
                self._newest = None
                await self._own.edit(message)

    async def post(self, message: Message, attempt: Attempt) -> str:
        self._newest = None  # an edit that still waits must not come after the result
        async with self._edit_lock:
            return await self._delivering.deliver(message, mark_of(attempt.key))

    async def whisper(self, message: Message) -> None:
        """By the interaction while its token works and its answer is there, afterwards as a direct message."""
        parts = Parts(message)
        if self._first is not None and await self._first.whisper(parts):
            return
        async with self._edit_lock:
            try:
                await self._whisper_later(parts)
            except Gone:
                conversation = await direct_channel(self._line, self._at.user)
                await conversation.send(parts, mark_of(f"{self._at.event}{message.text}"))

    async def ask(self, form: Form) -> None:
        if self._first is None or not await self._first.ask(form):
            await self.whisper(TOO_LATE)

    async def delete(self, message_id: str) -> None:
        channel, message = read_message_id(message_id)
        if self._at.private and message == self._at.message:
            try:
                await self._reply.delete(message)
            except Gone:
                log.info("a private answer to event %s is gone already", self._at.event)
            return
        await Channel(self._line, channel).delete(message)

    async def can_post(self) -> str | None:
        if self._at.guild is None or self._at.private:
            return None
        rights = await self._rights()
        if missing := missing_to_post(rights, in_thread=self._at.in_thread):
            return posting_sentence(missing)
        # the gateway tells of private threads only to who is in them or may manage them
        in_view = (await self._line.client()).get_channel(self._at.channel) is not None
        inside = in_view or rights.manage_threads or rights.administrator
        return NOT_IN_THREAD if self._at.thread_private and not inside else None

    async def picture(self, name: str, most: int) -> bytes:
        return await fetch(name, most, self._line.pictures)

    async def find_posted(self, key: str, *, own: bool = False) -> str | None:
        """Looked for in the reply, its thread and the channel; where they are closed, in the direct conversation."""
        await asyncio.sleep(self._line.settles)
        mark = mark_of(key)
        if own:
            message = await self._own.find_earlier(mark)
            return None if message is None else message_id(self._at.channel, message)
        return await self._find_result(mark)

    async def _find_result(self, mark: str) -> str | None:
        own_id = self._at.message
        if own_id is not None and self._at.private and self._reply.works and await self._reply.has_mark(own_id, mark):
            return message_id(self._at.channel, own_id)
        if own_id is not None and await Channel(self._line, self._at.channel).has_mark(own_id, mark):
            return message_id(self._at.channel, own_id)
        channels = [Channel(self._line, number) for number in (self._at.thread or own_id, self._at.channel) if number]
        for channel in channels:
            message = await channel.find_mark(mark, after=self._at.event)
            if message is not None:
                self._at.thread = channel.id if channel.id == own_id else self._at.thread
                return message_id(channel.id, message)
        return await self._find_with_person(mark)

    async def _find_with_person(self, mark: str) -> str | None:
        try:
            conversation = await direct_channel(self._line, self._at.user)
        except (NoRights, Gone):
            return None
        message = await conversation.find_mark(mark, after=self._at.event)
        return None if message is None else message_id(conversation.id, message)

    async def _whisper_later(self, parts: Parts) -> None:
        """A reply that nobody used yet becomes the private answer, or makes way for it where all could see it."""
        unused_reply = self._at.message if self._at.replied and not self._at.said else None
        if unused_reply is not None and self._at.private:
            await self._reply.edit(unused_reply, parts)
            self._at.said = True
            return
        if unused_reply is not None:
            await self._reply.delete(unused_reply)
            self._at.message, self._at.replied = None, False
        await self._reply.add(parts, private=True)

    async def _rights(self) -> discord.Permissions:
        """What the interaction said; after a restart, what the gateway has said since."""
        client = await self._line.client()
        channel = client.get_channel(self._at.channel)
        if self._first is None and isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return channel.permissions_for(channel.guild.me)
        return discord.Permissions(self._at.rights)
