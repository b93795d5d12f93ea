"""A comparison as jobs of the engine, one a column. A picture that several columns show is painted once."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from engine.comparing.planning import look
from engine.contract.comparison import ComparisonPlan, PlannedColumn
from engine.contract.grid import Plan, PlannedCell
from engine.contract.ids import new_id
from engine.contract.orders import Job
from engine.contract.sheet import position
from engine.evaluation.chosen import order_of


@dataclass
class Share:
    """One column's pictures that are still to be painted; `twins` are the cells that show the same picture."""

    column: PlannedColumn
    cells: list[PlannedCell] = field(default_factory=list)
    twins: dict[str, list[PlannedCell]] = field(default_factory=dict)


def shares(plan: ComparisonPlan, have: Collection[str]) -> list[Share]:
    """What is missing, column by column."""
    by_column: dict[int, Share] = {}
    by_look: dict[object, list[PlannedCell]] = defaultdict(list)
    for cell in plan.cells:
        if cell.cell not in have:
            by_look[look(plan.columns[cell.block[0]]), cell.seed].append(cell)
    for first, *twins in by_look.values():
        share = by_column.setdefault(first.block[0], Share(plan.columns[first.block[0]]))
        share.cells.append(first)
        share.twins[first.cell] = twins
    return [by_column[number] for number in sorted(by_column)]


def job_of(share: Share, plan: ComparisonPlan, turn: int) -> Job:
    """A job that carries its own plan: its cells have the addresses that they have in the comparison.

    Its blocks say how large the whole sheet is, so that all previews have one layout.
    """
    column = share.column
    last = blocks(plan) - 1
    cells = tuple(cell.model_copy(update={"block": (last, last)}) for cell in share.cells)
    grid = Plan(seed=plan.seed, cells=cells, profile=plan.profile, judge=plan.judge, recipe=column.recipe)
    return Job(id=new_id(), turn=turn, work=order_of(column, column.prompt), plan=grid)


def blocks(plan: ComparisonPlan) -> int:
    """The side, in blocks of 2 x 2, of the smallest square sheet that has all cells."""
    return max(max(position(cell.cell)) for cell in plan.cells) // 2 + 1
