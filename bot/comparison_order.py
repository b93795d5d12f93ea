"""A comparison is ordered in two steps: its cost is told with a Start button, and Start puts it into the line."""

from bot import compared
from bot.adopted import Adopted, scope_of
from bot.asked import Asked
from bot.chat import Button, Message
from bot.errors import Refused
from bot.ordering import admit, announce, made_by_this_press, new_job, which_limit
from bot.questions import answer
from engine.contract.approaches import NUMBERS, STYLED
from engine.contract.comparison import Compare, ComparisonEstimated, EstimateComparison

TOO_OLD = "This estimate is too old, or it is not yours. Ask for a new one with /compare."


async def propose(asked: Asked, order: Compare) -> Message:
    """Tell the cost, with buttons. Raises Refused, and the engine's own refusals."""
    order = await _with_style(asked, order)
    await admit(asked, _words(order))
    estimate = await answer(asked, EstimateComparison(comparison=order), ComparisonEstimated)
    seconds = estimate.pictures * await asked.line.pace()
    proposal = await asked.parts.proposals.propose(asked.who, order, estimate.pictures)
    buttons = (Button("Start", f"compare:{proposal}", "primary"), Button("Cancel", f"uncompare:{proposal}"))
    return Message(compared.cost(order.prompt, estimate, seconds), buttons=buttons)


async def start(asked: Asked, proposal: str) -> None:
    """Put a proposed comparison into the line, once however often Start is pressed."""
    order_and_cost = await asked.parts.proposals.find(proposal, asked.who, Compare)
    if order_and_cost is None:
        raise Refused(TOO_OLD)
    order, cost = order_and_cost
    caps = await admit(asked, _words(order))
    job = await asked.parts.queue.put(new_job(asked, proposal, order, order.prompt, cost, comparison=True), caps)
    if job is None:
        raise Refused(await which_limit(asked, caps, cost))
    if not await made_by_this_press(asked, job):
        raise Refused(f"The comparison `{job.id}` was already started. /queue shows its progress.")
    asked.parts.remember(job, asked.talk)
    await announce(asked, job)


def _words(order: Compare) -> list[str | None]:
    return [order.prompt, order.against, order.words]


async def _with_style(asked: Asked, order: Compare) -> Compare:
    """Where a style is needed and none was named: the one that a grid wears here, or else the only one there is."""
    if order.styles or not _needs_style(order):
        return order
    style = await Adopted(asked.parts.database).style(scope_of(asked))
    if style is None and order.weights:
        cards = await asked.parts.engine.client.styles()
        names = [str(card["name"]) for card in cards]
        candidates = [str(card["name"]) for card in cards if card.get("shipped")] or names
        if len(candidates) != 1:
            hint = f"The choices are: {', '.join(names[:10])}." if names else "There is none yet; /finetune makes one."
            raise Refused(f"Name the style whose weights to compare, such as styles:sketch. {hint}")
        style = candidates[0]
    return order.model_copy(update={"styles": (style,)}) if style else order


def _needs_style(order: Compare) -> bool:
    if order.weights:
        return True
    return STYLED in (order.approaches or (() if order.against else NUMBERS))
