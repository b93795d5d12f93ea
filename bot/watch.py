"""One lent job from its order to its ending: events of the engine become rows, files and answers."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial

from bot import comparison_sheet, disk, grid_sheet, texts, trained
from bot.chat import Message, Picture
from bot.courier import Courier
from bot.disk import until_kept
from bot.errors import DeliveryError
from bot.heading import heading
from bot.jobs import JobRow
from bot.keeping import Keeping
from bot.parts import Parts
from bot.prints import Shrinking
from bot.teller import Teller, cancel_button, failure
from bot.training_watch import TrainingWatch
from bot.trainings import decode_picture
from engine.contract.comparison import Compared, ComparisonPlan, ComparisonPlanned
from engine.contract.errors import EngineAway, TesseraError
from engine.contract.events import Event, GridMade, GridPlanned, JobFailed, PicturePainted, Progress
from engine.contract.grid import Judged, Plan
from engine.contract.orders import Job

log = logging.getLogger(__name__)

# The last edit before a delivery would only stand in its way.
QUIET_S = 2.0
# How long a platform is asked how large a sheet may be, before the sheet is there.
LIMITS_S = 1.0
# Seconds before a cut stream of the same engine process is taken over again.
WAITS = (0.0, 1.0, 5.0, 15.0, *[30.0] * 36)


class Watch:
    def __init__(self, parts: Parts, teller: Teller, courier: Courier) -> None:
        self._parts, self._teller, self._courier = parts, teller, courier
        self.trainings = TrainingWatch(parts, teller)
        self._previews: dict[str, tuple[Picture, ...]] = {}

    async def follow(self, job: JobRow) -> None:
        """See a job that is lent or made through. Whatever fails ends this job with a sentence and no other."""
        await self._persist(job, lambda: self._advance(job))

    async def resume(self, job: JobRow) -> None:
        """A job that was lent when the bot stopped: taken over if the same engine process still answers."""
        await self._persist(job, lambda: self._take_up(job))

    async def fail(self, job: JobRow, reason: str, detail: str) -> None:
        """End a job with a sentence and let the engine go on without it."""
        if await until_kept(lambda: self._parts.jobs.failed(job.id, reason, detail)):
            self._parts.numbers.ended.labels(reason).inc()
            await self.release(job)
            row = await self._parts.jobs.find(job.id) or job
            await self._teller.end(row, failure(row))
        elif await self._parts.jobs.find(job.id) is None:
            # Its person had everything deleted meanwhile.
            await self.release(job, under_way=True)

    async def release(self, job: JobRow, *, under_way: bool = False) -> None:
        """Let the engine forget a job; one that does not answer forgets it when it restarts.

        `under_way`: perhaps it has not ended there, so that the first word ends it and the second lets it go.
        """
        try:
            for _ in range(1 + under_way):
                await self._parts.engine.client.cancel(job.id)
        except TesseraError as error:
            log.info("the engine could not be told: %s", error, extra={"job": job.id})

    async def _persist(self, job: JobRow, work: Callable[[], Awaitable[None]]) -> None:
        """See `work` through. It is tried again while the disk is full; any other failure ends the job."""
        try:
            for wait in disk.WAITS:
                try:
                    return await work()
                except OSError as error:
                    log.warning(
                        "nothing can be written to the disk, next try in %s s: %s", wait, error, extra={"job": job.id}
                    )
                    await self._say(job, texts.DISK_FULL)
                    await asyncio.sleep(wait)
            await self.fail(job, "disk_full", texts.DISK_STAYS_FULL)
        except TesseraError as error:
            await self.fail(job, error.reason, str(error))
        except Exception:
            log.exception("a job failed in the bot", extra={"job": job.id})
            await self.fail(job, "painting_failed", texts.BROKEN.format(mark=job.id))
        finally:
            self._previews.pop(job.id, None)
            self._parts.small_images.pop(job.id, None)
            self._teller.leave_off(job)
            self._parts.queue.touch()

    async def _take_up(self, job: JobRow) -> None:
        row = await self._parts.jobs.find(job.id)
        # A try before this one may have brought it further.
        if (row and row.state != "lent") or await self._still_there(job, blame=False):
            await self._advance(job)

    async def _advance(self, job: JobRow) -> None:
        """Bring the job on from the state that it is in, unless it was lent again: somebody else follows it then."""
        row = await self._parts.jobs.find(job.id)
        if row and row.state == "lent" and row.lent_at == job.lent_at:
            await self._paint(job)
            row = await self._parts.jobs.find(job.id)
        if row and row.lent_at != job.lent_at:
            return
        if (row is None or row.state in {"cancelled", "deleted"}) and not job.training:
            # Perhaps the engine was told before it had the job; what it painted is kept for nobody.
            await self.release(job, under_way=True)
        if row and row.state == "cancelled" and row.score:
            # It was made by then, so the last word about it was left to whoever posts it.
            await self._courier.recall(row)
        if row and row.state == "made":
            await self.release(row)
            self._parts.queue.touch()
            await self._courier.deliver(row)

    async def _paint(self, job: JobRow) -> None:
        """Let the engine do its work. A stream that is cut is taken over while the same engine process answers."""
        for wait in WAITS:
            try:
                return await self._stream(job)
            except EngineAway as error:
                log.warning("the engine is away: %s", error, extra={"job": job.id})
                await self._say_away(job)
                await asyncio.sleep(wait)
                if not await self._still_there(job, blame=True):
                    return None
        raise EngineAway("The engine broke off this job again and again, so it was given up.")

    async def _still_there(self, job: JobRow, *, blame: bool) -> bool:
        """Wait for an engine; whether it is the process that had this job. If not, its jobs become suspects.

        False as well where the job was lent again meanwhile, so that somebody else follows it now.
        """
        engine, jobs = self._parts.engine, self._parts.jobs
        instance = await engine.ready()
        row = await jobs.find(job.id)
        if row is None or row.state != "lent" or row.lent_at != job.lent_at:
            return False
        if row.engine == instance:
            return True
        for failed_job in await self._parts.queue.died(row.engine or "", blame=blame and not engine.blameless):
            self._parts.numbers.ended.labels("engine_away").inc()
            await self._teller.end(failed_job, failure(failed_job))
        return False

    async def _stream(self, job: JobRow) -> None:
        """Run the order until its ending, which is kept. Raises EngineAway where the stream is cut."""
        parts = self._parts
        if not await parts.queue.taken_over(job.id, await parts.engine.ready()):
            return
        if job.training:
            await self.trainings.stream(job)
            return
        have = await parts.pictures.have(job)
        order = await self._order(job, have)
        async with aclosing(parts.engine.client.run(order)) as events, Keeping(parts, job, have) as keeping:
            await self._hear(job, order, events, keeping)

    async def _hear(self, job: JobRow, order: Job, events: AsyncIterator[Event], keeping: Keeping) -> None:
        parts, start = self._parts, time.monotonic()
        plan: Plan | ComparisonPlan | None = order.plan or order.comparison
        async for event in events:
            keeping.check()
            match event:
                case GridPlanned() | ComparisonPlanned():
                    plan = plan or event.plan
                    await parts.jobs.planned(job, plan)
                    row = await parts.jobs.find(job.id)
                    if row is None or row.ended:
                        return
                    job = row
                    keeping.shrinking = await self._shrinking(job, plan)
                case PicturePainted():
                    keeping.take(event)
                case Progress():
                    await self._show(job, event)
                case GridMade() | Compared():
                    log.info("painted", extra={"job": job.id, "seconds": round(time.monotonic() - start, 1)})
                    # Nothing may be missing when the job is called made.
                    await keeping.all([cell.cell for cell in plan.cells] if plan else [])
                    await parts.jobs.made(job.id, event.score if isinstance(event, GridMade) else event)
                    return
                case JobFailed():
                    await keeping.all()
                    style = job.order.style if event.reason == "no_style" and not job.comparison else None
                    await self.fail(job, event.reason, texts.style_gone(style) if style else event.detail)
                    return
                case _:
                    continue
        raise EngineAway("The engine's answer broke off.")

    async def _shrinking(self, job: JobRow, plan: Plan | ComparisonPlan) -> Shrinking | None:
        """Makes pictures smaller ahead of the sheet; None where the platform does not say how large it may be."""
        try:
            async with asyncio.timeout(LIMITS_S):
                limits = await (await self._parts.talk(job)).limits()
        except (DeliveryError, TimeoutError):
            return None
        sheet = comparison_sheet if isinstance(plan, ComparisonPlan) else grid_sheet
        small_images = self._parts.small_images.setdefault(job.id, {})
        return Shrinking(small_images, len(plan.cells), partial(sheet.expected_cell_px, plan, limits))

    async def _order(self, job: JobRow, have: dict[str, Judged]) -> Job:
        """What the engine is given: a retry carries what was planned and what is kept."""
        turn, jobs = job.turn or 0, self._parts.jobs
        if job.comparison:
            plan = await jobs.comparison_plan(job)
            return Job(id=job.id, turn=turn, work=job.comparison_order, comparison=plan, have=have)
        return Job(id=job.id, turn=turn, work=job.order, plan=await jobs.plan(job), have=have)

    async def _show(self, job: JobRow, event: Progress) -> None:
        if event.done >= event.total or (event.eta_s is not None and event.eta_s < QUIET_S):
            return
        message = Message(
            f"{heading(job)}\n{texts.progress(event.phase, event.done, event.total, event.eta_s)}",
            pictures=self._preview(job, event.preview),
            buttons=cancel_button(job),
            eta=None if event.eta_s is None else self._parts.clock() + event.eta_s,
            progress=event.done / event.total if event.total else 0.0,
        )
        await self._teller.show(job, message, running=True)

    def _preview(self, job: JobRow, preview: str | None) -> tuple[Picture, ...]:
        """The newest preview; most progress comes without one and would otherwise take it away again."""
        data = decode_picture(preview)
        if data:
            alt = f"A preview of {job.id} while it is being painted."
            self._previews[job.id] = (Picture(f"tessera-{job.id}-preview.jpg", data, alt),)
        return self._previews.get(job.id, ())

    async def _say_away(self, job: JobRow) -> None:
        await self._say(job, trained.PAUSED if job.training else texts.PAUSED)

    async def _say(self, job: JobRow, words: str) -> None:
        """Why it does not go on at the moment, in the job's own message."""
        message = Message(f"{heading(job)}\n{words}", buttons=cancel_button(job))
        await self._teller.show(job, message, running=True)
