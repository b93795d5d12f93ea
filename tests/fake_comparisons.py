"""What the fake engine knows of comparisons: the real columns, seeds and statistics over made-up measures."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.comparing.columns import columns
from engine.comparing.concluding import concluded
from engine.comparing.planning import cells, look
from engine.comparing.ruler import Ruler
from engine.contract.approaches import dress
from engine.contract.comparison import Compare, Compared, ComparisonEstimated, ComparisonPlan, PlannedColumn
from engine.contract.grid import Judged, PlannedCell, Recipe
from engine.evaluation.columns import with_words
from engine.evaluation.measuring import Looks, StylePictures
from engine.evaluation.results import Column

METRICS = ("clip_score", "style_score", "retrieval")
COST, GAIN = 0.1, 0.4
"""What a weight of 1 costs in content and gains in style."""


def plan_of(order: Compare) -> ComparisonPlan:
    found = [_column(column, prompt) for column, prompt in columns(order, "embedded")]
    if any(column.style for column in found):
        base = columns(order, "embedded")[0][0]
        found.append(_column(with_words(base, "pencil drawing"), order.prompt))
    seed = order.seed if order.seed is not None else 7
    return ComparisonPlan(
        seed=seed,
        compares=order.compares,
        columns=tuple(found),
        cells=cells(found, order.seeds, seed),
        pictures=order.seeds * len({look(column) for column in found}),
        profile="embedded",
        judge="fake",
    )


def estimated(order: Compare) -> ComparisonEstimated:
    plan = plan_of(order)
    labels = tuple(column.label for column in plan.columns)
    return ComparisonEstimated(
        columns=labels, seeds=order.seeds, pictures=plan.pictures, seconds=42.0, bytes_to_fetch=0
    )


def judged_of(plan: ComparisonPlan, cell: PlannedCell) -> Judged:
    """Made-up measures: the more a style acts, the more style and the less content, with some noise of the seed."""
    column = plan.columns[cell.block[0]]
    rng = random.Random(f"{look(column)}:{cell.seed}")
    weight = (column.weight or 0.0) if column.style else 0.0
    content = 0.7 - COST * weight + rng.gauss(0, 0.01)
    style = 0.2 + GAIN * weight + rng.gauss(0, 0.01)
    names = {f"style_score:{each.style}" for each in plan.columns if each.style}
    return Judged(
        score=content, measures={"clip_score": content, "retrieval": 1.0, **dict.fromkeys(sorted(names), style)}
    )


def compared_of(plan: ComparisonPlan, judged: Mapping[str, Judged]) -> Compared:
    nobody: Any = None
    styles = {column.style: StylePictures() for column in plan.columns if column.style}
    texts = {column.prompt: np.ones(4, np.float32) / 2 for column in plan.columns}
    metrics = METRICS if styles else tuple(name for name in METRICS if name != "style_score")
    return concluded(plan, judged, Ruler(plan, nobody, Looks({}, texts, styles=styles), metrics, ()))


def _column(column: Column, prompt: str) -> PlannedColumn:
    recipe = Recipe(
        model="fake", revision=None, style=column.style, weight=column.weight, scheduler="none", steps=1, guidance=0.0,
        negative=None, words=column.words, dressed_prompt=dress(prompt, None, column.words), size=32, versions={},
    )  # fmt: skip
    known = column.model_dump(include={"key", "label", "role", "approach", "style", "weight", "words"})
    return PlannedColumn(**known, prompt=prompt, recipe=recipe)
