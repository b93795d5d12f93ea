"""A training that goes on from a checkpoint: its numbers, and which of them a new order may change."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.contract.approaches import Profile
from engine.contract.errors import BadRequest, TrainingFailed
from engine.contract.training import TrainStyle
from engine.settings import Settings
from engine.training import checkpoint
from engine.training.recipe import Recipe, recipe

MAY_CHANGE = frozenset({"epochs", "patience"})
"""What a training that goes on may be given anew."""


def numbers(order: TrainStyle, settings: Settings, profile: Profile, job: str = "") -> tuple[Recipe, int | None]:
    """The recipe, and how many epochs are done; None where the run begins anew. `job`, sent again, goes on by itself.

    Raises BadRequest where the order asks for other numbers, TrainingFailed where the checkpoint cannot be read.
    """
    fresh_recipe = recipe(order, profile)
    facts = _checkpoint_facts(settings.training_dir / order.name, order)
    if facts and (order.resume or facts["job"] == job):
        return _merged(order, fresh_recipe, facts), len(facts["epochs"])
    return fresh_recipe, None


def _checkpoint_facts(root: Path, order: TrainStyle) -> dict[str, Any] | None:
    """What the checkpoint knows. One that cannot be read is in the way only of who asks to go on from it."""
    try:
        return checkpoint.state(root)
    except TrainingFailed:
        if order.resume:
            raise
        return None


def _merged(order: TrainStyle, fresh_recipe: Recipe, facts: dict[str, Any]) -> Recipe:
    """The numbers that the run began with. Raises BadRequest where the order asks for others."""
    first_recipe = Recipe(**facts["recipe"])
    new = {name: value for name, value in order.model_dump().items() if value is not None}
    for name, value in first_recipe.as_json().items():
        if name in new and name not in MAY_CHANGE and new[name] != value:
            raise BadRequest(
                f"{name} cannot change when a training continues: “{order.name}” began with {value}, not {new[name]}."
                " Leave it out, or train again without --resume."
            )
    return replace(first_recipe, **{name: getattr(fresh_recipe, name) for name in MAY_CHANGE if name in new})
