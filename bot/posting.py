"""Something of the history posted for all to see, once for the command that asked for it."""

from collections.abc import Awaitable, Callable

from bot.asked import Asked
from bot.chat import Delivery as Attempt
from bot.errors import Refused
from bot.jobs import JobRow


async def post_openly(asked: Asked, job: JobRow, post: Callable[[Attempt], Awaitable[str]]) -> None:
    """Raises Refused where the bot may not post here."""
    missing = await asked.talk.can_post()
    if missing:
        raise Refused(missing)
    server = None if asked.place.private else asked.server
    await asked.parts.delivery.answer(asked.talk, asked.received.mark, job.number, server, post)
