"""A training is ordered in two steps: its cost is told with a Start button, and Start puts it into the line."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

from bot import trained
from bot.asked import Asked
from bot.chat import Button, Message
from bot.errors import Refused
from bot.jobs import JobRow
from bot.ordering import announce, new_job
from bot.queue import Caps
from engine.contract.errors import TrainingFailed, from_reason
from engine.contract.events import Event, JobFailed
from engine.contract.ids import new_id
from engine.contract.orders import Job
from engine.contract.training import Estimated, EstimateTraining, TrainStyle

TOO_OLD = "This estimate is too old to be started, or it is somebody else's. Ask for a new one with /finetune."
ALIVE = """
SELECT id FROM jobs WHERE training AND prompt = :name AND state IN ('waiting', 'lent', 'made') AND id <> :id LIMIT 1
"""


async def propose(asked: Asked, order: TrainStyle) -> Message:
    """Tell the cost, with buttons. Raises Refused, and the engine's own refusals."""
    await _check_free(asked, order.name, "")
    found = await _estimate(asked, order)
    proposal = new_id()
    await asked.parts.trainings.propose(proposal, asked.who, order)
    buttons = (Button("Start", f"train:{proposal}", "primary"), Button("Cancel", f"untrain:{proposal}"))
    return Message(trained.cost(order, found), buttons=buttons)


async def start(asked: Asked, proposal: str) -> None:
    """Put a proposed training into the line, once however often Start is pressed."""
    order = await asked.parts.trainings.proposed(proposal, asked.who)
    if order is None:
        raise Refused(TOO_OLD)
    await _check_free(asked, order.name, proposal)
    missing = await asked.talk.can_post()
    if missing:
        raise Refused(missing)
    settings = asked.parts.settings
    caps = Caps(settings.waiting_per_person, settings.waiting_per_server)
    # It paints nothing, so it costs no pictures: it only gets what grids leave over.
    job = await asked.parts.queue.put(new_job(asked, proposal, order, order.name, cost=0, training=True), caps)
    if job is None:
        raise Refused("Too many of your jobs wait already. Wait for one, or take one back with /cancel.")
    if not await _mine(asked, job):
        raise Refused(f"The training `{job.id}` was started already. /queue shows how far it is.")
    asked.parts.remember(job, asked.talk)
    await announce(asked, job)


async def _mine(asked: Asked, job: JobRow) -> bool:
    """Whether this very press made the job: a press that is answered again after a restart did."""
    sql = "SELECT 1 FROM jobs WHERE number = :number AND received = :received"
    return await asked.parts.database.one(sql, number=job.number, received=asked.received.number) is not None


async def _check_free(asked: Asked, name: str, proposal: str) -> None:
    row = await asked.parts.database.one(ALIVE, name=name, id=proposal)
    if row:
        raise Refused(f"A training of the style {name} is under way already, as `{row['id']}`. Choose another name.")


async def _estimate(asked: Asked, order: TrainStyle) -> Estimated:
    """Ask the engine; what it would refuse is refused now. Raises TesseraError."""
    client, job = asked.parts.engine.client, Job(id=new_id(), work=EstimateTraining(training=order))
    async with aclosing(cast("AsyncGenerator[Event, None]", client.run(job))) as events:
        async for event in events:
            if isinstance(event, JobFailed):
                raise from_reason(event.reason, event.detail)
            if isinstance(event, Estimated):
                await client.cancel(job.id)
                return event
    raise TrainingFailed("The engine ended without an estimate. Please try again.")
