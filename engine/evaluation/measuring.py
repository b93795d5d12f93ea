"""From unit vectors of the painted cells to their scores: every metric of the table, column by column."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.evaluation.results import Cell, Column
from engine.metrics import METRICS, metric
from engine.metrics.base import Metric, NotMeasured, Seen, Vectors
from engine.metrics.copies import nearest

NONE: Vectors = np.empty((0, 0), np.float32)


@dataclass(frozen=True)
class StylePictures:
    """Unit vectors of a style's real pictures: those never learned from, and those learned from with their names."""

    held_out: Vectors = field(default_factory=lambda: NONE)
    trained: Vectors = field(default_factory=lambda: NONE)
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Looks:
    """All that one judge sees, as unit vectors: `pictures` by `Cell.key`, `texts` by their words."""

    pictures: Mapping[str, Vectors]
    texts: Mapping[str, Vectors]
    fillers: Vectors = field(default_factory=lambda: NONE)
    styles: Mapping[str, StylePictures] = field(default_factory=dict)


def measure(
    cells: Sequence[Cell], columns: Sequence[Column], looks: Looks, metrics: Sequence[str] = tuple(METRICS)
) -> tuple[list[Cell], list[str]]:
    """The same cells with their scores, in their order, and the sentences on what could not be measured.

    A cell without a vector (withheld, file lost) gets no scores.
    """
    baseline = next(column.key for column in columns if column.role == "baseline")
    scores: dict[str, dict[str, float | None]] = defaultdict(dict)
    nearest_names: dict[str, dict[str, str]] = defaultdict(dict)
    notes: dict[str, None] = {}
    for group in _groups(cells, looks):
        partners = _partners(group, baseline, looks)
        for name, definition, style in _metrics_by_style(metrics, looks):
            try:
                numbers = definition.measure(_seen(group, looks, style, partners))
            except NotMeasured as problem:
                notes[str(problem)] = None
                continue
            for cell, number in zip(group, numbers.tolist(), strict=True):
                scores[cell.key][f"{name}:{style}" if style else name] = number if np.isfinite(number) else None
        for style in looks.styles:
            for cell, picture in zip(group, _nearest(group, looks, style), strict=False):
                nearest_names[cell.key][style] = picture
    measured = [
        cell.model_copy(update={"scores": scores[cell.key], "nearest": nearest_names[cell.key]}) for cell in cells
    ]
    return measured, list(notes)


def _groups(cells: Sequence[Cell], looks: Looks) -> Iterator[list[Cell]]:
    groups: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.key in looks.pictures:
            groups[cell.column, cell.variant].append(cell)
    yield from groups.values()


def _metrics_by_style(metrics: Sequence[str], looks: Looks) -> Iterator[tuple[str, Metric, str | None]]:
    """A metric of a style is taken once for each style; without any style it is left out."""
    for name in metrics:
        definition = metric(name)
        for style in tuple(looks.styles) if definition.per_style else (None,):
            yield name, definition, style


def _seen(group: Sequence[Cell], looks: Looks, style: str | None, partners: Vectors) -> Seen:
    real = looks.styles[style] if style else StylePictures()
    return Seen(
        pictures=np.stack([looks.pictures[cell.key] for cell in group]),
        texts=np.stack([looks.texts[cell.prompt] for cell in group]),
        asked=np.stack([looks.texts[cell.asked] for cell in group]),
        prompts=np.array([cell.item for cell in group]),
        baseline=partners,
        fillers=looks.fillers,
        held_out=real.held_out,
        trained=real.trained,
    )


def _partners(group: Sequence[Cell], baseline: str, looks: Looks) -> Vectors:
    keys = [cell.model_copy(update={"column": baseline}).key for cell in group]
    missing = np.full_like(looks.pictures[group[0].key], np.nan)
    return np.stack([looks.pictures.get(key, missing) for key in keys])


def _nearest(group: Sequence[Cell], looks: Looks, style: str) -> list[str]:
    real = looks.styles[style]
    if not len(real.trained):
        return []
    indices, _ = nearest(np.stack([looks.pictures[cell.key] for cell in group]), real.trained)
    return [real.names[index] for index in indices]
