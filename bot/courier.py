"""Carries a made grid to the person: the largest sheet that fits, once, and a last word in its own message."""

import logging

from bot import texts
from bot.chat import Delivery as Attempt
from bot.chat import Message, Talk
from bot.errors import DeliveryError, TooLarge
from bot.jobs import JobRow
from bot.parts import Parts
from bot.result import Grid, sheet_message
from bot.teller import Teller, cancel_button, failure
from engine.contract import words

log = logging.getLogger(__name__)


async def post_sheet(talk: Talk, grid: Grid, attempt: Attempt) -> str:
    """Post the largest sheet that this destination says it takes, or else the largest that it really takes."""
    rung = 0
    while True:
        message, rung = await sheet_message(grid, await talk.limits(), rung)
        try:
            return await talk.post(message, attempt)
        except TooLarge:
            if rung < 0:
                raise
            rung += 1


class Courier:
    def __init__(self, parts: Parts, teller: Teller) -> None:
        self._parts, self._teller = parts, teller

    async def deliver(self, job: JobRow) -> None:
        """Post a grid in state `made`; after this it is delivered, failed or cancelled, and its message shows it."""
        grid = await self._parts.grid(job)
        if grid is None:
            await self._fail(
                job, "The plan of this grid is lost, so its sheet cannot be laid out. Please run it again."
            )
            return
        try:
            said, posted = await self._post(grid)
        except DeliveryError as error:
            await self._fail(
                job, f"The grid is painted, but it could not be posted: {error} See it with /show {job.id}."
            )
            return
        row = await self._parts.jobs.find(job.id)
        if posted is None or (row and row.state == "cancelled"):
            await self.recall(row or job)
            return
        self._parts.numbers.ended.labels("delivered").inc()
        closing = Message(f"{texts.head(job.prompt, job.order.approach, job.id)}\n{words.score(job.grid_score)}")
        # Where the sheet was edited into the job's own message, there is nothing left to say in it.
        await self._teller.end(job, closing if posted != said else None)

    async def _post(self, grid: Grid) -> tuple[str | None, str | None]:
        job, talk = grid.job, await self._parts.talk(grid.job)
        head = texts.head(job.prompt, job.order.approach, job.id)
        said = await self._teller.say(job, Message(f"{head}\n{texts.PAINTED}", buttons=cancel_button(job)))
        await self._teller.hold(job)

        async def send(attempt: Attempt) -> str:
            return await post_sheet(talk, grid, attempt)

        return said, await self._parts.delivery.post(talk, job, send)

    async def recall(self, job: JobRow) -> None:
        """Take a sheet back that was posted, or may have been, while its job was cancelled."""
        key = f"{job.id}-post"
        row = await self._parts.deliveries.find(key)
        try:
            talk = await self._parts.talk(job)
            message = row and (row.message or await talk.find_posted(key))
            if message:
                await talk.delete(message)
        except DeliveryError as error:
            log.warning("a cancelled sheet could not be taken back: %s", error, extra={"job": job.id})
        await self._teller.end(job, failure(job))

    async def _fail(self, job: JobRow, sentence: str) -> None:
        self._parts.numbers.ended.labels("not_delivered").inc()
        await self._parts.jobs.failed(job.id, "not_delivered", sentence)
        row = await self._parts.jobs.find(job.id) or job
        try:
            await (await self._parts.talk(job)).whisper(failure(row))
        except DeliveryError as error:
            log.warning("nobody could be told that a delivery failed: %s", error, extra={"job": job.id})
        await self._teller.end(row, failure(row))
