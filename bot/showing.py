"""Grids and cells brought back from the history, to whoever may see them."""

from functools import partial

from bot import texts
from bot.asked import Asked
from bot.chat import Button, Limits, Message, Person, Picture
from bot.comparison_showing import comparison_cell, show_comparison
from bot.errors import BadCommand, Refused
from bot.heading import heading
from bot.jobs import JobRow
from bot.parts import Parts
from bot.pictures import CELL
from bot.posting import has_sheet, post_openly, tell_openly
from bot.result import Grid, post_sheet, sheet_message
from bot.teller import without_sheet


async def show_job(asked: Asked, job: JobRow, *, openly: bool) -> Message | None:
    """A grid or a comparison with live buttons: posted once for this command, or returned to be told privately."""
    return await (show_comparison if job.comparison else show_grid)(asked, job, openly=openly)


async def show_grid(asked: Asked, job: JobRow, *, openly: bool) -> Message | None:
    """A finished grid."""
    grid = await asked.parts.grid(job)
    if grid is None or not has_sheet(job, grid.prints):
        return await tell_openly(asked, job, without_sheet(job), openly=openly)
    if job.pruned or not grid.prints:
        button = Button("Paint again", f"again:{job.id}:same", "primary")
        message = Message(f"{heading(job)}\n{texts.PRUNED}", buttons=(button,))
        return await tell_openly(asked, job, message, openly=openly)
    if not openly:
        return (await sheet_message(grid, await asked.talk.limits()))[0]
    await post_openly(asked, job, partial(post_sheet, grid, asked.talk))
    return None


async def cell_message(asked: Asked, job: JobRow, cell: str, limits: Limits) -> Message:
    """One cell in full size with its own prompt, seed and score. Raises BadCommand, Refused."""
    if job.comparison:
        return await comparison_cell(asked, job, cell, limits)
    grid = await asked.parts.grid(job)
    name = cell.strip().upper()
    reason = texts.no_picture(job.id, job.state, name, texts.PRUNED)
    if grid is None:
        raise Refused(reason)
    planned = next((entry for entry in grid.plan.cells if entry.cell == name), None)
    if planned is None:
        side = 2 * job.order.blocks
        last = f"{chr(ord('A') + side - 1)}{side}"
        raise BadCommand(f"There is no cell {texts.quoted(cell, 10)} in this grid; cells go from A1 to {last}.")
    judged = grid.judged.get(name)
    about = [f"*{name}* of `{job.id}`: {'from the prompt' if planned.unique else f'a filler ({planned.source})'}"]
    about += [texts.quoted(planned.prompt, 300)] if planned.prompt else []
    about += [f"Seed {planned.seed}"] if planned.seed is not None else []
    about += [f"Score {judged.score:.3f}"] if judged and judged.score is not None else []
    if judged and judged.withheld:
        return Message(" · ".join([*about, f"withheld: {texts.plain(judged.withheld, 100)}"]))
    data = grid.prints.files.get(name)
    if data is None:
        raise Refused(texts.PRUNED if job.pruned else reason)
    if len(data) > limits.file_bytes:
        raise Refused(f"This cell's picture is {len(data):,} bytes; at most {limits.file_bytes:,} are allowed here.")
    picture = Picture(f"tessera-{job.id}-{name}.png", data, _alt(grid, name, planned.prompt))
    return Message(" · ".join(about), (picture,), (Button("Recipe", f"recipe:{job.id}"),))


async def visible_picture(parts: Parts, person: Person, job: str, cell: str) -> bytes | None:
    """A cell's PNG for the person who asked for the grid, and for its platform's moderators if it was not private."""
    row = await parts.jobs.find(job)
    if row is None or row.state == "deleted" or not CELL.match(cell):
        return None
    moderated = parts.people.with_rights(person).moderator and row.platform == person.platform and not row.private
    if not moderated and row.person != await parts.people.row(person):
        return None
    return (await parts.pictures.load(job, [cell])).get(cell)


def _alt(grid: Grid, cell: str, prompt: str | None) -> str:
    origin = f"painted from the prompt {texts.quoted(prompt, 300)}" if prompt else "a photo taken as a filler"
    return f"Cell {cell} of grid {grid.job.id}: {origin}."
