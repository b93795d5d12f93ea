"""Words that name no command are perhaps a prompt: a button makes a grid of them, once, also after a restart."""

from bot import texts
from bot.arguments import values
from bot.asked import Asked
from bot.chat import Button, Message
from bot.commands import GRID
from bot.commands.grid import order_as_typed
from bot.errors import BadCommand, NoCommand, Refused
from bot.grammar import parse
from engine.contract.order import Order
from engine.contract.orders import MakeGrid

TOO_OLD = "These words are too old, or they are not yours. Type them again after /grid."


class Spoken(Order):
    """What is kept until the button is pressed."""

    words: str


async def offer(asked: Asked, error: NoCommand) -> Message:
    """The words with the button. Raises NoCommand where no grid can be made of them either."""
    try:
        _order(error.words)
    except BadCommand:
        raise error from None
    proposal = await asked.parts.proposals.propose(asked.who, Spoken(words=error.words))
    text = f"{texts.quoted(error.words, 100)} is not a command (/help lists them). Is it a prompt?"
    return Message(text, buttons=(Button("Make a grid of this", f"spoken:{proposal}", "primary"),))


async def make(asked: Asked, subject: str, _more: str) -> None:
    """Order a grid of what was said, once however often the button is pressed."""
    proposal = await asked.parts.proposals.find(subject, asked.who, Spoken)
    if proposal is None:
        raise Refused(TOO_OLD)
    await order_as_typed(asked, _order(proposal[0].words), subject)


def _order(words: str) -> MakeGrid:
    """As after /grid: options that are named among the words are options. Raises BadCommand."""
    order: MakeGrid = values(*parse(f"/{GRID.name} {words}", (GRID,)))["order"]
    return order
