"""One comparison under way: a job of the engine paints each column; its pictures are measured and reported here."""

import asyncio
import contextlib
import hashlib
import io
import time
from typing import Protocol

import numpy as np
from PIL import Image

from engine.comparing.preview import preview
from engine.comparing.ruler import Ruler
from engine.comparing.sharing import Share, job_of, shares
from engine.contract.comparison import ComparisonPlan
from engine.contract.errors import from_reason
from engine.contract.events import JobFailed, PicturePainted, Progress
from engine.contract.orders import Job
from engine.evaluation.summary import CONTENT
from engine.painter import Pixels
from engine.preview import small
from engine.running import Running

TELL_SECONDS, PREVIEW_SECONDS = 0.2, 1.5


class Crew(Protocol):
    """What a comparison needs of the engine."""

    def submit(self, job: Job) -> Running:
        """Take a job."""

    def remove(self, job: str) -> None:
        """Cancel a job that is alive, forget one that has ended."""


class Watching:
    """`measures` is the task that makes the ruler while the first pictures are painted."""

    def __init__(self, running: Running, plan: ComparisonPlan, crew: Crew, measures: "asyncio.Task[Ruler]") -> None:
        self._running, self._plan, self._crew, self._measures = running, plan, crew, measures
        self._columns: list[tuple[Share, Running]] = []
        self._measuring = asyncio.Lock()
        self._cells = {cell.cell: cell for cell in plan.cells}
        self._told_at = self._last_preview = time.monotonic()
        self._done = 0.0

    async def run(self) -> None:
        """Until every cell is told. Raises what a column's job failed with."""
        turn = self._running.job.turn
        for share in shares(self._plan, self._running.judged):
            self._columns.append((share, self._crew.submit(job_of(share, self._plan, turn))))
        try:
            async with asyncio.TaskGroup() as group:
                for share, column in self._columns:
                    group.create_task(self._follow(share, column))
        finally:
            for _, column in self._columns:
                self._forget(column)

    async def _follow(self, share: Share, column: Running) -> None:
        async for event in column.follow():
            match event:
                case PicturePainted():
                    await self._painted(share, column, event)
                case Progress():
                    self._progressed()
                case JobFailed():
                    raise from_reason(event.reason, event.detail)
                case _:
                    continue

    async def _painted(self, share: Share, column: Running, event: PicturePainted) -> None:
        """Measure a picture and report both, for every cell that shows it. To conclude, the measures are enough."""
        cells = [self._cells[event.cell], *share.twins[event.cell]]
        png = column.pictures.pop(event.cell, None)
        if png is None:
            for cell in cells:
                self._running.tell(PicturePainted(cell=cell.cell, withheld=event.withheld or "not painted"))
            return
        ruler, picture = await asyncio.shield(self._measures), await asyncio.to_thread(_pixels, png)
        for cell in cells:
            async with self._measuring:
                measures = await asyncio.to_thread(ruler.measure, cell, picture)
            self._running.pictures[cell.cell], self._running.thumbs[cell.cell] = png, small(picture)
            self._running.tell(
                PicturePainted(
                    cell=cell.cell,
                    score=measures.get(CONTENT),
                    measures=dict(measures),
                    sha256=hashlib.sha256(png).hexdigest(),
                    bytes=len(png),
                )
            )
        self._progressed()

    def _progressed(self) -> None:
        now = time.monotonic()
        if now - self._told_at < TELL_SECONDS:
            return
        self._told_at = now
        states = [column.progress for _, column in self._columns if column.alive and column.progress]
        under_way = sum(
            column.progress.done - len(column.judged)
            for _, column in self._columns
            if column.progress and column.alive and column.progress.phase == "painting"
        )
        self._done = max(self._done, len(self._running.judged) + under_way)
        times = [state.eta_s for state in states]
        phases = [state.phase for state in states]
        self._running.tell(
            Progress(
                done=self._done,
                total=len(self._plan.cells),
                phase=next((p for p in ("painting", "loading", "waiting") if p in phases), "judging"),
                eta_s=None if None in times else max((t for t in times if t is not None), default=None),
                preview=self._preview(now),
            )
        )

    def _preview(self, now: float) -> str | None:
        if now - self._last_preview < PREVIEW_SECONDS:
            return None
        self._last_preview = now
        previews = [
            (share, column.progress.preview)
            for share, column in self._columns
            if column.progress and column.progress.preview
        ]
        return preview(self._plan, self._running.thumbs, previews)

    def _forget(self, column: Running) -> None:
        """Cancel what is alive, then let it go."""
        job = column.job.id
        if column.alive:
            self._crew.remove(job)
        # One that ended long before the others is forgotten already.
        with contextlib.suppress(KeyError):
            self._crew.remove(job)


def _pixels(png: bytes) -> Pixels:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB"))
