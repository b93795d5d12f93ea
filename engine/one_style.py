"""A style trained for somebody at a terminal: order it, watch it, say what came of it."""

import asyncio
from typing import Any

from engine.contract.errors import TrainingFailed, from_reason
from engine.contract.events import JobFailed, Progress
from engine.contract.ids import new_id
from engine.contract.orders import Job
from engine.contract.training import Epoch, EpochEnded, Estimated, EstimateTraining, StyleTrained, TrainStyle
from engine.local import LocalEngine, Paints, engine_for
from engine.settings import Settings
from engine.training_bar import TrainingBar

GOES_ON = "the training continues in the running engine and ends by itself. DELETE /jobs/{job} cancels it."
ANEW = "starts over, because there is no checkpoint of that name"
CUT_OFF = "the training was interrupted. With --resume it continues from its last epoch."


async def one_style(settings: Settings, order: TrainStyle) -> dict[str, Any]:
    """The trained style as JSON; its files are where `folder` says. Raises the errors of engine.contract.errors."""
    async with engine_for(settings) as engine:
        with TrainingBar(order.name) as bar:
            bar.say(cost(await _estimate(engine, order)))
            return as_json(await _train(engine, Job(id=new_id(), work=order), bar))


def as_json(trained: StyleTrained) -> dict[str, Any]:
    """What `finetune --json` prints."""
    epochs = [{name: getattr(epoch, name) for name in Epoch.model_fields} for epoch in trained.epochs]
    fields = trained.model_dump(mode="json", exclude={"event", "sheet"})
    return {**fields, "epochs": epochs}


def cost(estimate: Estimated) -> str:
    """What a training will take, in a line for people."""
    parts = [f"{estimate.images} pictures, at most {estimate.steps} steps"]
    if estimate.epochs_done is not None:
        parts.append(f"continues after epoch {estimate.epochs_done}" if estimate.epochs_done else ANEW)
    parts.append("time unknown until this machine has trained once")
    if estimate.seconds is not None:
        parts[-1] = f"at most {max(1, round(estimate.seconds / 60))} min"
    if estimate.bytes_to_fetch:
        parts.append(f"about {estimate.bytes_to_fetch / 1e6:,.0f} MB to download")
    if estimate.memory_bytes:
        parts.append(f"{estimate.memory_bytes / 1e6:,.0f} MB for the model")
    return ", ".join(parts)


async def _estimate(engine: Paints, order: TrainStyle) -> Estimated:
    job = Job(id=new_id(), work=EstimateTraining(training=order))
    estimate: Estimated | None = None
    async for event in engine.run(job):
        if isinstance(event, JobFailed):
            raise from_reason(event.reason, event.detail)
        if isinstance(event, Estimated):
            estimate = event
    await engine.cancel(job.id)
    if estimate is None:
        raise TrainingFailed("The engine ended without an estimate.")
    return estimate


async def _train(engine: Paints, job: Job, bar: TrainingBar) -> StyleTrained:
    try:
        return await _follow(engine, job, bar)
    except asyncio.CancelledError:
        bar.say(CUT_OFF if isinstance(engine, LocalEngine) else GOES_ON.format(job=job.id))
        raise


async def _follow(engine: Paints, job: Job, bar: TrainingBar) -> StyleTrained:
    trained: StyleTrained | None = None
    async for event in engine.run(job):
        match event:
            case Progress():
                bar.update(event)
            case EpochEnded():
                bar.epoch(event)
            case StyleTrained():
                trained = event
            case JobFailed():
                raise from_reason(event.reason, event.detail)
    await engine.cancel(job.id)
    if trained is None:
        raise TrainingFailed("The engine ended without a style.")
    return trained
