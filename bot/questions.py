"""Short questions to the engine that are no jobs of the line: what something would cost, how a picture scores."""

from contextlib import aclosing
from typing import TypeVar

from bot.asked import Asked
from engine.contract.errors import PaintingFailed, from_reason
from engine.contract.events import JobFailed
from engine.contract.ids import new_id
from engine.contract.orders import Job, Work

Answer = TypeVar("Answer")


async def answer(asked: Asked, work: Work, kind: type[Answer]) -> Answer:
    """The engine's answer; what it refuses is raised as it was told. Raises TesseraError."""
    client, job = asked.parts.engine.client, Job(id=new_id(), work=work)
    async with aclosing(client.run(job)) as events:
        async for event in events:
            if isinstance(event, JobFailed):
                raise from_reason(event.reason, event.detail)
            if isinstance(event, kind):
                await client.cancel(job.id)
                return event
    raise PaintingFailed("The engine ended without an answer. Please try again.")
