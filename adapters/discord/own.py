"""The job's own message: the reply to the command, or the message that answered a press; edited from then on."""

from adapters.discord.address import Address
from adapters.discord.channel import Channel
from adapters.discord.line import Line
from adapters.discord.parts import Parts
from adapters.discord.reply import Reply, TokenGone
from bot.chat import Message
from bot.errors import Gone, NoRights


class OwnMessage:
    def __init__(self, line: Line, address: Address, reply: Reply) -> None:
        self._at = address
        self._reply = reply
        self._channel = Channel(line, address.channel)

    async def say(self, message: Message, mark: str, *, reopened: bool) -> int:
        """Its id, edited where it is there already. After a restart it is looked for before a new one is posted."""
        if self._at.message is None and (reopened or self._at.replied):
            await self._find(mark)
        if self._at.message is not None:
            try:
                await self.edit(message)
            except Gone:
                self._at.message = None  # somebody deleted it while the job was waiting
        if self._at.message is None:
            self._at.message = await self._post(Parts(message, mark=mark), mark)
        self._at.said = True
        return self._at.message

    async def find_reply(self) -> int | None:
        """The reply to the command, also one that an earlier process left without storing its id; None for a press."""
        if self._at.message is None and self._at.kind != "press":
            message = await self._reply.original() if self._reply.works else None
            message = message or await self._channel.find_reply(self._at.event)
            if message is not None:
                self._at.message, self._at.replied = message, True
        return self._at.message

    async def find_earlier(self, mark: str) -> int | None:
        """The message that an earlier attempt posted with this mark: its own from then on."""
        message = await self._channel.find_mark(mark, after=self._at.event)
        if message is not None:
            self._at.message, self._at.replied, self._at.said = message, False, True
        return message

    async def edit(self, message: Message, *, mark: str | None = None, note: str = "") -> None:
        if self._at.message is None:
            raise Gone("There is no message of this job to edit yet.")
        pointer = f"→ <#{self._at.thread}>" if self._at.thread is not None else ""
        parts = Parts(message, mark=mark, note="\n".join(filter(None, (note, pointer))))
        if self._at.replied and self._reply.works:
            try:
                await self._reply.edit(self._at.message, parts)
            except TokenGone:
                pass
            else:
                return
        if self._at.private:
            raise Gone("It is too late to answer privately here.")
        await self._channel.edit(self._at.message, parts)

    async def _find(self, mark: str) -> None:
        """What an earlier process left: the reply to the command, or a message with the mark."""
        if await self.find_reply() is None:
            await self.find_earlier(mark)

    async def _post(self, parts: Parts, mark: str) -> int:
        self._at.replied = False
        if not self._at.private:
            try:
                return await self._channel.send(parts, mark)
            except NoRights:
                if not self._reply.works:
                    raise
        self._at.replied = True
        return await self._reply.add(parts, private=self._at.private)
