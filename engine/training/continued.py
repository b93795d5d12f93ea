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
    own = recipe(order, profile)
    known = _begun(settings.training_dir / order.name, order)
    if known and (order.resume or known["job"] == job):
        return _merged(order, own, known), len(known["epochs"])
    return own, None


def _begun(root: Path, order: TrainStyle) -> dict[str, Any] | None:
    """What the checkpoint knows. One that cannot be read is in the way only of who asks to go on from it."""
    try:
        return checkpoint.state(root)
    except TrainingFailed:
        if order.resume:
            raise
        return None


def _merged(order: TrainStyle, own: Recipe, known: dict[str, Any]) -> Recipe:
    """The numbers that the run began with. Raises BadRequest where the order asks for others."""
    begun = Recipe(**known["recipe"])
    asked = {name: value for name, value in order.model_dump().items() if value is not None}
    for name, value in begun.as_json().items():
        if name in asked and name not in MAY_CHANGE and asked[name] != value:
            raise BadRequest(
                f"{name} cannot change when a training continues: “{order.name}” began with {value}, not {asked[name]}."
                " Leave it out, or train again without --resume."
            )
    return replace(begun, **{name: getattr(own, name) for name in MAY_CHANGE if name in asked})
