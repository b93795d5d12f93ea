"""What the buttons of comparisons do."""

from bot import compared, texts
from bot.asked import Asked
from bot.chat import Message
from bot.comparison_order import propose, start
from bot.errors import Refused
from bot.ordering import withdraw


async def compare(asked: Asked, subject: str, _more: str) -> None:
    """Start a comparison whose cost was told."""
    await start(asked, subject)


async def uncompare(asked: Asked, subject: str, _more: str) -> Message:
    """Start nothing."""
    await withdraw(asked, subject)
    return Message(compared.NOTHING)


async def recompare(asked: Asked, subject: str, more: str) -> Message:
    """The cost of the same comparison again: with new seeds, or with `same` the very same ones."""
    job = await asked.visible(subject, comparison=True)
    if not job.comparison:
        raise Refused(texts.NO_COMPARISON.format(job=job.id))
    plan = await asked.parts.jobs.comparison_plan(job) if more == "same" else None
    seed = plan.seed if plan else job.comparison_order.seed if more == "same" else None
    return await propose(asked, job.comparison_order.model_copy(update={"seed": seed}))
