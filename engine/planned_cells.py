"""The cells of a planned grid by how they are filled: painted ahead, photos, and rows that must still be painted."""

from collections.abc import Collection, Sequence

from engine import fillers
from engine.contract.approaches import Profile, dress
from engine.contract.grid import Plan, PlannedCell
from engine.painter import Pixels
from engine.report import pixels
from engine.running import Running
from engine.settings import Settings
from engine.stock import Stock
from engine.wave import Row


def painted_ahead(stock: Stock | None, job: str, plan: Plan, judged: Collection[str]) -> dict[str, Pixels]:
    """The pictures that the stock holds for this job, by cell. One that is gone is painted like any other."""
    pictures = {}
    for cell in plan.cells:
        if stock and cell.stocked and cell.cell not in judged:
            picture = stock.open(job, cell.stocked)
            if picture is not None:
                pictures[cell.cell] = picture
    return pictures


def photos(settings: Settings, profile: Profile, cells: Sequence[PlannedCell], side: int) -> list[Pixels]:
    """The photos of these cells, all from the same source, in the size of painted pictures."""
    source = fillers.photo_source(cells[0].source, settings, profile)
    return [pixels(source.open(str(cell.photo)), side) for cell in cells]


def rows(running: Running, plan: Plan, finished_cells: Collection[str]) -> list[Row]:
    """What must be painted, the prompt's pictures first; `finished_cells` are left out."""
    recipe = plan.recipe
    cells = [cell for cell in plan.cells if cell.seed is not None and cell.cell not in finished_cells]
    cells.sort(key=lambda cell: not cell.unique)
    return [
        Row(
            job=running.job.id,
            cell=cell.cell,
            prompt=recipe.dressed_prompt if cell.unique else dress(cell.prompt or "", None, recipe.words),
            negative=recipe.negative or "",
            seed=cell.seed or 0,
            order=running.number,
        )
        for cell in cells
    ]
