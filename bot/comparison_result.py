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
from bot.trainings import decode_picture


async def comparison_message(comparison: Comparison, limits: Limits, start: int = 0) -> tuple[Message, int]:
    """The message with the largest sheet that fits, and its rung; without a sheet, at rung −1, where none fits."""
    plots = tuple(picture for picture in _plot(comparison) if len(picture.data) <= limits.file_bytes)
    try:
        sheet = await fit(comparison, limits, start)
    except TooLarge as error:
        text = f"{_text(comparison)}\n{error} You can still get each picture: /cell {comparison.job.id} A1."
        return Message(text, plots, buttons(comparison.job)), -1
    name = f"tessera-{comparison.job.id}.{'jpg' if sheet.form == 'JPEG' else sheet.form.lower()}"
    picture = Picture(name, sheet.data, _alt(comparison))
    grid = {**comparison.as_json(), "boxes": {cell: list(box) for cell, box in sheet.boxes.items()}}
    labels = [column.label for column in comparison.plan.columns]
    for cell, planned in zip(grid["cells"], comparison.plan.cells, strict=True):
        cell["column"] = labels[planned.block[0]]
        cell["scores"] = comparison.scores(planned.cell)
    return Message(_text(comparison), (picture, *plots), buttons(comparison.job), grid=grid), sheet.rung


async def post_comparison(comparison: Comparison, talk: Talk, attempt: Attempt, calls: str | None = None) -> str:
    return await post_largest(talk, partial(comparison_message, comparison), attempt, calls)


def buttons(job: JobRow) -> tuple[Button, ...]:
    return (
        Button("Again, new seeds", f"recompare:{job.id}", "primary"),
        Button("Delete", f"delete:{job.id}", "danger"),
    )


def _text(comparison: Comparison) -> str:
    outcome = comparison.compared
    if outcome is None:
        return heading(comparison.job)
    reasons = [judged.withheld for judged in comparison.judged.values() if judged.withheld]
    parts = (
        heading(comparison.job),
        *compared.verdicts(outcome),
        *compared.table(outcome),
        texts.unsafe(len(reasons), reasons),
        *(texts.plain(note, 300) for note in outcome.notes),
        compared.footnote(outcome),
    )
    return "\n".join(part for part in parts if part)


def _plot(comparison: Comparison) -> tuple[Picture, ...]:
    outcome = comparison.compared
    data = decode_picture(outcome.plot) if outcome else None
    if outcome is None or data is None:
        return ()
    alt = (
        "Content to the right, style upwards, as differences from the baseline in the middle, with 95 % intervals: "
        + " ".join(compared.verdicts(outcome))
    )
    return (Picture(f"tessera-{comparison.job.id}-plot.png", data, alt.replace("*", "")),)


def _alt(comparison: Comparison) -> str:
    plan = comparison.plan
    labels = "; ".join(column.label for column in plan.columns)
    return (
        f"A comparison of {len(plan.columns)} columns ({texts.plain(labels, 400)}) in {plan.seeds} rows, each row one"
        f" seed, of the prompt {texts.quoted(comparison.job.prompt, 300)}."
    )
