"""The trade-off as points: content to the right, style upwards, both as differences to the baseline in the middle."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.contract.estimate import Estimate
from engine.evaluation.results import Control, Evaluation, Row
from engine.evaluation.summary import CONTENT, STYLE, plain_mean

Kind = Literal["baseline", "compared", "control", "real"]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Point:
    """`wide` and `high` are 95 % intervals along x and y; None where there is none, as for real pictures."""

    label: str
    kind: Kind
    x: float
    y: float
    wide: Interval | None = None
    high: Interval | None = None


@dataclass(frozen=True)
class Tradeoff:
    """`paths` join points that differ in weight only, as indices in the order of their weights."""

    points: tuple[Point, ...]
    paths: tuple[tuple[int, ...], ...]
    missing: tuple[str, ...]
    """What has no point, and why."""


def tradeoff(evaluation: Evaluation) -> Tradeoff | None:
    """For the prompts as typed. None where no style was asked about: then there is nothing to trade content for."""
    rows = [row for row in evaluation.rows if STYLE in row.differences and row.variant == "plain"]
    if not rows or not evaluation.styles:
        return None
    plotted = [row for row in rows if _is_known(row.differences[CONTENT]) and _is_known(row.differences[STYLE])]
    points = [Point(evaluation.baseline.label, "baseline", 0.0, 0.0), *(_compared(row) for row in plotted)]
    points += [point for control in evaluation.controls if (point := _real(control, evaluation))]
    missing = tuple(f"{row.label}: {_reason(row)}" for row in rows if row not in plotted)
    return Tradeoff(tuple(points), _paths(evaluation, plotted), missing)


def _is_known(estimate: Estimate) -> bool:
    return estimate.value is not None or estimate.ties


def _compared(row: Row) -> Point:
    content, style = row.differences[CONTENT], row.differences[STYLE]
    kind: Kind = "control" if row.role == "control" else "compared"
    return Point(row.label, kind, content.value or 0.0, style.value or 0.0, _interval(content), _interval(style))


def _interval(estimate: Estimate) -> Interval | None:
    return None if estimate.low is None or estimate.high is None else (estimate.low, estimate.high)


def _real(control: Control, evaluation: Evaluation) -> Point | None:
    """Real pictures beside the baseline's means, both read by the same style."""
    base = [cell for cell in evaluation.cells if (cell.column, cell.variant) == (evaluation.baseline.key, "plain")]
    content, style = (plain_mean(evaluation, name, control.of, base) for name in (CONTENT, STYLE))
    if control.content is None or control.style is None or content is None or style is None:
        return None
    return Point(control.label, "real", control.content - content, control.style - style)


def _reason(row: Row) -> str:
    estimates = (row.differences[name] for name in (CONTENT, STYLE))
    return next(estimate.note or "not measured" for estimate in estimates if not _is_known(estimate))


def _paths(evaluation: Evaluation, plotted: Sequence[Row]) -> tuple[tuple[int, ...], ...]:
    columns = {column.key: column for column in evaluation.columns}
    groups: dict[object, list[tuple[float, int]]] = defaultdict(list)
    for index, row in enumerate(plotted, 1):
        column = columns[row.column]
        if column.weight is not None:
            groups[column.approach, column.style, column.words].append((column.weight, index))
    return tuple(tuple(index for _, index in sorted(group)) for group in groups.values() if len(group) > 1)
