"""Posts messages once and only once: a row before an attempt, a search before a further one, the id after success."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from bot.chat import Attempt, Talk
from bot.deliveries import Deliveries, DeliveryRow
from bot.errors import PlatformAway
from bot.jobs import JobRow

log = logging.getLogger(__name__)

Send = Callable[[Attempt], Awaitable[str]]
Sleep = Callable[[float], Awaitable[None]]

# Seconds between attempts while a platform is away; after the last one the person finds the grid in the history.
WAITS = (0.5, 1, 2, 5, 10, 30, *[60] * 1440)


class Delivery:
    def __init__(self, rows: Deliveries, sleep: Sleep = asyncio.sleep) -> None:
        self._rows, self._sleep = rows, sleep

    async def say(self, talk: Talk, job: JobRow, send: Send) -> str | None:
        """The job's own message; its id, once however often this is called."""
        return await self._once(talk, f"{job.id}-say", "say", job.number, None, send)

    async def post(self, talk: Talk, job: JobRow, send: Send) -> str | None:
        """The job's result; None where the job was cancelled before the first attempt."""
        server = None if job.private else job.server
        return await self._once(talk, f"{job.id}-post", "post", job.number, server, send)

    async def answer(
        self, talk: Talk, key: str, job: int | None, server: str | None, send: Send, *, person: int | None = None
    ) -> str | None:
        """An open answer to a person's command, such as a grid that is shown again."""
        return await self._once(talk, key, "answer", job, server, send, person)

    async def _once(
        self,
        talk: Talk,
        key: str,
        kind: str,
        job: int | None,
        server: str | None,
        send: Send,
        person: int | None = None,
    ) -> str | None:
        for wait in WAITS:
            row = await self._rows.begin(key, kind=kind, job=job, talk=talk.address, server=server, person=person)
            if row is None or row.message:
                return row.message if row else None
            try:
                return await self._attempt(talk, row, send, own=kind == "say")
            except PlatformAway as error:
                log.info("the platform is away, next attempt in %s s: %s", wait, error, extra={"delivery": key})
                await self._sleep(wait)
        raise PlatformAway("The platform did not answer for a whole day.")

    async def _attempt(self, talk: Talk, row: DeliveryRow, send: Send, *, own: bool) -> str:
        # An attempt that was begun before may have succeeded without our learning of it.
        message = await talk.find_posted(row.key, own=own) if row.tries > 1 else None
        if message is None:
            message = await send(Attempt(row.key, partial(self._rows.note, row.key), row.noted))
        await self._rows.posted(row.key, message, talk.address)
        return message
