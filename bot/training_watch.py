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
from bot.trainings import decode_picture
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
class _Training:
    """What this process knows of a training under way, so that not every step asks the rows."""

    again: bool
    epochs: dict[int, Epoch]
    plot: bytes | None
    stopping: bool = False
    phase: str = "waiting"
    cancel_sent: bool = False

    @property
    def may_stop(self) -> bool:
        return self.phase not in UNREADY or not self.epochs


class TrainingWatch:
    def __init__(self, parts: Parts, teller: Teller) -> None:
        self._parts, self._teller = parts, teller
        self._trainings: dict[str, _Training] = {}
        self._shut_downs: Counter[str] = Counter()

    async def stream(self, job: JobRow) -> None:
        """Run the order until its ending, which is kept. Raises what it failed with, or EngineAway."""
        training = self._trainings[job.id] = await self._training(job)
        # Only now, so that whoever asks for the end meanwhile is heard either here or there.
        if await self._parts.trainings.stopping(job):
            training.stopping = True
        order = job.training_order
        work = order.model_copy(update={"resume": True}) if training.again else order
        run = self._parts.engine.client.run(Job(id=job.id, work=work))
        async with aclosing(run) as events:
            await self._hear(job, training, events)

    async def _hear(self, job: JobRow, training: _Training, events: AsyncIterator[Event]) -> None:
        async for event in events:
            match event:
                case Progress():
                    await self._progressed(job, training, event)
                case EpochEnded():
                    await self._parts.trainings.keep(job, event)
                    training.epochs[event.epoch] = Epoch.model_validate(event.model_dump())
                    training.plot = decode_picture(event.plot) or training.plot
                case StyleTrained():
                    return await self._trained(job, event)
                case JobFailed():
                    return await self._failed(job, training, event)
                case _:
                    continue
            if training.stopping and training.may_stop and not training.cancel_sent:
                training.cancel_sent = True
                await self._parts.engine.client.cancel(job.id)
        raise EngineAway("The engine's answer broke off.")

    async def stop(self, job: JobRow) -> str:
        """Ask for the end, now or as soon as nothing is lost by it; what to tell the person."""
        await self._parts.trainings.stop(job)
        training = self._trainings.get(job.id)
        if training:
            training.stopping = True
        if training and training.may_stop and not training.cancel_sent:
            training.cancel_sent = True
            try:
                await self._parts.engine.client.cancel(job.id)
            except TesseraError:
                # An engine that does not answer, or does not have the job yet, is asked again at its next word.
                training.cancel_sent = False
        return trained.STOPPING if await self._parts.trainings.epochs(job) else trained.STOPPING_EARLY

    async def _training(self, job: JobRow) -> _Training:
        rows = self._parts.trainings
        return _Training(
            again=not await rows.begin(job),
            epochs={epoch.epoch: epoch for epoch in await rows.epochs(job)},
            plot=await rows.plot(job),
        )

    async def _progressed(self, job: JobRow, training: _Training, event: Progress) -> None:
        if event.phase == "training" and training.phase != "training":
            await self._parts.trainings.proved(job)
        training.phase = event.phase
        epochs = list(training.epochs.values())
        lines = [heading(job), trained.progress(event, epochs), *([trained.STOPPING] if training.stopping else [])]
        message = Message(
            "\n".join(lines),
            pictures=(plot_picture(job.prompt or "", job.id, training.plot),) if training.plot else (),
            buttons=() if training.stopping else cancel_button(job),
            eta=None if event.eta_s is None else self._parts.clock() + event.eta_s,
            progress=event.done / event.total if event.total else 0.0,
        )
        await self._teller.show(job, message, running=True)

    async def _trained(self, job: JobRow, event: StyleTrained) -> None:
        self._forget(job)
        log.info("trained", extra={"job": job.id, "style": event.name})
        await self._parts.trainings.trained(job, event)

    async def _failed(self, job: JobRow, training: _Training, event: JobFailed) -> None:
        """Raises the failure, unless the style was saved before the engine died, or the end was wanted."""
        style = await self._saved_before(job, training) if training.again and event.reason == "bad_request" else None
        if style:
            await self._trained(job, style)
            return
        if event.reason == "cancelled" and not training.stopping:
            self._shut_downs[job.id] += 1
            if self._shut_downs[job.id] < SHUT_DOWN:
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

    async def _saved_before(self, job: JobRow, training: _Training) -> StyleTrained | None:
        """The style of this very training: its card begins with the epochs that were told of it."""
        try:
            card = await self._parts.engine.client.style(job.training_order.name)
        except BadRequest:
            return None
        style = trained_from_card(card)
        losses = {epoch.epoch: epoch.held_out_loss for epoch in style.epochs} if style else {}
        same_training = all(losses.get(epoch.epoch) == epoch.held_out_loss for epoch in training.epochs.values())
        return style if training.epochs and same_training else None

    def _forget(self, job: JobRow) -> None:
        self._trainings.pop(job.id, None)
        self._shut_downs.pop(job.id, None)
