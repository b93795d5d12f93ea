"""/cancel: a grid or a comparison is taken back, whether it waits, is painted or is being posted."""

from contextlib import suppress
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from bot.asked import Asked
from bot.chat import Message
from bot.errors import BadCommand
from bot.jobs import JobRow
from bot.teller import failure
from engine.contract.errors import TesseraError

NEWEST_ALIVE = """
SELECT id FROM jobs WHERE person = :who AND state IN ('waiting', 'lent', 'made') ORDER BY number DESC LIMIT 1
"""


async def cancel(
    asked: Asked,
    id: Annotated[str | None, Field(description="the grid's id; if left out, your newest")] = None,  # noqa: A002
) -> Message:
    """Cancel a grid or comparison, or stop a training and keep its best epoch."""
    if id is None:
        row = await asked.parts.database.one(NEWEST_ALIVE, who=asked.who)
        if row is None:
            raise BadCommand("None of your grids is waiting or being painted.")
        id = str(row["id"])  # noqa: A001  # the option's name for people
        await asked.parts.inbox.meant(asked.received.number, id=id)
    return await cancel_job(asked, await asked.owned(id, training=True, comparison=True))


async def cancel_job(asked: Asked, job: JobRow) -> Message:
    """End a job at somebody's wish; what was painted of it is removed with it by the usual pruning."""
    if job.training and job.state in {"lent", "made"}:
        return Message(await asked.watch.trainings.stop(job))
    state = await asked.parts.jobs.cancelled(job.id)
    if state is None:
        ended_job = await asked.parts.jobs.find(job.id)
        # Somebody was faster, or the same wish is answered again after a restart.
        if ended_job and ended_job.state == "cancelled":
            return Message(f"`{job.id}` is cancelled.")
        return Message(f"`{job.id}` has already ended; there is nothing to cancel.")
    asked.parts.numbers.ended.labels("cancelled").inc()
    if state == "lent":
        # An engine that does not answer paints nothing either, and is not given this job again.
        with suppress(TesseraError):
            await asked.parts.engine.client.cancel(job.id)
    asked.parts.queue.touch()
    if state != "made":
        # Not read again: it may have been deleted since.
        row = replace(job, state="cancelled", detail=None)
        await asked.teller.end(row, failure(row))
    return Message(f"`{job.id}` is cancelled.")
