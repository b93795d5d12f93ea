"""Brings a job's pictures from the engine to the disk: several are fetched at once, all that came in one commit."""

import asyncio
from collections.abc import Iterable
from typing import Self

from bot.jobs import JobRow
from bot.parts import Parts
from bot.pictures import ArrivedPicture, undamaged
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
        self._cells = set(have)
        self._events: list[PicturePainted] = []
        self._fetches = asyncio.Semaphore(HANDS)
        self._task: asyncio.Task[None] | None = None
        self.shrinking: Shrinking | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Whoever leaves early is not interested in the rest."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def check(self) -> None:
        """Raise what went wrong so far."""
        if self._task and self._task.done():
            self._task.result()

    def take(self, event: PicturePainted) -> None:
        """Bring this picture, unless it is there or on its way."""
        self.check()
        if event.cell in self._cells:
            return
        self._cells.add(event.cell)
        self._events.append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._bring())

    async def all(self, cells: Iterable[str] = ()) -> None:
        """Wait until everything is kept; any of these cells that no event told of is fetched as well."""
        for cell in cells:
            self.take(PicturePainted(cell=cell))
        if self._task:
            await self._task

    async def _bring(self) -> None:
        while self._events:
            events, self._events = self._events[:MOST], self._events[MOST:]
            pictures = await self._fetch_all(events)
            # The disk is slow to say that it has them, and making them smaller needs no disk.
            await asyncio.gather(self._parts.pictures.keep(self._job, pictures), self._shrink(pictures))
            self._parts.numbers.pictures.inc(len(events))
            self._parts.queue.touch()

    async def _shrink(self, pictures: Iterable[ArrivedPicture]) -> None:
        if self.shrinking:
            files = {picture.cell: picture.data for picture in pictures if picture.data is not None}
            await asyncio.to_thread(self.shrinking.add, files)

    async def _fetch_all(self, events: Iterable[PicturePainted]) -> list[ArrivedPicture]:
        """All of them, or the first failure: the others are not waited for, as an engine that is away delays each."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._fetch_picture(event)) for event in events]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        return [task.result() for task in tasks]

    async def _fetch_picture(self, event: PicturePainted) -> ArrivedPicture:
        """One that arrives damaged is fetched again."""
        judged = Judged.model_validate(event.model_dump())
        if judged.withheld:
            return ArrivedPicture(event.cell, None, None, judged)
        for _ in range(TRIES):
            data = await self._fetch_file(event.cell)
            if await asyncio.to_thread(undamaged, data, event.sha256):
                return ArrivedPicture(event.cell, data, event.sha256, judged)
        raise TesseraError(f"Picture {event.cell} of grid {self._job.id} arrived damaged.")

    async def _fetch_file(self, cell: str) -> bytes:
        async with self._fetches:
            try:
                return await self._parts.engine.client.picture(self._job.id, cell)
            except BadRequest as error:
                # It told of this picture, so it is another process that does not know it.
                raise EngineAway(str(error)) from error
