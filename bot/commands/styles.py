"""/styles: the styles there are, or one of them with its card and its controls."""

from typing import Annotated

from pydantic import Field

from bot import texts
from bot.adopted import Adopted, scope_of
from bot.asked import Asked
from bot.chat import Menu, Message
from bot.style_card import show_style
from bot.styles import NONE_YET, line

# As many as fit into a menu.
SHOWN = 25
HEAD = "Use one with: `/grid prompt:… approach:2 style:NAME`"
MORE = "And {count} more; see one with `/styles name:…`"


async def styles(
    asked: Asked,
    name: Annotated[str | None, Field(max_length=40, description="a style's name, to see its card")] = None,
) -> Message:
    """The styles you can use with /grid, or the card of one."""
    if name is not None:
        return await show_style(asked, name.strip())
    cards = await asked.parts.engine.client.styles()
    if not cards:
        return Message(NONE_YET)
    adopted_style = await Adopted(asked.parts.database).style(scope_of(asked))
    cards.sort(key=lambda card: card.get("name") != adopted_style)
    ends = []
    if adopted_style not in {None, *(card.get("name") for card in cards)}:
        ends.append(f"The adopted style `{adopted_style}` no longer exists. A moderator can adopt another.")
    more = MORE.format(count=len(cards))
    lines = texts.fitting([line(card, adopted_style) for card in cards[:SHOWN]], beside=[HEAD, *ends, more])
    if len(cards) > len(lines):
        ends.append(MORE.format(count=len(cards) - len(lines)))
    choices = tuple((str(card.get("name")), str(card.get("name"))) for card in cards[:SHOWN])
    return Message("\n".join([HEAD, *lines, *ends]), menu=Menu("See a style", "style:menu", choices))
