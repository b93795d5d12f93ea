"""Comparisons and their pictures brought back from the history."""

from functools import partial

from bot import compared, texts
from bot.asked import Asked
from bot.chat import Button, Limits, Message, Picture
from bot.comparison import Comparison
from bot.comparison_result import comparison_message, post_comparison
from bot.errors import BadCommand, Refused
from bot.heading import heading
from bot.jobs import JobRow
from bot.posting import has_sheet, post_openly, tell_openly
from bot.teller import without_sheet
from engine.contract.estimate import number
from engine.contract.grid import Judged, PlannedCell


async def show_comparison(asked: Asked, job: JobRow, *, openly: bool) -> Message | None:
    """A finished comparison: posted once for this command, or returned to be told privately."""
    comparison = await asked.parts.comparison(job)
    if comparison is None or not has_sheet(job, comparison.prints):
        return await tell_openly(asked, job, without_sheet(job), openly=openly)
    if job.pruned or not comparison.prints:
        button = Button("Compare again", f"recompare:{job.id}:same", "primary")
        message = Message(f"{heading(job)}\n{texts.COMPARISON_PRUNED}", buttons=(button,))
        return await tell_openly(asked, job, message, openly=openly)
    if not openly:
        return (await comparison_message(comparison, await asked.talk.limits()))[0]
    await post_openly(asked, job, partial(post_comparison, comparison, asked.talk))
    return None


async def comparison_cell(asked: Asked, job: JobRow, cell: str, limits: Limits) -> Message:
    """One picture in full size with its column, seed and scores. Raises BadCommand, Refused."""
    comparison = await asked.parts.comparison(job)
    name = cell.strip().upper()
    reason = texts.no_picture(job.id, job.state, name, texts.COMPARISON_PRUNED)
    if comparison is None:
        raise Refused(reason)
    planned = comparison.cell(name)
    if planned is None:
        last = comparison.plan.cells[-1].cell
        raise BadCommand(
            f"There is no picture {texts.quoted(cell, 10)} in this comparison; pictures go from A1 to {last}."
        )
    judged = comparison.judged.get(name, Judged())
    about = _about(comparison, planned)
    if judged.withheld:
        return Message(f"{about} · withheld: {texts.plain(judged.withheld, 100)}")
    data = comparison.prints.files.get(name)
    if data is None:
        raise Refused(texts.COMPARISON_PRUNED if job.pruned else reason)
    if len(data) > limits.file_bytes:
        raise Refused(f"This picture is {len(data):,} bytes; at most {limits.file_bytes:,} are allowed here.")
    alt = f"Picture {name} of comparison {job.id}: painted from the prompt {texts.quoted(planned.prompt, 300)}."
    return Message(about, (Picture(f"tessera-{job.id}-{name}.png", data, alt),))


def _about(comparison: Comparison, cell: PlannedCell) -> str:
    column = comparison.plan.columns[cell.block[0]]
    recipe = column.recipe
    parts = (
        f"*{cell.cell}* of `{comparison.job.id}`: {compared.LETTERS[cell.block[0]]} {texts.plain(column.label, 60)}",
        f"The model reads {texts.quoted(recipe.dressed_prompt, 300)}",
        f"{recipe.model}, {recipe.steps} steps, guidance {recipe.guidance:g}, seed {cell.seed}",
        *(f"{title} {number(value)}" for title, value in comparison.scores(cell.cell)),
    )
    return " · ".join(parts)
