"""One job's answers on Slack: a message of its own that is edited, its result in the thread, words for one person.

While it runs, the message shows one picture (a preview, a curve) that is changed now and then; see `shown.py`.
"""

import asyncio
from dataclasses import replace

from adapters.slack import search
from adapters.slack.address import Address, MessageId
from adapters.slack.blocks import blocks, fallback
from adapters.slack.errors import BadBlocks, TriggerSpent
from adapters.slack.files import upload_all
from adapters.slack.forms import form_view, offer
from adapters.slack.membership import missing_right
from adapters.slack.moment import Moment
from adapters.slack.pictures import fetch
from adapters.slack.posting import post
from adapters.slack.shown import ShownPicture
from adapters.slack.timing import Timing
from adapters.slack.web import Web
from bot.chat import Attempt, Form, Limits, Message
from bot.errors import DeliveryError, Gone, NoRights

# Slack takes a gigabyte; a picture above this takes its clients long to show, and cells can be had one by one.
_FILE_BYTES = 20 * 1024 * 1024


class SlackTalk:
    """Implements `bot.chat.Talk`. `moment` is what Slack gave for this one press or command, and soon takes back."""

    def __init__(self, web: Web, timing: Timing, address: Address, moment: Moment | None = None) -> None:
        self._web, self._timing, self._address, self._moment = web, timing, address, moment
        self._searched_keys: set[str] = set()
        self._shown_picture = ShownPicture(web, timing, self._look)

    @property
    def address(self) -> str:
        return self._address.dump()

    async def limits(self) -> Limits:
        return Limits(file_bytes=_FILE_BYTES, formats=("PNG", "JPEG"))

    async def acknowledge(self, *, private: bool) -> None:
        """Nothing is sent: Slack's own acknowledgement goes out when the core has heard."""
        self._address = replace(self._address, private=private)

    async def say(self, message: Message, attempt: Attempt) -> str:
        thread = None if self._address.private else self._address.thread_ts
        if self._address.ts and self._address.key == attempt.key:
            return MessageId(await self._channel(), self._address.ts).dump()
        message_id = await self._earlier_post(attempt)
        if message_id is None:
            message_id = await self._send(message, attempt, "job", thread)
            if not message.pictures:
                self._shown_picture.nothing()
        self._address = replace(self._address, ts=MessageId.load(message_id).ts, key=attempt.key)
        return message_id

    async def update(self, message: Message) -> None:
        if self._address.ts is None:
            raise Gone("There is no message of this job to edit yet.")
        files = await self._shown_picture.files(message.pictures)
        try:
            await self._edit(message, files)
        except BadBlocks:
            # A picture whose type is known may still not be ready to be shown.
            instead = self._shown_picture.refused()
            if instead == files:
                raise
            await self._edit(message, files := instead)
        self._shown_picture.settled(files)

    async def post(self, message: Message, attempt: Attempt) -> str:
        """The thread is the one it was asked in, else the one under the job's own message."""
        message_id = await self._earlier_post(attempt)
        return message_id or await self._send(message, attempt, "result", self._thread())

    async def whisper(self, message: Message) -> None:
        """Ephemeral in the channel; in a direct message where that cannot be, or where pictures have to be seen."""
        if message.pictures or message.files or self._address.alone:
            await self._send_alone(message)
            message = Message("I sent it to you in a direct message.")
        if not self._address.alone:
            await self._whisper(message)

    async def ask(self, form: Form) -> None:
        """Opened at once by a fresh press; otherwise a button is shown that opens it."""
        if self._moment is None or not self._moment.trigger:
            await self.whisper(offer(form))
            return
        view = form_view(form, self._address)
        try:
            await self._web.call_once("views_open", trigger_id=self._moment.trigger, view=view)
        except TriggerSpent:
            await self.whisper(offer(form))

    async def delete(self, message_id: str) -> None:
        message = MessageId.load(message_id)
        await self._call_unless_gone("chat_delete", channel=message.channel, ts=message.ts)
        for file in message.files:
            await self._call_unless_gone("files_delete", file=file)

    async def can_post(self) -> str | None:
        return await missing_right(self._web, "" if self._address.private else self._address.channel)

    async def picture(self, name: str, most: int) -> bytes:
        return await fetch(self._web, name, most)

    async def find_posted(self, key: str, *, own: bool = False) -> str | None:  # noqa: ARG002  # its mark says so
        """Looks at once and, because a thread may show a message late, again after the settling time.

        The one case in which a grid could come twice: Slack took the message, and does not show it even after that.
        """
        for wait in (0.0, self._timing.settle):
            await asyncio.sleep(wait)
            message = await search.find(self._web, self._address, await self._channel(), key)
            if message is not None:
                return self._remember(message, key)
        self._searched_keys.add(key)
        return None

    async def _edit(self, message: Message, files: tuple[str, ...]) -> None:
        await self._web.call_fresh(
            "chat_update",
            channel=await self._channel(),
            ts=self._address.ts,
            text=fallback(message),
            blocks=blocks(message, files),
            # an edit without it may take the mark off the message
            metadata=search.mark(self._address.key or "", "job"),
        )

    async def _look(self) -> tuple[str, ...]:
        return await search.shown_files(self._web, await self._channel(), self._address.ts or "")

    def _remember(self, message: search.MarkedMessage, key: str) -> str:
        if message.role == "job":
            self._address = replace(self._address, ts=message.id.ts, key=key)
        return message.id.dump()

    async def _earlier_post(self, attempt: Attempt) -> str | None:
        """What an earlier attempt has posted. The core may have looked already; looking twice waits twice."""
        if attempt.noted is None or attempt.key in self._searched_keys:
            return None
        return await self.find_posted(attempt.key)

    async def _send(self, message: Message, attempt: Attempt, role: str, thread: str | None) -> str:
        files = await upload_all(self._web, self._timing, message.pictures + message.files, attempt)
        # from here on nobody knows what became of it, until the answer is there
        self._searched_keys.discard(attempt.key)
        where = {"channel": await self._channel(), "thread_ts": thread, "metadata": search.mark(attempt.key, role)}
        return (await post(self._web, self._timing, message, files, where)).dump()

    async def _send_alone(self, message: Message) -> None:
        files = await upload_all(self._web, self._timing, message.pictures + message.files, None)
        channel = await self._direct()
        thread = self._address.thread_ts if channel == self._address.channel else None
        await post(self._web, self._timing, message, files, {"channel": channel, "thread_ts": thread})

    async def _whisper(self, message: Message) -> None:
        content = {"text": fallback(message), "blocks": blocks(message)}
        address = self._address
        thread = None if address.empty and address.ts is None else address.thread_ts
        try:
            await self._web.call_once(
                "chat_postEphemeral",
                channel=address.channel,
                user=address.user,
                thread_ts=thread,
                **content,
            )
        except (NoRights, Gone):
            if self._moment is None or not await self._moment.respond(content):
                await self._send_alone(message)

    async def _call_unless_gone(self, method: str, **arguments: str) -> None:
        try:
            await self._web.call(method, **arguments)
        except Gone:
            return

    def _thread(self) -> str | None:
        thread = None if self._address.private else self._address.thread_ts
        return thread or self._address.ts

    async def _channel(self) -> str:
        if self._address.private or not self._address.channel:
            return await self._direct()
        return self._address.channel

    async def _direct(self) -> str:
        """The direct messages with the person. A channel that begins with D may be those with somebody else."""
        if self._address.dm is None:
            conversation = await self._web.call("conversations_open", users=self._address.user)
            self._address = replace(self._address, dm=str(conversation["channel"]["id"]))
        if self._address.dm is None:
            raise DeliveryError("Slack did not open direct messages with this person.")
        return self._address.dm
