"""Lends jobs to the engine in turn, takes up what an earlier process left, and tells those who wait their place."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from bot import texts
from bot.chat import Message
from bot.courier import Courier
from bot.errors import DeliveryError
from bot.heading import heading
from bot.jobs import JobRow
from bot.line import InLine, Line
from bot.parts import Parts
from bot.teller import Teller, cancel_button, failure, waiting_message
from bot.watch import Watch

log = logging.getLogger(__name__)

# Pictures in one wave, where the engine does not say.
WAVE = 16
PLACES_EVERY_S = 10.0
# Longer than anybody tries who ends a job or takes its sheet back, so that nobody is at it any more.
UNTOLD_S = 600.0


class Lender:
    def __init__(
        self,
        parts: Parts,
        teller: Teller,
        watch: Watch,
        courier: Courier,
        line: Line,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._parts, self._teller, self._watch, self._courier = parts, teller, watch, courier
        self._line, self._spawn = line, spawn
        self._last_places: dict[str, InLine] = {}

    async def run(self) -> None:
        """Lend until cancelled: about two waves at a time, so that the engine always knows what comes next."""
        self._parts.engine.changed = self._parts.queue.touch
        while True:
            job = await self._parts.queue.lend(self._cover, lambda: self._parts.engine.instance)
            log.info("lent", extra={"job": job.id, "turn": job.turn})
            self._spawn(self._watch.follow(job))

    async def resume(self) -> None:
        """At the start: every job goes on from the state in which it was left."""
        jobs = self._parts.jobs
        for job in await jobs.untold():
            if job.state == "cancelled" and not job.training:
                # Perhaps the engine was not told any more.
                self._spawn(self._watch.release(job, under_way=True))
            self._spawn(self._finish(job))
        for job in await jobs.in_state("made"):
            self._spawn(self._watch.follow(job))
        for job in await jobs.in_state("lent"):
            self._spawn(self._introduce(job))
            self._spawn(self._watch.resume(job))
        for job in await jobs.in_state("waiting"):
            self._spawn(self._introduce(job))

    async def tell_places(self) -> None:
        """Tell those who wait when their place changed, now and then."""
        while True:
            await asyncio.sleep(PLACES_EVERY_S)
            places = await self._line.places()
            pace = await self._line.pace()
            for job in await self._parts.jobs.in_state("waiting"):
                place = places.get(job.id)
                if place and self._last_places.get(job.id) != place:
                    message = waiting_message(job, place, pace, self._parts.clock())
                    await self._teller.show(job, message, running=False)
            self._last_places = places

    async def tell_ends(self) -> None:
        """The last word about jobs whose platform was away when they ended."""
        while True:
            await asyncio.sleep(UNTOLD_S)
            for job in await self._parts.jobs.untold(UNTOLD_S):
                await self._finish(job)

    def _cover(self) -> int:
        return 2 * int(self._parts.engine.health.get("wave") or WAVE)

    def _finish(self, job: JobRow) -> Coroutine[Any, Any, None]:
        """What an earlier process had still to do for a job that has ended."""
        match job.state:
            case "cancelled" | "deleted":
                return self._courier.recall(job)
            case "delivered":
                return self._courier.delivered(job)
            case "failed":
                return self._teller.end(job, failure(job))
            case _:
                return self._teller.end(job, None)

    async def _introduce(self, job: JobRow) -> None:
        """The job's own message, where an earlier process did not get to it."""
        head = heading(job)
        try:
            await self._teller.introduce(
                job, Message(f"{head}\n{texts.PHASES['waiting']}.", buttons=cancel_button(job))
            )
        except DeliveryError as error:
            log.warning("a job's message could not be sent: %s", error, extra={"job": job.id})
