"""From the scores of all cells to what a person reads: differences with intervals, verdicts, controls, and the plot."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

from engine.comparing.cells import column_of, evaluated
from engine.comparing.headline import headline
from engine.comparing.ruler import Ruler
from engine.contract.comparison import Compared, ComparedColumn, ComparisonPlan, Point
from engine.contract.grid import Judged
from engine.evaluation.controls import real_of_all
from engine.evaluation.encoders import sharing
from engine.evaluation.plot import png
from engine.evaluation.prompt_sets import Prompt
from engine.evaluation.results import Evaluation, Judge, Row
from engine.evaluation.summary import summarized
from engine.evaluation.tradeoff import tradeoff
from engine.evaluation.words import read_by, unmeasured
from engine.metrics import metric


def concluded(plan: ComparisonPlan, judged: Mapping[str, Judged], ruler: Ruler) -> Compared:
    """The numbers are those that were told of each cell, so it does not matter which engine painted it."""
    evaluation = summarized(_evaluation(plan, judged, ruler))
    plot, columns = tradeoff(evaluation), tuple(_column(row) for row in evaluation.rows)
    return Compared(
        metrics=tuple((name, metric(name).title) for name in evaluation.metrics),
        columns=columns,
        headline=headline(columns, len(evaluation.styles)),
        controls=tuple(Point(**control.model_dump()) for control in evaluation.controls),
        judged_by=evaluation.judged_by,
        sharing=evaluation.judge.sharing,
        method=_method(evaluation),
        notes=_notes(plan, evaluation, ruler),
        plot=base64.b64encode(png(plot)).decode() if plot else None,
    )


def _evaluation(plan: ComparisonPlan, judged: Mapping[str, Judged], ruler: Ruler) -> Evaluation:
    prompts = tuple(Prompt(category="", prompt=text) for text in dict.fromkeys(c.prompt for c in plan.columns))
    cells = [
        evaluated(plan, cell, judgement.measures, painted=judgement.withheld is None)
        for cell in plan.cells
        if (judgement := judged.get(cell.cell))
    ]
    return Evaluation(
        title=prompts[0].prompt,
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        command="",
        profile=plan.profile,
        judge=Judge(name=plan.judge, sharing=sharing(plan.judge, [column.recipe.model for column in plan.columns])),
        prompt_set="",
        prompts=prompts,
        columns=tuple(column_of(column) for column in plan.columns),
        seed=plan.seed,
        draws=plan.seeds,
        metrics=ruler.metrics,
        styles=tuple(ruler.looks.styles),
        fillers=len(ruler.looks.fillers),
        cells=tuple(cells),
        controls=real_of_all(ruler.looks, prompts),
    )


def _column(row: Row) -> ComparedColumn:
    return ComparedColumn(
        label=row.label,
        role=row.role,
        n=row.n,
        means=row.plain_means,
        differences=row.differences,
        verdict=row.verdict,
    )


def _method(evaluation: Evaluation) -> str:
    methods = dict.fromkeys(
        difference.method for row in evaluation.rows for difference in row.differences.values() if difference.method
    )
    how = " or ".join(methods) or "no interval could be computed"
    whom = "this prompt" if len(evaluation.prompts) == 1 else "these two prompts"
    return f"paired by seed, {how}; they speak for {whom} only"


def _notes(plan: ComparisonPlan, evaluation: Evaluation, ruler: Ruler) -> tuple[str, ...]:
    """What was said before, what could not be measured, and the sentences behind missing numbers."""
    sentences = unmeasured(evaluation.rows, also_intervals=False)
    return tuple(dict.fromkeys((*plan.warnings, *read_by(evaluation.styles), *ruler.notes, *sentences)))
