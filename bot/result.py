"""A finished grid as a message: the sheet with its score, its controls and its data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot import grid_sheet, texts
from bot.chat import Attempt, Button, Limits, Menu, Message, Picture, Talk
from bot.errors import TooLarge
from bot.jobs import JobRow, grid_json
from bot.largest import post_largest
from bot.prints import Prints
from engine.contract import words
from engine.contract.approaches import TITLES
from engine.contract.grid import Judged, Plan

CHOICES = 25


@dataclass(frozen=True)
class Grid:
    """Everything that is kept of a grid: its row, its plan, what is known of its cells and their PNGs."""

    job: JobRow
    plan: Plan
    judged: Mapping[str, Judged]
    prints: Prints

    def as_json(self) -> dict[str, Any]:
        return grid_json(self.job, self.plan, self.judged)


async def sheet_message(grid: Grid, limits: Limits, start: int = 0) -> tuple[Message, int]:
    """The message with the largest sheet that fits, and the rung it stands on; without a sheet where none fits."""
    data = grid.as_json()
    try:
        sheet = await grid_sheet.fit(grid.plan, grid.prints, words.footer(data), data, limits, start)
    except TooLarge as error:
        text = f"{_text(grid)}\n{error} You can still open each cell: choose one below."
        return Message(text, buttons=buttons(grid.job), menu=cell_menu(grid, 0)), -1
    withheld = sum(judged.withheld is not None for judged in grid.judged.values())
    order = grid.job.order
    picture = Picture(
        name=f"tessera-{grid.job.id}.{'jpg' if sheet.form == 'JPEG' else sheet.form.lower()}",
        data=sheet.data,
        alt=texts.sheet_alt(order.prompt, order.blocks, grid.job.grid_score, withheld),
    )
    data |= {"boxes": {cell: list(box) for cell, box in sheet.boxes.items()}}
    message = Message(_text(grid), (picture,), buttons(grid.job), cell_menu(grid, 0), grid=data)
    return message, sheet.rung


async def post_sheet(grid: Grid, talk: Talk, attempt: Attempt, calls: str | None = None) -> str:
    return await post_largest(talk, partial(sheet_message, grid), attempt, calls)


def buttons(job: JobRow) -> tuple[Button, ...]:
    """What one can do with a grid, for ever: the buttons carry its id and nothing else."""
    others = [number for number in TITLES if number != job.order.approach]
    return (
        Button("Again, new seed", f"again:{job.id}", "primary"),
        *(Button(f"Same seed, {TITLES[number]}", f"approach:{job.id}:{number}") for number in others),
        Button("Edit and run", f"edit:{job.id}"),
        Button("Recipe", f"recipe:{job.id}"),
        Button("Delete", f"delete:{job.id}", "danger"),
    )


def cell_menu(grid: Grid, page: int) -> Menu:
    """The cells, the prompt's first, as many as a menu holds; the last choice turns the page."""
    cells = sorted(grid.plan.cells, key=lambda cell: not cell.unique)
    room = CHOICES - 1
    page_cells = cells[page * room : (page + 1) * room]
    choices = [
        (_cell_label(cell.cell, unique=cell.unique, judged=grid.judged.get(cell.cell)), cell.cell)
        for cell in page_cells
    ]
    if len(cells) > room:
        following = page + 1 if (page + 1) * room < len(cells) else 0
        choices.append(("More cells…" if following else "Back to the first cells…", f"page{following}"))
    return Menu("Open a cell", f"cell:{grid.job.id}", tuple(choices))


def _cell_label(cell: str, *, unique: bool, judged: Judged | None) -> str:
    kind = "from the prompt" if unique else "filler"
    if judged and judged.withheld:
        return f"{cell} · {kind} · withheld"
    return f"{cell} · {kind}" + (f" · {judged.score:.3f}" if judged and judged.score is not None else "")


def _text(grid: Grid) -> str:
    order, recipe = grid.job.order, grid.plan.recipe
    style = recipe.style if recipe.weight else None
    reasons = [judged.withheld for judged in grid.judged.values() if judged.withheld]
    parts = (
        texts.head(order.prompt, order.approach, style, grid.job.id) + f" · seed {grid.plan.seed}",
        words.score(grid.job.grid_score),
        texts.unsafe(len(reasons), reasons),
        texts.warnings(grid.plan),
    )
    return "\n".join(part for part in parts if part)
