"""/grid: the command this product is for."""

from contextlib import suppress

from bot.asked import Asked
from bot.errors import BadCommand
from bot.ordering import order_grid
from bot.style_card import no_such_style
from engine.contract.approaches import STYLED
from engine.contract.errors import EngineAway
from engine.contract.orders import MakeGrid


async def grid(asked: Asked, order: MakeGrid) -> None:
    """Paint a grid: pictures of your prompt among fillers, with a score for how well they match."""
    await order_as_typed(asked, order)


async def order_as_typed(asked: Asked, order: MakeGrid, proposal: str | None = None) -> None:
    """Order a grid as it was typed; of a `proposal` once."""
    order = await with_preferences(asked, order)
    await _check_style(asked, order)
    await order_grid(asked, order, proposal=proposal)


async def _check_style(asked: Asked, order: MakeGrid) -> None:
    """Raises BadCommand where the style cannot be; an engine that is away says so when it is back."""
    if order.style is None:
        return
    if order.approach != STYLED:
        raise BadCommand(f"Approach {order.approach} paints without styles; use approach:2 for “{order.style}”.")
    with suppress(EngineAway):
        names = [str(card.get("name")) for card in await asked.parts.engine.client.styles()]
        if order.style not in names:
            raise BadCommand(no_such_style(order.style, names))


async def with_preferences(asked: Asked, order: MakeGrid) -> MakeGrid:
    """With what the person prefers, or else the server, where the order leaves it open."""
    preferences = await asked.parts.preferences.of_person(asked.who)
    rules = await asked.parts.preferences.of_server(asked.server)
    defaults = {
        name: getattr(preferences, name) or getattr(rules, name)
        for name in ("approach", "blocks")
        if name not in order.model_fields_set and (getattr(preferences, name) or getattr(rules, name))
    }
    return order.model_copy(update=defaults)
