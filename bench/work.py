"""What is painted in a benchmark: the planned rows of a grid, the same for everybody who paints it."""

from dataclasses import dataclass

from engine.contract.approaches import dress
from engine.contract.grid import Plan
from engine.contract.orders import MakeGrid
from engine.planner import Planner
from engine.wave import Mix, Row

PROMPT = "a cat wearing neon-glasses"
SEED = 7


@dataclass(frozen=True)
class Work:
    """An order with everything random about it decided; `rows` are the pictures that a model paints."""

    order: MakeGrid
    plan: Plan
    mix: Mix
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        return f"approach {self.order.approach}, {self.order.blocks} x {self.order.blocks} blocks"


async def plan(planner: Planner, approach: int, blocks: int, steps: int | None = None) -> Work:
    order = MakeGrid.model_validate(
        {"prompt": PROMPT, "approach": approach, "blocks": blocks, "seed": SEED, "steps": steps}
    )
    grid_plan = await planner.plan(order, _nobody_watches)
    recipe = grid_plan.recipe
    rows = tuple(
        Row(
            job="bench",
            cell=cell.cell,
            prompt=recipe.dressed_prompt if cell.unique else dress(cell.prompt or "", None, recipe.words),
            negative=recipe.negative or "",
            seed=cell.seed,
        )
        for cell in grid_plan.cells
        if cell.seed is not None
    )
    return Work(order, grid_plan, Mix.of(recipe), rows)


def _nobody_watches(_done: int, _total: int) -> None:
    """The embedded model has nothing to fetch."""
