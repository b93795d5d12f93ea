"""What a comparison will cost, told before it begins: columns, pictures, time, bytes to fetch. Asks no network."""

from collections import Counter

from engine import checkpoints, styles
from engine.comparing.columns import columns
from engine.comparing.planning import look, planned
from engine.contract.approaches import EMBEDDED, JUDGES, PROFILES, STYLED
from engine.contract.comparison import Compare, ComparisonEstimated, ComparisonPlan
from engine.fetching import unwatched
from engine.models import PIPELINE_BYTES
from engine.pace import Pace
from engine.planner import Planner
from engine.wave import Mix

JUDGE_BYTES = 600_000_000
"""A CLIP ViT-B/32."""


def estimate(order: Compare, planner: Planner, pace: Pace) -> ComparisonEstimated:
    """Raises BadRequest, BadStyle for an order that would be refused."""
    pairs = columns(order, planner.profile)
    missing = [model for model in dict.fromkeys(column.model for column, _ in pairs) if not _is_local(model)]
    judge = JUDGES[planner.profile]
    to_fetch = PIPELINE_BYTES * len(missing) + (0 if _is_local(judge) else JUDGE_BYTES)
    if to_fetch:
        _check_styles(order, planner)
        labels = tuple(column.label for column, _ in pairs)
        return ComparisonEstimated(
            columns=labels,
            seeds=order.seeds,
            pictures=order.seeds * len(labels),
            seconds=None,
            bytes_to_fetch=to_fetch,
        )
    plan = planned(order, planner, unwatched)
    return ComparisonEstimated(
        columns=tuple(column.label for column in plan.columns),
        seeds=plan.seeds,
        pictures=plan.pictures,
        seconds=_seconds(plan, pace),
        bytes_to_fetch=0,
        notes=plan.warnings,
    )


def _is_local(model: str) -> bool:
    return model == EMBEDDED or checkpoints.local(model) is not None or checkpoints.local(model, half=True) is not None


def _check_styles(order: Compare, planner: Planner) -> None:
    """Whether they exist; whether they fit is known once the model is here."""
    style_names = styles.names(planner.settings, PROFILES[planner.profile][STYLED].model)
    for name in order.styles:
        if name not in style_names:
            raise styles.missing(name, style_names)


def _seconds(plan: ComparisonPlan, pace: Pace) -> float | None:
    rows = Counter({look(column): Mix.of(column.recipe) for column in plan.columns}.values())
    return pace.seconds([(mix, plan.seeds * times) for mix, times in rows.items()])
