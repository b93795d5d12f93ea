"""A job's own message: said once, edited within the budget while it lives, and left showing how the job ended."""

import asyncio
import logging
from collections import defaultdict
from functools import partial

from bot import texts, trained
from bot.chat import Button, Message
from bot.disk import until_kept
from bot.errors import DeliveryError, PlatformAway
from bot.heading import heading
from bot.history import Orphan
from bot.jobs import JobRow
from bot.line import InLine
from bot.parts import Parts

log = logging.getLogger(__name__)

# Seconds between attempts at the last word; whoever answers a person waits for them. Later ones are the lender's.
WAITS = (1.0, 5.0, 30.0, 120.0)


class Teller:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._message_ids: dict[str, str] = {}
        self._unshown_messages: dict[str, tuple[Message, bool]] = {}

    async def introduce(self, job: JobRow, message: Message) -> None:
        """Make the job's own message; what was to be shown in it meanwhile comes next.

        Raises DeliveryError, and Orphan where its person had everything deleted meanwhile.
        """
        try:
            await self.say(job, message)
        except Orphan:
            self._forget(job)
            raise
        row = await self._parts.jobs.find(job.id)
        if row is None or row.told:
            # It has ended, and its message says so already.
            self._forget(job)
            return
        newer = self._unshown_messages.pop(job.id, None)
        if newer:
            await self.show(job, newer[0], running=newer[1])

    async def say(self, job: JobRow, message: Message) -> str | None:
        """Make the job's own message where there is none yet; its id. Raises DeliveryError."""
        async with self._locks[job.id]:
            if job.id not in self._message_ids:
                talk = await self._parts.talk(job)
                message_id = await self._parts.delivery.say(talk, job, partial(talk.say, message))
                if message_id is None:
                    return None
                self._message_ids[job.id] = message_id
        return self._message_ids[job.id]

    async def show(self, job: JobRow, message: Message, *, running: bool) -> None:
        """Offer the newest state; it is shown when the platform's budget allows."""
        if job.id not in self._message_ids:
            self._unshown_messages[job.id] = message, running
            return
        talk = await self._parts.talk(job)
        edits = self._parts.edits.get(job.platform)
        if edits:
            edits.offer(job.id, lambda: talk.update(message), running=running)

    def leave_off(self, job: JobRow) -> None:
        """Nobody tells of this job for now: what was not shown is not kept."""
        self._unshown_messages.pop(job.id, None)

    async def hold(self, job: JobRow) -> None:
        """Nothing is edited from here on, so that what is posted next waits for no edit."""
        edits = self._parts.edits.get(job.platform)
        if edits:
            await edits.hold(job.id)

    async def end(self, job: JobRow, message: Message | None) -> None:
        """Leave `message` in the job's own message (None: as it is) and forget the job.

        Where the platform stays away the job is not called told, so that it is tried again later.
        """
        await self.hold(job)
        try:
            if message:
                await self._leave(job, message)
        except PlatformAway as error:
            log.warning("a job's final message will be sent later: %s", error, extra={"job": job.id})
            self._forget(job)
            return
        except DeliveryError as error:
            log.warning("a job's final message could not be sent: %s", error, extra={"job": job.id})
        await until_kept(lambda: self._parts.jobs.told(job.id))
        self._forget(job)

    def _forget(self, job: JobRow) -> None:
        self._message_ids.pop(job.id, None)
        self._locks.pop(job.id, None)
        self._unshown_messages.pop(job.id, None)
        self._parts.forget(job)

    async def _leave(self, job: JobRow, message: Message) -> None:
        talk = await self._parts.talk(job)
        await self.say(job, message)
        for wait in WAITS:
            try:
                await talk.update(message)
            except PlatformAway:
                await asyncio.sleep(wait)
            else:
                return
        await talk.update(message)


def cancel_button(job: JobRow) -> tuple[Button, ...]:
    return (Button("Cancel", f"cancel:{job.id}", "danger"),)


def waiting_message(job: JobRow, place: InLine, pace: float, now: float) -> Message:
    """A waiting job's place in the line, with the time until it is done."""
    eta = place.eta(pace)
    text = f"{heading(job)}\n{texts.waiting(place.place, eta, place.why)}"
    return Message(text, buttons=cancel_button(job), eta=None if eta is None else now + eta)


def failure(job: JobRow) -> Message:
    """How a job ended that has no sheet."""
    sentence = trained.NOTHING_MADE if job.training else texts.CANCELLED
    words = sentence if job.state == "cancelled" else texts.plain(job.detail, 600)
    return Message(f"{heading(job)}\n{words}", buttons=(_again_button(job),))


def without_sheet(job: JobRow) -> Message:
    """What is shown of a job that has no sheet: how far it is, or how it ended."""
    if job.ended:
        return failure(job)
    return Message(f"{heading(job)}\n{texts.NO_SHEET.format(state=texts.state(job.state))}")


def _again_button(job: JobRow) -> Button:
    if job.training:
        return Button("Train it again", f"retrain:{job.id}")
    if job.comparison:
        return Button("Compare again", f"recompare:{job.id}:same")
    return Button("Run it again", f"again:{job.id}:same")
