"""Scored cells become rows: means, differences to the baseline, Holm's correction, and a verdict each."""

from collections.abc import Iterable, Sequence
from statistics import fmean

from engine.contract.estimate import Estimate
from engine.evaluation.prompt_sets import Variant
from engine.evaluation.results import Cell, Column, Evaluation, Row
from engine.evaluation.statistics import Key, difference, holm, level
from engine.evaluation.verdict import verdict
from engine.metrics import metric

CONTENT, STYLE = "clip_score", "style_score"
ASKED, PRESERVATION = "clip_score_asked", "preservation"


def summarized(evaluation: Evaluation) -> Evaluation:
    """The same with its rows. Every column is held against the baseline in the same variant, and the baseline's details
    against its plain prompts; Holm corrects each metric over all of these comparisons."""
    rows = [_row(evaluation, column, variant) for variant in evaluation.variants for column in evaluation.columns]
    corrected = _corrected(rows, evaluation.metrics)
    return evaluation.model_copy(update={"rows": tuple(_judged(row, evaluation) for row in corrected)})


def plain_mean(evaluation: Evaluation, name: str, style: str | None, cells: Iterable[Cell]) -> float | None:
    """The mean over all pictures alone, for where there is no interval; read by `style`, or by the first of all."""
    values = [value for value in _values(evaluation, name, style, cells).values() if value is not None]
    return fmean(values) if values else None


def _row(evaluation: Evaluation, column: Column, variant: Variant) -> Row:
    base, against = evaluation.baseline, variant
    if column.key == base.key:
        against = "plain"
    compared = (column.key, variant) != (base.key, against)
    column_cells, baseline_cells = _cells(evaluation, column, variant), _cells(evaluation, base, against)
    # Preservation is itself a comparison with the baseline, whose own value is 1 by definition.
    metrics = [name for name in evaluation.metrics if not (name == PRESERVATION and column.key == base.key)]
    # The score with details is held against another text than that without: their difference is one of texts.
    undiffered = {PRESERVATION} if against == variant else {PRESERVATION, ASKED}
    return Row(
        column=column.key,
        variant=variant,
        label=_label(column, variant, evaluation.variants),
        role=column.role if column.key != base.key or not compared else "compared",
        against=_label(base, against, evaluation.variants) if compared else None,
        style=column.style,
        n=sum(cell.file is not None for cell in column_cells),
        withheld=sum(cell.withheld is not None for cell in column_cells),
        means={name: _mean(evaluation, name, column, column_cells) for name in metrics},
        plain_means={name: plain_mean(evaluation, name, column.style, column_cells) for name in metrics},
        differences={
            name: _difference(evaluation, name, column, column_cells, baseline_cells)
            for name in metrics
            if name not in undiffered
        }
        if compared
        else {},
        verdict=None,
    )


def _cells(evaluation: Evaluation, column: Column, variant: Variant) -> list[Cell]:
    return [cell for cell in evaluation.cells if (cell.column, cell.variant) == (column.key, variant)]


def _label(column: Column, variant: Variant, variants: Sequence[Variant]) -> str:
    return f"{column.label}, with details" if variant == "details" and len(variants) > 1 else column.label


def _values(evaluation: Evaluation, name: str, style: str | None, cells: Iterable[Cell]) -> dict[Key, float | None]:
    """The baseline is read by the style of the column that it is compared with."""
    key = evaluation.score_key(name, style, per_style=metric(name).per_style)
    return {(cell.item, cell.draw): cell.scores.get(key) for cell in cells}


def _mean(evaluation: Evaluation, name: str, column: Column, cells: Sequence[Cell]) -> Estimate:
    values = _values(evaluation, name, column.style, cells)
    return level(values, seed=evaluation.bootstrap_seed, shared=metric(name).shared)


def _difference(
    evaluation: Evaluation, name: str, column: Column, column_cells: Sequence[Cell], baseline_cells: Sequence[Cell]
) -> Estimate:
    pair = (_values(evaluation, name, column.style, cells) for cells in (column_cells, baseline_cells))
    return difference(*pair, seed=evaluation.bootstrap_seed, shared=metric(name).shared)


def _corrected(rows: Sequence[Row], metrics: Sequence[str]) -> list[Row]:
    indices = [index for index, row in enumerate(rows) if row.differences]
    differences = {index: dict(rows[index].differences) for index in indices}
    for name in metrics:
        affected = [index for index in indices if name in differences[index]]
        for index, estimate in zip(affected, holm([differences[index][name] for index in affected]), strict=True):
            differences[index][name] = estimate
    return [row.model_copy(update={"differences": differences.get(index, {})}) for index, row in enumerate(rows)]


def _judged(row: Row, evaluation: Evaluation) -> Row:
    if CONTENT not in row.differences:
        return row
    style = row.differences.get(STYLE) if evaluation.styles else None
    sentence = verdict(row.label, row.differences[CONTENT], style, row.n)
    return row.model_copy(update={"verdict": sentence})
