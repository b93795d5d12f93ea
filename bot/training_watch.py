"""One lent training from its order to its ending. Like a grid's, what is told of it is kept as it arrives."""

import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass

from bot import trained
from bot.chat import Message
from bot.heading import heading
from bot.jobs import JobRow
from bot.parts import Parts
from bot.styles import trained_from_card
from bot.teller import Teller, cancel_button, failure
from bot.training_pictures import plot_picture
from bot.trainings import unpacked
from engine.contract.errors import BadRequest, EngineAway, TesseraError, from_reason
from engine.contract.events import Event, JobFailed, Progress
from engine.contract.orders import Job
from engine.contract.training import Epoch, EpochEnded, StyleTrained

log = logging.getLogger(__name__)

# A training that nobody stopped says "cancelled" when its engine is being shut down; so often it is believed to go on.
SHUT_DOWN = 4
# Phases in which an engine that is told to stop forgets what an earlier epoch has learned.
UNREADY = frozenset({"waiting", "fetching", "loading", "encoding"})


@dataclass
class _Seen:
    """What this process knows of a training under way, so that not every step asks the rows."""

    again: bool
    stopping: bool
    epochs: dict[int, Epoch]
    plot: bytes | None
    phase: str = "waiting"
    asked: bool = False

    @property
    def may_stop(self) -> bool:
        return self.phase not in UNREADY or not self.epochs


class TrainingWatch:
    def __init__(self, parts: Parts, teller: Teller) -> None:
        self._parts, self._teller = parts, teller
        self._under_way: dict[str, _Seen] = {}
        self._cut: Counter[str] = Counter()

    async def stream(self, job: JobRow) -> None:
        """Run the order until its ending, which is kept. Raises what it failed with, or EngineAway."""
        seen = self._under_way[job.id] = await self._seen(job)
        order = job.training_order
        work = order.model_copy(update={"resume": True}) if seen.again else order
        run = self._parts.engine.client.run(Job(id=job.id, turn=job.turn or 0, work=work))
        async with aclosing(run) as events:
            await self._hear(job, seen, events)

    async def _hear(self, job: JobRow, seen: _Seen, events: AsyncIterator[Event]) -> None:
        async for event in events:
            match event:
                case Progress():
                    await self._progressed(job, seen, event)
                case EpochEnded():
                    await self._parts.trainings.keep(job, event)
                    seen.epochs[event.epoch] = Epoch.model_validate(event.model_dump())
                    seen.plot = unpacked(event.plot) or seen.plot
                case StyleTrained():
                    return await self._trained(job, event)
                case JobFailed():
                    return await self._failed(job, seen, event)
                case _:
                    continue
            if seen.stopping and seen.may_stop and not seen.asked:
                seen.asked = True
                await self._parts.engine.client.cancel(job.id)
        raise EngineAway("The engine's answer broke off.")

    async def stop(self, job: JobRow) -> str:
        """Ask for the end, now or as soon as nothing is lost by it; what to tell the person."""
        await self._parts.trainings.stop(job)
        seen = self._under_way.get(job.id)
        if seen:
            seen.stopping = True
        if seen and seen.may_stop and not seen.asked:
            seen.asked = True
            # An engine that does not answer is asked again when it does.
            with suppress(TesseraError):
                await self._parts.engine.client.cancel(job.id)
        return trained.STOPPING if await self._parts.trainings.epochs(job) else trained.STOPPING_EARLY

    async def _seen(self, job: JobRow) -> _Seen:
        rows = self._parts.trainings
        return _Seen(
            again=not await rows.begin(job),
            stopping=await rows.stopping(job),
            epochs={epoch.epoch: epoch for epoch in await rows.epochs(job)},
            plot=await rows.plot(job),
        )

    async def _progressed(self, job: JobRow, seen: _Seen, event: Progress) -> None:
        if event.phase == "training" and seen.phase != "training":
            await self._parts.trainings.proved(job)
        seen.phase = event.phase
        epochs = list(seen.epochs.values())
        lines = [heading(job), trained.progress(event, epochs), *([trained.STOPPING] if seen.stopping else [])]
        message = Message(
            "\n".join(lines),
            pictures=(plot_picture(job.prompt or "", job.id, seen.plot),) if seen.plot else (),
            buttons=() if seen.stopping else cancel_button(job),
            eta=None if event.eta_s is None else self._parts.clock() + event.eta_s,
            progress=event.done / event.total if event.total else 0.0,
        )
        await self._teller.show(job, message, running=True)

    async def _trained(self, job: JobRow, event: StyleTrained) -> None:
        self._forget(job)
        log.info("trained", extra={"job": job.id, "style": event.name})
        await self._parts.trainings.trained(job, event)

    async def _failed(self, job: JobRow, seen: _Seen, event: JobFailed) -> None:
        """Raises the failure, unless the style was saved before the engine died, or the end was wanted."""
        saved = await self._saved_before(job, seen) if seen.again and event.reason == "bad_request" else None
        if saved:
            await self._trained(job, saved)
            return
        if event.reason == "cancelled" and not seen.stopping:
            self._cut[job.id] += 1
            if self._cut[job.id] < SHUT_DOWN:
                raise EngineAway("The engine is being stopped.")
        self._forget(job)
        if event.reason != "cancelled":
            raise from_reason(event.reason, event.detail)
        if await self._parts.jobs.cancelled(job.id):
            self._parts.numbers.ended.labels("cancelled").inc()
            with suppress(TesseraError):
                await self._parts.engine.client.cancel(job.id)
            row = await self._parts.jobs.find(job.id) or job
            await self._teller.end(row, failure(row))

    async def _saved_before(self, job: JobRow, seen: _Seen) -> StyleTrained | None:
        """The style of this very training: its card begins with the epochs that were told of it."""
        try:
            card = await self._parts.engine.client.style(job.training_order.name)
        except BadRequest:
            return None
        found = trained_from_card(card)
        known = {epoch.epoch: epoch.held_out_loss for epoch in found.epochs} if found else {}
        mine = all(known.get(epoch.epoch) == epoch.held_out_loss for epoch in seen.epochs.values())
        return found if seen.epochs and mine else None

    def _forget(self, job: JobRow) -> None:
        self._under_way.pop(job.id, None)
        self._cut.pop(job.id, None)
