"""The ways by which a result reaches its people, best first: a thread, the reply, the channel, a direct message.

Each can be gone twice without harm: an edit changes nothing the second time, and a new message carries an enforced
nonce and a mark that is looked for later. What remains: a further private answer (Discord takes no nonce there), and a
channel whose history may not be read or where more than 200 messages followed. Killed just then, these may come twice.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

import discord

from adapters.discord.address import Address, message_id
from adapters.discord.channel import Channel, direct_channel
from adapters.discord.failures import NO_THREAD_HERE
from adapters.discord.line import Line
from adapters.discord.own import OwnMessage
from adapters.discord.parts import Parts
from adapters.discord.reply import Reply
from adapters.discord.rights import missing_for_threads, threads_sentence
from bot.chat import Message
from bot.errors import DeliveryError, Gone, NoRights

log = logging.getLogger(__name__)
Way = Callable[[Message, str, str], Awaitable[str | None]]
LONGEST_NAME = 100


class Delivering:
    def __init__(self, line: Line, address: Address, reply: Reply, own: OwnMessage) -> None:
        self._line = line
        self._at = address
        self._reply = reply
        self._own = own
        self._channel = Channel(line, address.channel)

    async def deliver(self, message: Message, mark: str) -> str:
        """Post by the first way that is open; the message's id. A way that was refused is named in the text.

        Raises the last way's NoRights or Gone where none is open; TooLarge and PlatformAway at once.
        """
        ways = self._private_ways() if self._at.private else self._public_ways()
        last_error: DeliveryError = Gone("There is nowhere left to answer.")
        note = ""
        for way in ways:
            try:
                result_id = await way(message, mark, note)
            except (NoRights, Gone) as error:
                last_error, note = error, f"-# {error}"
                continue
            if result_id is not None:
                return result_id
        raise last_error

    def _public_ways(self) -> tuple[Way, ...]:
        return (self._into_thread, self._into_reply, self._into_channel, self._to_person)

    def _private_ways(self) -> tuple[Way, ...]:
        return (self._into_reply, self._added_privately, self._to_person)

    async def _into_thread(self, message: Message, mark: str, note: str) -> str | None:
        """Under the job's own message; what was never announced is itself the answer and needs no thread."""
        own_id = self._at.message
        if own_id is None or not (self._at.said and self._line.threads and self._at.can_thread):
            return None
        if missing := missing_for_threads(discord.Permissions(self._at.rights)):
            raise NoRights(threads_sentence(missing))
        thread = await self._thread(own_id, message)
        if thread is None:
            return None
        result_id = await Channel(self._line, thread).send(Parts(message, mark=mark, note=note), mark)
        self._at.thread = thread
        await self._point_to_thread(message)
        return message_id(thread, result_id)

    async def _thread(self, own_id: int, message: Message) -> int | None:
        if self._at.thread is not None:
            return self._at.thread
        try:
            return await self._channel.open_thread(own_id, _thread_name(message))
        except DeliveryError as error:
            if getattr(error.__cause__, "code", 0) == NO_THREAD_HERE:
                return None
            raise

    async def _point_to_thread(self, message: Message) -> None:
        """The reply says where the result is. The result is there whether or not this edit succeeds."""
        try:
            await self._own.edit(Message(message.text))
        except DeliveryError as error:
            log.warning("the reply to event %s could not point to its thread: %s", self._at.event, error)

    async def _into_reply(self, message: Message, mark: str, note: str) -> str | None:
        own_id = await self._own.find_reply()
        if own_id is None or self._at.holds not in (None, mark):
            return None
        await self._own.edit(message, mark=mark, note=note)
        self._at.holds, self._at.said = mark, True
        return message_id(self._at.channel, own_id)

    async def _into_channel(self, message: Message, mark: str, note: str) -> str | None:
        result_id = await self._channel.send(Parts(message, mark=mark, note=note), mark)
        return message_id(self._at.channel, result_id)

    async def _added_privately(self, message: Message, mark: str, note: str) -> str | None:
        result_id = await self._reply.add(Parts(message, mark=mark, note=note), private=True)
        self._at.said = True
        return message_id(self._at.channel, result_id)

    async def _to_person(self, message: Message, mark: str, note: str) -> str | None:
        explanation = (
            ""
            if self._at.private
            else f"I could not answer in <#{self._at.channel}>, so I am sending it to you directly.\n"
        )
        conversation = await direct_channel(self._line, self._at.user)
        without_call = replace(message, calls=None)
        result_id = await conversation.send(Parts(without_call, mark=mark, note=explanation + note), mark)
        return message_id(conversation.id, result_id)


def _thread_name(message: Message) -> str:
    first = next(iter(message.text.splitlines()), "")
    return first.replace("*", "").replace("`", "").strip()[:LONGEST_NAME] or "Grid"
