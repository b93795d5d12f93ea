"""A comparison's columns and cells as those of an evaluation, whose code measures them and concludes."""

from collections.abc import Mapping

from engine.contract.comparison import ComparisonPlan, PlannedColumn
from engine.contract.grid import PlannedCell
from engine.evaluation.results import Cell, Column


def column_of(column: PlannedColumn) -> Column:
    fields = column.model_dump(include={"key", "label", "role", "approach", "style", "weight", "words"})
    return Column(**fields, model=column.recipe.model, revision=column.recipe.revision)


def evaluated(
    plan: ComparisonPlan, cell: PlannedCell, scores: Mapping[str, float | None] | None = None, *, painted: bool = False
) -> Cell:
    """The cell with its scores. Two prompts have the same item: what is paired is their seed."""
    across, down = cell.block
    column = plan.columns[across]
    return Cell(
        column=column.key,
        item=0,
        draw=down,
        prompt=column.prompt,
        asked=column.prompt,
        seed=cell.seed or 0,
        file=f"{cell.cell}.png" if painted else None,
        scores=dict(scores or {}),
    )
