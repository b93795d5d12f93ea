"""The sheet of a comparison as a file: the largest that a destination takes, and where its pictures lie on it."""

from bot import ladder
from bot.chat import Limits
from bot.compared import LETTERS
from bot.comparison import Comparison
from bot.ladder import Rung, Sheet, fractions
from bot.prints import Prints
from engine.contract.comparison import ComparisonPlan
from engine.contract.comparison_sheet import Spread
from engine.contract.comparison_sheet import comparison as lay_out
from engine.contract.sheet import Footer, all_fitted, encode


async def fit(comparison: Comparison, limits: Limits, start: int) -> Sheet:
    """The first rung from `start` on that fits. Raises TooLarge where none does."""
    side = comparison.plan.columns[0].recipe.size

    def make(rung: Rung, number: int) -> Sheet:
        return _make(comparison, rung, number)

    return await ladder.largest_that_fits(rungs(comparison.plan, limits), comparison.prints, side, limits, start, make)


def rungs(plan: ComparisonPlan, limits: Limits) -> list[Rung]:
    return ladder.rungs(plan.columns[0].recipe.size, lambda px: px * px * len(plan.cells) * 1.5, limits)


def expected_cell_px(plan: ComparisonPlan, limits: Limits, prints: Prints) -> int:
    """How wide a cell will be, as far as the first pictures tell."""
    return ladder.expected_cell_px(rungs(plan, limits), prints, len(plan.cells), plan.columns[0].recipe.size, limits)


def _make(comparison: Comparison, rung: Rung, number: int) -> Sheet:
    plan = comparison.plan
    columns = [f"{LETTERS[at]} · {column.label}" for at, column in enumerate(plan.columns)]
    rows = [f"{at} · {line[0].seed}" for at, line in enumerate(plan.rows, 1)]
    images = all_fitted(comparison.prints.at(rung.cell_px), rung.cell_px)
    pictures = [[images.get(cell.cell) for cell in line] for line in plan.rows]
    image = lay_out(columns, rows, pictures, rung.cell_px, _footer(comparison))
    spread = Spread(tuple(columns), tuple(rows), rung.cell_px)
    boxes = {cell.cell: fractions(spread.box(*cell.block), image) for cell in plan.cells}
    return Sheet(encode(image, rung.form, comparison.as_json(), quality=rung.quality), number, rung.form, boxes)


def _footer(comparison: Comparison) -> Footer:
    plan, job = comparison.plan, comparison.job
    about = f"{job.id} · comparing {plan.compares} · seed {plan.seed} · judge {plan.judge}"
    return Footer(" / ".join(dict.fromkeys(column.prompt for column in plan.columns)), (about,))
