"""/grid: the command this product is for."""

from bot.asked import Asked
from bot.ordering import order_grid
from engine.contract.orders import MakeGrid


async def grid(asked: Asked, order: MakeGrid) -> None:
    """Paint a grid of pictures from a prompt among fillers, and measure how well they match."""
    await order_grid(asked, await preferred(asked, order))


async def preferred(asked: Asked, order: MakeGrid) -> MakeGrid:
    """With what the person prefers, or else the server, where the order leaves it open."""
    own = await asked.parts.preferences.of_person(asked.who)
    rules = await asked.parts.preferences.of_server(asked.server)
    found = {
        name: getattr(own, name) or getattr(rules, name)
        for name in ("approach", "blocks")
        if name not in order.model_fields_set and (getattr(own, name) or getattr(rules, name))
    }
    return order.model_copy(update=found)
