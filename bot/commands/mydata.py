"""/mydata: everything that is kept of a person, as files or gone."""

from typing import Annotated, Literal

from pydantic import Field

from bot import texts
from bot.allowance import keep_spent
from bot.asked import Asked
from bot.chat import Button, Message
from bot.commands.cancel import cancel_job
from bot.export import volumes
from bot.heading import heading
from bot.jobs import JobRow, job_row

OWN = "SELECT * FROM jobs WHERE person = :who ORDER BY number"


async def mydata(
    asked: Asked,
    action: Annotated[Literal["export", "delete"], Field(description="export all of it, or delete all of it")],
) -> Message | None:
    """Get everything this bot keeps about you, or delete it."""
    if action == "delete":
        words = (
            "This deletes your history, your settings and all your pictures from this bot, and cancels whatever is"
            " waiting. Posted sheets stay where they are; delete them first with their own button. The number of"
            " pictures you ordered in the last hour is remembered for that hour, without your name. This cannot be"
            " undone."
        )
        return Message(words, buttons=(Button("Delete everything", "mydata:delete", "danger"),))
    limit = (await asked.talk.limits()).file_bytes
    number = 0
    async for volume in volumes(asked.parts, asked.who, asked.person, limit):
        number += 1
        await asked.talk.whisper(Message(f"Your data, part {number}.", files=(volume,)))
    return None


async def delete_everything(asked: Asked) -> Message:
    """Files first by the list of the rows, then the rows in one statement that takes everything below with it."""
    while True:
        jobs = [job_row(row) for row in await asked.parts.database.read(OWN, who=asked.who)]
        for job in jobs:
            await _end(asked, job)
        if await _deleted(asked, len(jobs)):
            break
    # The web chat keeps the conversation itself, which other platforms keep for us.
    forget = getattr(asked.parts.platforms.get(asked.person.platform), "forget", None)
    if forget is not None:
        await forget(asked.person.id)
    return Message(f"Done: {texts.grids(len(jobs))} with all pictures, your settings and your name were deleted.")


async def _end(asked: Asked, job: JobRow) -> None:
    """Cancel it where it is alive, and remove its files."""
    if not job.ended:
        await cancel_job(asked, job)
        if job.training:
            await asked.teller.end(job, Message(f"{heading(job)}\n{texts.DELETED}"))
    await asked.parts.pictures.drop(job.id)


async def _deleted(asked: Asked, jobs: int) -> bool:
    """Delete all rows of a person with so many jobs; False, and nothing is deleted, where there is one more by now."""
    async with asked.parts.database.transaction() as rows:
        if len(await rows.write(OWN, who=asked.who)) > jobs:
            return False
        await keep_spent(rows, asked.who, asked.parts.clock())
        await rows.write("DELETE FROM deliveries WHERE person = :who AND job IS NULL", who=asked.who)
        # Of a sheet that was shown of somebody else's grid it stays known that it is there, not who asked for it.
        await rows.write("UPDATE deliveries SET talk = '' WHERE person = :who", who=asked.who)
        await rows.write("DELETE FROM preferences WHERE scope = 'person' AND owner = :who", who=str(asked.who))
        await rows.write(
            "DELETE FROM received WHERE person = :who AND number <> :this", who=asked.who, this=asked.received.number
        )
        await rows.write("DELETE FROM people WHERE id = :who", who=asked.who)
    return True
