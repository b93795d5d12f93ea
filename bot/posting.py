"""Something of the history posted for all to see, once for the command that asked for it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from bot import texts
from bot.asked import Asked
from bot.chat import Attempt, Message
from bot.errors import Gone, Refused
from bot.jobs import JobRow
from bot.prints import Prints


def has_sheet(job: JobRow, prints: Prints) -> bool:
    """Whether there is one to show, or there was: it was made, or it ended early with some pictures."""
    return job.pruned or (job.ended and (job.state == "delivered" or bool(prints)))


async def post_openly(
    asked: Asked, job: JobRow, post: Callable[[Attempt], Awaitable[str]], *, whole: bool = True
) -> None:
    """`whole`: all of it is shown, so that others here may see it from now on.

    Raises Refused where the bot may not post here, or what is shown was deleted meanwhile.
    """
    refusal = await asked.talk.can_post()
    if refusal:
        raise Refused(refusal)
    server = asked.server if whole and not asked.place.private else None
    message = await asked.parts.delivery.answer(
        asked.talk, asked.received.mark, job.number, server, post, person=asked.who
    )
    row = await asked.parts.jobs.find(job.id)
    if message and (row is None or row.state == "deleted"):
        with suppress(Gone):
            await asked.talk.delete(message)
        raise Refused(texts.NO_GRID.format(job=texts.quoted(job.id, 30)))


async def tell_openly(asked: Asked, job: JobRow, message: Message, *, openly: bool = True) -> Message | None:
    """Post a part of a grid, or words about it, so that this goes when the job is deleted; or return it unposted."""
    if not openly:
        return message
    await post_openly(asked, job, partial(asked.talk.post, message), whole=False)
    return None
