"""A training is ordered in two steps: its cost is told with a Start button, and Start puts it into the line."""

from bot import trained
from bot.asked import Asked
from bot.chat import Button, Message
from bot.errors import Refused
from bot.ordering import announce, made_by_this_press, new_job
from bot.questions import answer
from bot.queue import Caps
from engine.contract.training import Estimated, EstimateTraining, TrainStyle

TOO_OLD = "This estimate is too old, or it is not yours. Ask for a new one with /finetune."
ALIVE = """
SELECT id FROM jobs WHERE training AND prompt = :name AND state IN ('waiting', 'lent', 'made') AND id <> :id LIMIT 1
"""


async def propose(asked: Asked, order: TrainStyle) -> Message:
    """Tell the cost, with buttons. Raises Refused, and the engine's own refusals."""
    await _check_free(asked, order.name, "")
    estimate = await answer(asked, EstimateTraining(training=order), Estimated)
    proposal = await asked.parts.proposals.propose(asked.who, order)
    buttons = (Button("Start", f"train:{proposal}", "primary"), Button("Cancel", f"untrain:{proposal}"))
    return Message(trained.cost(order, estimate), buttons=buttons)


async def start(asked: Asked, proposal: str) -> None:
    """Put a proposed training into the line, once however often Start is pressed."""
    order_and_cost = await asked.parts.proposals.find(proposal, asked.who, TrainStyle)
    if order_and_cost is None:
        raise Refused(TOO_OLD)
    order, _ = order_and_cost
    await _check_free(asked, order.name, proposal)
    refusal = await asked.talk.can_post()
    if refusal:
        raise Refused(refusal)
    settings = asked.parts.settings
    caps = Caps(settings.waiting_per_person, settings.waiting_per_server)
    # It paints nothing, so it costs no pictures: it only gets what grids leave over.
    job = await asked.parts.queue.put(new_job(asked, proposal, order, order.name, cost=0, training=True), caps)
    if job is None:
        raise Refused("Too many of your jobs are waiting. Wait for one to finish, or cancel one with /cancel.")
    if not await made_by_this_press(asked, job):
        raise Refused(f"The training `{job.id}` was already started. /queue shows its progress.")
    asked.parts.remember(job, asked.talk)
    await announce(asked, job)


async def _check_free(asked: Asked, name: str, proposal: str) -> None:
    row = await asked.parts.database.one(ALIVE, name=name, id=proposal)
    if row:
        raise Refused(f"A training of the style {name} is under way already, as `{row['id']}`. Choose another name.")
