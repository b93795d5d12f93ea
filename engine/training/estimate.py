"""What a training will cost, told before it begins: steps, time, bytes to fetch, memory."""

import math
from pathlib import Path

from engine import models, styles
from engine.contract.approaches import Profile
from engine.contract.training import Estimated, TrainStyle
from engine.settings import Settings
from engine.training import continued, data
from engine.training.pace import Pace
from engine.training.prepare import LAYERS, refuse
from engine.training.split import counts

OPTIMIZER_BYTES = 16
"""Of every trained number: itself, its gradient and AdamW's two means, four bytes each."""


def estimate(order: TrainStyle, settings: Settings, profile: Profile) -> Estimated:
    """Asks no network. Raises BadRequest for an order that would be refused, NoData for a folder without pictures.

    Raises TrainingFailed where the training should go on from a checkpoint that cannot be read.
    """
    refuse(order, settings, profile)
    numbers, done = continued.numbers(order, settings, profile)
    images = data.most(order, numbers.images)
    learned_count, _ = counts(images)
    steps = -(-learned_count // numbers.batch) * max(0, numbers.epochs - (done or 0))
    folder = models.folder(numbers.base) if models.is_local(numbers.base) else None
    return Estimated(
        images=images,
        steps=steps,
        seconds=Pace(settings, numbers, _device()).seconds_for(steps),
        bytes_to_fetch=data.to_fetch(order, images, settings) + (0 if folder else models.PIPELINE_BYTES),
        memory_bytes=_memory(folder, numbers.rank) if folder else None,
        epochs_done=(done or 0) if order.resume else None,
    )


def _memory(folder: Path, rank: int) -> int:
    """Bytes of the base in the form in which it is trained, of the adapter and of its optimizer."""
    shapes = styles.base_shapes(folder / "unet")
    numbers = sum(map(math.prod, shapes.values()))
    adapter_size = sum(rank * (shape[0] + shape[1]) for key, shape in shapes.items() if key.endswith(LAYERS))
    return numbers * (2 if _device() == "cuda" else 4) + adapter_size * OPTIMIZER_BYTES


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
