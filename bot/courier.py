"""Carries what was made to the person: the largest sheet that fits, a comparison or a style; once, with a last word."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from bot import compared, texts, trained
from bot.chat import Attempt, Message, Talk
from bot.comparison_result import post_comparison
from bot.errors import DeliveryError, PlatformAway
from bot.heading import heading
from bot.jobs import JobRow
from bot.parts import Parts
from bot.result import post_sheet
from bot.teller import WAITS, Teller, cancel_button, failure
from bot.training_result import post_style, style_message
from engine.contract import words

log = logging.getLogger(__name__)

# Seconds after which somebody has turned to other things, and is called when the result is there.
CALLED_AFTER_S = 60.0


@dataclass(frozen=True)
class Parcel:
    """How a result is posted, what the job's own message says before and after, and where it is to be found if not.

    `send` takes the platform's id of the person whom the result calls.
    """

    send: Callable[[Talk, Attempt, str | None], Awaitable[str]]
    before: str
    closing: str
    otherwise: str


class Courier:
    def __init__(self, parts: Parts, teller: Teller) -> None:
        self._parts, self._teller = parts, teller

    async def deliver(self, job: JobRow) -> None:
        """Post what a job in state `made` has made; after this it is delivered, failed or cancelled, and says so."""
        parcel = await self._parcel(job)
        if parcel is None:
            await self._fail(job, "This job's plan is lost, so its sheet cannot be made. Please run it again.")
            return
        try:
            own_message, result_message = await self._post(job, parcel)
        except DeliveryError as error:
            await self._fail(job, parcel.otherwise.format(error=error))
            return
        row = await self._parts.jobs.find(job.id)
        if result_message is None or row is None or row.state != "delivered":
            await self.recall(row or replace(job, state="deleted"), result_message)
            return
        self._parts.numbers.ended.labels("delivered").inc()
        await self._close(job, parcel, own_message, result_message)

    async def delivered(self, job: JobRow) -> None:
        """The last word about a delivered job, to which an earlier process did not get."""
        own_row, result_row = [await self._parts.deliveries.find(f"{job.id}-{kind}") for kind in ("say", "post")]
        parcel = await self._parcel(job) if own_row and result_row else None
        if parcel and own_row and result_row:
            await self._close(job, parcel, own_row.message, result_row.message)
        else:
            await self._teller.end(job, None)

    async def _close(self, job: JobRow, parcel: Parcel, own_message: str | None, result_message: str | None) -> None:
        closing = Message(f"{heading(job)}\n{parcel.closing}")
        # Where the result was edited into the job's own message, there is nothing left to say in it.
        await self._teller.end(job, closing if result_message != own_message else None)

    async def _parcel(self, job: JobRow) -> Parcel | None:
        if job.training:
            return await self._style(job)
        return await (self._comparison(job) if job.comparison else self._sheet(job))

    async def _comparison(self, job: JobRow) -> Parcel | None:
        comparison = await self._parts.comparison(job)
        outcome = comparison.compared if comparison else None
        if comparison is None or outcome is None:
            return None
        otherwise = f"The comparison is painted, but it could not be posted: {{error}} See it with /show {job.id}."
        return Parcel(partial(post_comparison, comparison), compared.PAINTED, compared.closing(outcome), otherwise)

    async def _sheet(self, job: JobRow) -> Parcel | None:
        grid = await self._parts.grid(job)
        if grid is None:
            return None
        otherwise = f"The grid is painted, but it could not be posted: {{error}} See it with /show {job.id}."
        return Parcel(partial(post_sheet, grid), texts.PAINTED, words.score(job.grid_score), otherwise)

    async def _style(self, job: JobRow) -> Parcel | None:
        style = await self._parts.trainings.result(job)
        if style is None:
            return None
        message = await style_message(self._parts, job, style)
        otherwise = f"The style is trained, but it could not be posted: {{error}} See it with /styles {style.name}."
        return Parcel(partial(post_style, message), trained.MADE, trained.closing(style), otherwise)

    async def _post(self, job: JobRow, parcel: Parcel) -> tuple[str | None, str | None]:
        talk = await self._parts.talk(job)
        before = Message(f"{heading(job)}\n{parcel.before}", buttons=() if job.training else cancel_button(job))
        own_message = await self._teller.say(job, before)
        await self._teller.hold(job)

        async def send(attempt: Attempt) -> str:
            return await parcel.send(talk, attempt, await self._person_to_call(job))

        return own_message, await self._parts.delivery.post(talk, job, send)

    async def _person_to_call(self, job: JobRow) -> str | None:
        """Whom the result calls: who ordered it, unless that was just now or in private, or they want no mention."""
        if job.private or self._parts.clock() - job.queued_at <= CALLED_AFTER_S:
            return None
        preferences = await self._parts.preferences.of_person(job.person)
        rules = await self._parts.preferences.of_server(job.server)
        ping = rules.ping if preferences.ping is None else preferences.ping
        return None if ping is False else await self._parts.people.key(job.person)

    async def recall(self, job: JobRow, result_message: str | None = None) -> None:
        """Take a sheet back that was posted, or may have been, while its job was cancelled or deleted.

        Where the platform stays away the lender tries again later.
        """
        last = Message(texts.DELETED) if job.state == "deleted" else failure(job)
        for wait in WAITS:
            try:
                await self._take_back(job, result_message)
            except PlatformAway as error:
                log.info(
                    "a cancelled sheet is not deleted yet, next try in %s s: %s", wait, error, extra={"job": job.id}
                )
                await asyncio.sleep(wait)
            except DeliveryError as error:
                log.warning("a cancelled sheet could not be deleted: %s", error, extra={"job": job.id})
                break
            else:
                break
        else:
            return
        await self._teller.end(job, last)

    async def _take_back(self, job: JobRow, result_message: str | None) -> None:
        key = f"{job.id}-post"
        result_row, own_row = [await self._parts.deliveries.find(each) for each in (key, f"{job.id}-say")]
        talk = await self._parts.talk(job)
        message = result_message or (result_row and (result_row.message or await talk.find_posted(key)))
        # A sheet in the job's own message goes with the last word, which replaces it.
        if message and (own_row is None or message != own_row.message):
            await talk.delete(message)

    async def _fail(self, job: JobRow, sentence: str) -> None:
        if not await self._parts.jobs.failed(job.id, "not_delivered", sentence):
            await self.recall(await self._parts.jobs.find(job.id) or replace(job, state="deleted"))
            return
        self._parts.numbers.ended.labels("not_delivered").inc()
        row = replace(job, state="failed", detail=sentence)
        try:
            await (await self._parts.talk(job)).whisper(failure(row))
        except DeliveryError as error:
            log.warning("nobody could be told that a delivery failed: %s", error, extra={"job": job.id})
        await self._teller.end(row, failure(row))
