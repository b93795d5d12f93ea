"""Brings a job's pictures from the engine to the disk: several are fetched at once, all that came in one commit."""

import asyncio
from collections.abc import Iterable
from typing import Self

from bot.jobs import JobRow
from bot.parts import Parts
from bot.pictures import Arrived, undamaged
from bot.prints import Shrinking
from engine.contract.errors import BadRequest, EngineAway, TesseraError
from engine.contract.events import PicturePainted
from engine.contract.grid import Judged

# Pictures in one commit, and requests at once; a picture of 512 pixels has half a megabyte and comes in milliseconds.
MOST, HANDS = 32, 4
TRIES = 3


class Keeping:
    """One job's pictures. What went wrong with one is raised by the next call: EngineAway, TesseraError, OSError."""

    def __init__(self, parts: Parts, job: JobRow, have: Iterable[str]) -> None:
        """`have`: cells that are kept already."""
        self._parts, self._job = parts, job
        self._taken = set(have)
        self._waiting: list[PicturePainted] = []
        self._hands = asyncio.Semaphore(HANDS)
        self._bringing: asyncio.Task[None] | None = None
        self.shrinking: Shrinking | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Whoever leaves early is not interested in the rest."""
        if self._bringing:
            self._bringing.cancel()
            await asyncio.gather(self._bringing, return_exceptions=True)

    def check(self) -> None:
        """Raise what went wrong so far."""
        if self._bringing and self._bringing.done():
            self._bringing.result()

    def take(self, event: PicturePainted) -> None:
        """Bring this picture, unless it is there or on its way."""
        self.check()
        if event.cell in self._taken:
            return
        self._taken.add(event.cell)
        self._waiting.append(event)
        if self._bringing is None or self._bringing.done():
            self._bringing = asyncio.create_task(self._bring())

    async def all(self, cells: Iterable[str] = ()) -> None:
        """Wait until everything is kept; any of these cells that no event told of is fetched as well."""
        for cell in cells:
            self.take(PicturePainted(cell=cell))
        if self._bringing:
            await self._bringing

    async def _bring(self) -> None:
        while self._waiting:
            events, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            arrived = await self._all_arrived(events)
            await self._parts.pictures.keep(self._job, arrived)
            self._parts.numbers.pictures.inc(len(events))
            self._parts.queue.touch()
            if self.shrinking:
                files = {picture.cell: picture.data for picture in arrived if picture.data is not None}
                await asyncio.to_thread(self.shrinking.add, files)

    async def _all_arrived(self, events: Iterable[PicturePainted]) -> list[Arrived]:
        """All of them, or the first failure: the others are not waited for, as an engine that is away delays each."""
        try:
            async with asyncio.TaskGroup() as group:
                arriving = [group.create_task(self._arrived(event)) for event in events]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return [task.result() for task in arriving]

    async def _arrived(self, event: PicturePainted) -> Arrived:
        """One that arrives damaged is fetched again."""
        judged = Judged.model_validate(event.model_dump(include=set(Judged.model_fields)))
        if judged.withheld:
            return Arrived(event.cell, None, None, judged)
        for _ in range(TRIES):
            data = await self._fetched(event.cell)
            if await asyncio.to_thread(undamaged, data, event.sha256):
                return Arrived(event.cell, data, event.sha256, judged)
        raise TesseraError(f"Picture {event.cell} of grid {self._job.id} arrived damaged.")

    async def _fetched(self, cell: str) -> bytes:
        async with self._hands:
            try:
                return await self._parts.engine.client.picture(self._job.id, cell)
            except BadRequest as error:
                # It told of this picture, so it is another process that does not know it.
                raise EngineAway(str(error)) from error
