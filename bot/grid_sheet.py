"""The sheet of a grid as a file: the largest that a destination takes, and where its pictures lie on it."""

from collections.abc import Mapping
from typing import Any

from bot import ladder
from bot.chat import Limits
from bot.ladder import Rung, Sheet, fractions
from bot.prints import Prints
from engine.contract import sheet
from engine.contract.grid import Plan


async def fit(
    plan: Plan,
    prints: Prints,
    footer: sheet.Footer,
    recipe: Mapping[str, Any],
    limits: Limits,
    start: int,
) -> Sheet:
    """The first rung from `start` on that fits. Raises TooLarge where none does."""

    def make(rung: Rung, number: int) -> Sheet:
        image = sheet.lay_out(plan, prints.at(rung.cell_px), cell_px=rung.cell_px, footer=footer)
        boxes = sheet.boxes(_blocks(plan), rung.cell_px)
        return Sheet(
            sheet.encode(image, rung.form, recipe, quality=rung.quality),
            number,
            rung.form,
            {cell: fractions(box, image) for cell, box in boxes.items()},
        )

    return await ladder.largest_that_fits(rungs(plan, limits), prints, plan.recipe.size, limits, start, make)


def rungs(plan: Plan, limits: Limits) -> list[Rung]:
    return ladder.rungs(plan.recipe.size, lambda px: (px * 2 * _blocks(plan)) ** 2 * 1.3, limits)


def expected_cell_px(plan: Plan, limits: Limits, prints: Prints) -> int:
    """How wide a cell will be, as far as the first pictures tell."""
    return ladder.expected_cell_px(rungs(plan, limits), prints, len(plan.cells), plan.recipe.size, limits)


def _blocks(plan: Plan) -> int:
    return max(cell.block[0] for cell in plan.cells) + 1
