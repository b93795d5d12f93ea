"""A finished comparison as a message: the sheet, the plot, the table, and what they mean."""

from functools import partial

from bot import compared, texts
from bot.chat import Attempt, Button, Limits, Message, Picture, Talk
from bot.comparison import Comparison
from bot.comparison_sheet import fit
from bot.errors import TooLarge
from bot.heading import heading
from bot.jobs import JobRow
from bot.largest import post_largest
from bot.trainings import unpacked


async def comparison_message(found: Comparison, limits: Limits, start: int = 0) -> tuple[Message, int]:
    """The message with the largest sheet that fits, and its rung; without a sheet, at rung −1, where none fits."""
    plots = tuple(picture for picture in _plot(found) if len(picture.data) <= limits.file_bytes)
    try:
        made = await fit(found, limits, start)
    except TooLarge as error:
        text = f"{_text(found)}\n{error} You can still get each picture: /cell {found.job.id} A1."
        return Message(text, plots, buttons(found.job)), -1
    name = f"tessera-{found.job.id}.{'jpg' if made.form == 'JPEG' else made.form.lower()}"
    sheet = Picture(name, made.data, _alt(found))
    grid = {**found.as_json(), "boxes": {cell: list(box) for cell, box in made.boxes.items()}}
    labels = [column.label for column in found.plan.columns]
    for cell, planned in zip(grid["cells"], found.plan.cells, strict=True):
        cell["column"] = labels[planned.block[0]]
        cell["scores"] = found.scores(planned.cell)
    return Message(_text(found), (sheet, *plots), buttons(found.job), grid=grid), made.rung


async def post_comparison(found: Comparison, talk: Talk, attempt: Attempt, calls: str | None = None) -> str:
    return await post_largest(talk, partial(comparison_message, found), attempt, calls)


def buttons(job: JobRow) -> tuple[Button, ...]:
    return (
        Button("Again, new seeds", f"recompare:{job.id}", "primary"),
        Button("Delete", f"delete:{job.id}", "danger"),
    )


def _text(found: Comparison) -> str:
    result = found.compared
    if result is None:
        return heading(found.job)
    withheld = [judged.withheld for judged in found.judged.values() if judged.withheld]
    parts = (
        heading(found.job),
        *compared.verdicts(result),
        *compared.table(result),
        texts.unsafe(len(withheld), withheld),
        *(texts.plain(note, 300) for note in result.notes),
        compared.footnote(result),
    )
    return "\n".join(part for part in parts if part)


def _plot(found: Comparison) -> tuple[Picture, ...]:
    result = found.compared
    data = unpacked(result.plot) if result else None
    if result is None or data is None:
        return ()
    alt = (
        "Content to the right, style upwards, as differences from the baseline in the middle, with 95 % intervals: "
        + " ".join(compared.verdicts(result))
    )
    return (Picture(f"tessera-{found.job.id}-plot.png", data, alt.replace("*", "")),)


def _alt(found: Comparison) -> str:
    plan = found.plan
    labels = "; ".join(column.label for column in plan.columns)
    return (
        f"A comparison of {len(plan.columns)} columns ({texts.plain(labels, 400)}) in {plan.seeds} rows, each row one"
        f" seed, of the prompt {texts.quoted(found.job.prompt, 300)}."
    )
